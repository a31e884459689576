"""postgresql: a cluster with its settings, its roles and its databases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import UBUNTU

from envwright.model.secrets import marker

if TYPE_CHECKING:
    from pathlib import Path

SECTION = """\
secrets: {DB: {env: DB}}
postgresql:
  listen: ["*"]
  port: 5433
  settings: {max_connections: 30, jit: false, application_name: "it's C:\\\\x"}
  roles:
    app: {password: "{{ secret.DB }}", createdb: true}
  databases:
    shop: {owner: app}
    old: {absent: true}
"""
SETTINGS = r"""# Written by envwright: change the environment, not this file.
listen_addresses = '0.0.0.0,::'
port = 5433
max_connections = '30'
jit = 'false'
application_name = 'it''s C:\\x'
"""


def test_a_server_is_made_before_what_is_in_it(tmp_path: Path) -> None:
    file = {"kind": "file", "mode": "0644", "owner": "postgres", "group": "postgres"}
    rights = {"login": True, "superuser": False, "createdb": True, "createrole": False}
    start = "# Written by envwright: change the environment, not this file.\nauto\n"
    assert states(tmp_path, SECTION) == {
        "package:postgresql-17": {},
        "command:postgresql 17/main": {"value": "there"},
        "file:/etc/postgresql/17/main/start.conf": {**file, "content": start},
        "file:/etc/postgresql/17/main/conf.d/zz-envwright.conf": {**file, "content": SETTINGS},
        "service:postgresql.service": {"running": True, "enabled": True, "up to date": True},
        "service:postgresql@17-main.service": {"running": True, "up to date": True},
        "role:app@postgresql": {
            **rights,
            "replication": False,
            "expired": False,
            "password": marker("DB"),
        },
        "database:shop@postgresql": {"open": True, "owner": "app"},
        "database:old@postgresql": None,
    }


def test_each_script_is_one_that_sh_can_read(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, SECTION)) == []


def test_no_script_holds_the_password_nor_its_name(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    (role,) = (r for r in made.resources if r.id == "role:app@postgresql")
    assert [value for value in role.public_values() if "⟦" in str(value)] == []
    (login,) = (p for p in made.proofs if p.given)
    assert (login.given, "⟦" in login.script) == (marker("DB"), False)


def test_all_that_is_in_a_server_is_asked_at_once(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    inside = [r for r in made.resources if r.id.endswith("@postgresql")]
    assert len({question for r in inside for question in r.questions()}) == 1


@pytest.mark.parametrize(
    ("section", "hints"),
    [
        ("{}", []),
        ('{version: "17"}', []),
        ('{version: "18"}', ["add `packages: {sources: {pgdg: {}}}`"]),
    ],
)
def test_a_version_that_the_distribution_lacks_needs_the_publishers_source(
    tmp_path: Path, section: str, hints: list[str]
) -> None:
    made = compile_section(tmp_path, f"postgresql: {section}\n")
    assert [r.hint for r in made.requirements if r.unless] == hints


def test_a_release_of_which_nothing_is_known_needs_a_version(tmp_path: Path) -> None:
    newer = replace(UBUNTU, release="30.04", codename="zany")
    told = "2:13: envwright does not know which PostgreSQL ubuntu 30.04 has"
    assert refusals(tmp_path, "postgresql: {}\n", newer) == [told]
    assert refusals(tmp_path, 'postgresql: {version: "18"}\n', newer) == []


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (
            "{settings: {port: 1}}",
            "2:13: postgresql has 'port' in 'settings': write it as 'port' beside that",
        ),
        (
            "{roles: {App: {}}}",
            (
                "2:22: the key 'App' of postgresql.roles must be small letters, digits, `_` and "
                "`-`, a letter first"
            ),
        ),
        (
            "{listen: [here]}",
            (
                "2:23: postgresql.listen[0] must be `localhost`, `*` for every address of the "
                "machine, or an IP address, not text 'here'"
            ),
        ),
        (
            "{roles: {app: {password: x}}}",
            (
                "2:38: postgresql.roles.app.password must name a secret, like "
                "`{{ secret.TOKEN }}`: YAML holds no password"
            ),
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, section: str, told: str) -> None:
    assert refusals(tmp_path, f"postgresql: {section}\n") == [told]


def test_a_role_without_a_password_is_not_logged_in_as(tmp_path: Path) -> None:
    made = compile_section(tmp_path, "postgresql: {roles: {app: {}}}\n")
    assert [(proof.name, proof.quick) for proof in made.proofs] == [
        ("PostgreSQL listens on localhost port 5432 and nowhere else", True),
        ("PostgreSQL has its settings", True),
    ]
