"""user_units: units of accounts' own managers, which run from boot on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, UBUNTU, WSL

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

SECTION = """\
user: {name: dev}
user_units:
  dev:
    sync.timer:
      content: "[Timer]\\nOnCalendar=hourly\\n"
      drop_ins: {more: "[Timer]\\nPersistent=true\\n"}
      running: true
      enabled: true
    gpg-agent.socket: {masked: true}
"""
FOLDER = "/home/dev/.config/systemd/user"
LINGER = "/var/lib/systemd/linger"
OWN = {"kind": "file", "mode": "0644", "owner": "dev", "group": "dev"}
ROOT = {"mode": "0644", "owner": "root", "group": "root"}


@pytest.mark.parametrize("machine", [DEBIAN, UBUNTU, WSL])
def test_an_account_gets_its_units_and_a_manager_that_runs_them(
    tmp_path: Path, machine: Machine
) -> None:
    found = states(tmp_path, SECTION, machine)
    assert {id_: state for id_, state in found.items() if id_.partition(":")[0] in WORDS} == {
        f"file:{FOLDER}/sync.timer": {**OWN, "content": "[Timer]\nOnCalendar=hourly\n"},
        f"file:{FOLDER}/sync.timer.d/more.conf": {
            **OWN,
            "content": "[Timer]\nPersistent=true\n",
        },
        f"file:{LINGER}/dev": {**ROOT, "kind": "file", "content": ""},
        "command:user manager dev": {"value": "active"},
        "user-service:dev/sync.timer": {"running": True, "enabled": True, "up to date": True},
        "user-service:dev/gpg-agent.socket": {"enabled": "masked", "running": False},
    }
    folders = {id_ for id_ in found if id_.startswith("directory:/home/dev/.config")}
    assert folders == {
        f"directory:/home/dev/{name}"
        for name in (".config", ".config/systemd", ".config/systemd/user")
    }
    assert {"package:libpam-systemd", "package:dbus-user-session"} <= found.keys()


WORDS = {"file", "command", "user-service"}


def test_units_come_after_their_files_and_the_manager(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    ids = [resource.id for resource in made.resources]
    assert ids[-3:] == [
        "command:user manager dev",
        "user-service:dev/sync.timer",
        "user-service:dev/gpg-agent.socket",
    ]
    assert [r.origins[0].line for r in made.resources[-2:]] == [5, 10]
    assert ill_written(made) == []


def test_an_account_that_nobody_makes_is_told_before_anything_is_changed(tmp_path: Path) -> None:
    text = "user_units: {anna: {a.timer: {enabled: true}}}\n"
    made = compile_section(tmp_path, text)
    assert [(r.refusal, r.unless) for r in made.requirements] == [
        ("there is no account anna", "user:anna")
    ]


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (
            "{root: {a.timer: {enabled: true}}}",
            "root's own units are those of the system",
        ),
        ("{dev: {a: {enabled: true}}}", "a unit's full name, like `docker.service`"),
        ("{dev: {a.timer: {masked: true, enabled: true}}}", "a masked unit can have no file"),
    ],
)
def test_what_can_never_work_is_refused(tmp_path: Path, section: str, told: str) -> None:
    assert told in str(refusals(tmp_path, f"user_units: {section}\n"))
