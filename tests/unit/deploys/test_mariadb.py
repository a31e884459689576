"""mariadb: a server with its settings, its users and its databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states

from envwright.model.secrets import marker

if TYPE_CHECKING:
    from pathlib import Path

SECTION = """\
secrets: {P: {env: P}}
mariadb:
  port: 3307
  settings: {max_connections: 40, general_log: true, init_connect: 'SET @a = "x\\y"'}
  users:
    web: {password: "{{ secret.P }}"}
  databases:
    web_shop: {owner: web}
    old: {absent: true}
"""
SETTINGS = r"""# Written by envwright: change the environment, not this file.
[mariadbd]
bind-address = 127.0.0.1
port = 3307
max_connections = "40"
general_log = "ON"
init_connect = "SET @a = \"x\\y\""
"""


def test_a_server_is_made_before_what_is_in_it(tmp_path: Path) -> None:
    assert states(tmp_path, SECTION) == {
        "package:mariadb-server": {},
        "file:/etc/mysql/mariadb.conf.d/zz-own.cnf": {
            "kind": "file",
            "mode": "0644",
            "owner": "root",
            "group": "root",
            "content": SETTINGS,
        },
        "service:mariadb.service": {"running": True, "enabled": True, "up to date": True},
        "role:web@mariadb": {"locked": False, "password": marker("P")},
        "database:web_shop@mariadb": {"open": True, "owner": "web"},
        "database:old@mariadb": None,
    }


def test_each_script_is_one_that_sh_can_read(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, SECTION)) == []
    assert ill_written(compile_section(tmp_path, "mariadb: {}\n")) == []


def test_all_that_is_in_a_server_is_asked_at_once(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    inside = [r for r in made.resources if r.id.endswith("@mariadb")]
    assert len({question for r in inside for question in r.questions()}) == 1


@pytest.mark.parametrize("listen", ["['*']", "[10.0.0.5, localhost]"])
def test_a_server_listens_where_it_is_said(tmp_path: Path, listen: str) -> None:
    made = states(tmp_path, f"mariadb: {{listen: {listen}}}\n")
    content = made["file:/etc/mysql/mariadb.conf.d/zz-own.cnf"]["content"]
    wanted = {"['*']": "*", "[10.0.0.5, localhost]": "10.0.0.5,127.0.0.1"}[listen]
    assert content.splitlines()[2] == f"bind-address = {wanted}"


def test_a_setting_that_is_a_key_of_the_section_is_refused(tmp_path: Path) -> None:
    told = "2:10: mariadb has 'bind_address' in 'settings': write it as 'listen' beside that"
    assert refusals(tmp_path, "mariadb: {settings: {bind_address: x}}\n") == [told]
