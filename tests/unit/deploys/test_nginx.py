"""nginx: sites as files of their own, judged by nginx before they go live."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states

if TYPE_CHECKING:
    from pathlib import Path

PAGES = "{port: 8080, root: /srv/www, names: [a.test, b.test], settings: {autoindex: 'on'}}"
SECTION = f"""\
nginx:
  sites:
    pages: {PAGES}
    app: {{listen: ["*", "::1"], proxy: "http://127.0.0.1:3000"}}
"""
ROOT = """\
# Written by envwright: change the environment, not this file.
server {
    listen 127.0.0.1:8080;
    server_name a.test b.test;
    autoindex on;
    root "/srv/www";
    location / {
        index index.html;
        try_files $uri $uri/ =404;
    }
}
"""
PROXY = """\
# Written by envwright: change the environment, not this file.
server {
    listen 0.0.0.0:80;
    listen [::1]:80;
    server_name _;
    location / {
        proxy_pass http://127.0.0.1:3000;
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $http_connection;
    }
}
"""


def test_a_site_is_a_file_and_the_default_site_goes(tmp_path: Path) -> None:
    access = {"kind": "file", "mode": "0644", "owner": "root", "group": "root"}
    assert states(tmp_path, SECTION) == {
        "package:nginx": {},
        "file:/etc/nginx/sites-enabled/default": None,
        "file:/etc/nginx/conf.d/pages.conf": {**access, "content": ROOT},
        "file:/etc/nginx/conf.d/app.conf": {**access, "content": PROXY},
        "service:nginx.service": {"running": True, "enabled": True, "up to date": True},
    }


def test_the_default_site_can_stay(tmp_path: Path) -> None:
    assert [*states(tmp_path, "nginx: {default_site: true}\n")] == [
        "package:nginx",
        "service:nginx.service",
    ]


def test_each_script_is_one_that_sh_can_read(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, SECTION)) == []


@pytest.mark.parametrize(
    ("site", "told"),
    [
        ("{}", "2:20: nginx.sites.a needs exactly one of 'root' and 'proxy'"),
        (
            "{root: /srv/$x}",
            "2:20: nginx.sites.a has a 'root' with a quote, `$` or `\\`, which no web server takes",
        ),
        (
            '{root: /srv, settings: {a: "b; c"}}',
            (
                "2:47: nginx.sites.a.settings.a must be the words of a directive, without `;`, "
                "not text 'b; c'"
            ),
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, site: str, told: str) -> None:
    assert refusals(tmp_path, f"nginx: {{sites: {{a: {site}}}}}\n") == [told]
