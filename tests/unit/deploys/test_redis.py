"""redis: a Redis or Valkey server, by a file of settings that the server reads last."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states

from envwright.model.capability import render
from envwright.model.secrets import marker

if TYPE_CHECKING:
    from pathlib import Path

SECTION = """\
secrets: {P: {env: P}}
redis:
  server: valkey
  listen: ["*"]
  password: "{{ secret.P }}"
  settings: {appendonly: true, maxmemory: 64mb, save: 900 1, databases: 4}
"""
SETTINGS = """\
# Written by envwright: change the environment, not this file.
include /etc/valkey/valkey.conf
bind 0.0.0.0 -::
port 6379
appendonly yes
maxmemory 64mb
save 900 1
databases 4
requirepass {}
"""
UNIT = """\
# Written by envwright: change the environment, not this file.
[Service]
ExecStart=
ExecStart=/usr/bin/valkey-server /etc/valkey/zz-own.conf --supervised systemd --daemonize no
"""


def test_the_unit_starts_the_server_by_a_file_of_its_own(tmp_path: Path) -> None:
    access = {"kind": "file", "mode": "0640", "owner": "valkey", "group": "valkey"}
    own = "/etc/valkey/zz-own.conf"
    assert states(tmp_path, SECTION) == {
        "package:valkey-server": {},
        f"file:{own}": {**access, "content": SETTINGS.format(marker("P"))},
        "file:/etc/systemd/system/valkey-server.service.d/settings.conf": {
            "kind": "file",
            "mode": "0644",
            "owner": "root",
            "group": "root",
            "content": UNIT,
        },
        "service:valkey-server.service": {"running": True, "enabled": True, "up to date": True},
    }


def test_each_script_is_one_that_sh_can_read(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, SECTION)) == []
    assert ill_written(compile_section(tmp_path, "redis: {}\n")) == []


@pytest.mark.parametrize(
    ("password", "code"),
    [("s3cret:$#~", 0), ("two words", 1), ('a"b', 1), ("a'b", 1), ("a\\b", 1), ("a\nb", 1)],
)
def test_a_password_that_the_file_cannot_hold_is_refused(
    tmp_path: Path, password: str, code: int
) -> None:
    staged = tmp_path / "staged"
    staged.write_text(f"port 1\nrequirepass {password}\n", "utf-8")
    script = render("redis.password.sh")
    env = {"staged": str(staged), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", script], env=env, capture_output=True, check=False)
    assert done.returncode == code


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("{listen: ['*']}", "redis needs a 'password', since it listens to other machines"),
        (
            "{settings: {bind: 10.0.0.1}}",
            "redis has 'bind' in 'settings': write it as 'listen' beside that",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, section: str, told: str) -> None:
    assert refusals(tmp_path, f"redis: {section}\n") == [f"2:8: {told}"]
