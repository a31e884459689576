"""apache: sites that Apache judges, modules, and ports.conf with the places of all sites."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states

from envwright.model.capability import HEADER, render

if TYPE_CHECKING:
    from pathlib import Path

SECTION = """\
apache:
  modules: [rewrite]
  sites:
    pages:
      port: 8080
      root: /srv/www
      names: ["*.a.test", a.test]
      htaccess: true
      settings: {LimitRequestBody: 1048576, RewriteEngine: true, LogLevel: debug}
    app: {listen: ["*", "::1"], port: 8080, proxy: "http://127.0.0.1:3000"}
"""
PORTS = """\
# Written by envwright: change the environment, not this file.
Listen 0.0.0.0:8080
Listen [::1]:8080
"""
ROOT = """\
# Written by envwright: change the environment, not this file.
<VirtualHost 127.0.0.1:8080>
    ServerName a.test
    ServerAlias *.a.test a.test
    LimitRequestBody 1048576
    RewriteEngine On
    LogLevel debug
    DocumentRoot "/srv/www"
    <Directory "/srv/www">
        AllowOverride All
        Require all granted
    </Directory>
</VirtualHost>
"""
PROXY = """\
# Written by envwright: change the environment, not this file.
<VirtualHost *:8080 [::1]:8080>
    ServerName app
    ProxyPreserveHost On
    ProxyPass / http://127.0.0.1:3000/ upgrade=websocket
    RequestHeader set X-Forwarded-Proto expr=%{REQUEST_SCHEME}
</VirtualHost>
"""


def test_a_site_is_a_file_and_a_link_and_all_places_stand_in_ports_conf(tmp_path: Path) -> None:
    file = {"kind": "file", "mode": "0644", "owner": "root", "group": "root"}
    link = {"kind": "link", "owner": "root", "group": "root"}
    assert states(tmp_path, SECTION) == {
        "package:apache2": {},
        "command:a2enmod headers": {"value": "enabled"},
        "command:a2enmod proxy_http": {"value": "enabled"},
        "command:a2enmod rewrite": {"value": "enabled"},
        "file:/etc/apache2/ports.conf": {**file, "content": PORTS},
        "file:/etc/apache2/sites-enabled/000-default.conf": None,
        "file:/etc/apache2/sites-available/pages.conf": {**file, "content": ROOT},
        "link:/etc/apache2/sites-enabled/pages.conf": {
            **link,
            "target": "../sites-available/pages.conf",
        },
        "file:/etc/apache2/sites-available/app.conf": {**file, "content": PROXY},
        "link:/etc/apache2/sites-enabled/app.conf": {
            **link,
            "target": "../sites-available/app.conf",
        },
        "service:apache2.service": {"running": True, "enabled": True, "up to date": True},
    }


@pytest.mark.parametrize(
    ("section", "places"),
    [
        ("{}", ["127.0.0.1:80"]),
        ("{default_site: true, sites: {a: {root: /srv}}}", ["127.0.0.1:80"]),
        (
            "{default_site: true, sites: {a: {root: /srv, port: 81}}}",
            ["127.0.0.1:81", "127.0.0.1:80"],
        ),
        # Where Apache listens on every address, it cannot listen on one of them, too.
        (
            '{sites: {a: {root: /srv}, b: {root: /srv, listen: ["*"]}, c: {root: /srv, port: 81}}}',
            ["0.0.0.0:80", "127.0.0.1:81"],
        ),
    ],
)
def test_apache_listens_once_at_each_place(tmp_path: Path, section: str, places: list[str]) -> None:
    ports = states(tmp_path, f"apache: {section}\n")["file:/etc/apache2/ports.conf"]
    assert ports is not None
    assert ports["content"] == HEADER + "".join(f"Listen {place}\n" for place in places)


def test_each_script_is_one_that_sh_can_read(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, SECTION)) == []


PACKAGED = "# If you ...\n\nListen 80\n\n<IfModule ssl_module>\n\tListen 443\n</IfModule>\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, (0, "")),
        (PACKAGED, (0, "")),
        (f"{HEADER}Listen 127.0.0.1:81\n", (0, "")),
        ("#Listen 8080\n", (0, "")),
        (PACKAGED + "listen 8080\n  Listen 10.0.0.1:80\n", (1, "listen 8080,Listen 10.0.0.1:80\n")),
    ],
)
def test_lines_that_a_person_wrote_into_ports_conf_are_told(
    tmp_path: Path, text: str | None, said: tuple[int, str]
) -> None:
    ports = tmp_path / "ports.conf"
    if text is not None:
        ports.write_text(text, "utf-8")
    script = render("apache.ports.sh", ours=f"'{HEADER.strip()}'")
    script = script.replace("/etc/apache2/ports.conf", str(ports))
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == said


@pytest.mark.parametrize(
    ("site", "told"),
    [
        ("{}", "2:21: apache.sites.a needs exactly one of 'root' and 'proxy'"),
        (
            '{proxy: "http://localhost:1", htaccess: true}',
            "2:21: apache.sites.a has 'htaccess', which needs a 'root'",
        ),
        (
            '{root: /srv, settings: {LogLevel: "a\\\\"}}',
            (
                "2:55: apache.sites.a.settings.LogLevel must be the words of a directive, "
                "no `\\` at the end, not text 'a\\\\'"
            ),
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, site: str, told: str) -> None:
    assert refusals(tmp_path, f"apache: {{sites: {{a: {site}}}}}\n") == [told]


def test_a_second_mpm_is_refused(tmp_path: Path) -> None:
    section = "apache: {modules: [rewrite, mpm_prefork]}\n"
    (told,) = refusals(tmp_path, section)
    assert told == (
        "2:9: apache has the module 'mpm_prefork': Apache has one of this kind at a time, and the "
        "package brings mpm_event"
    )
