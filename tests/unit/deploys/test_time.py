"""time: the zone as timedatectl sets it, and the clock where the machine has one of its own."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, WSL

if TYPE_CHECKING:
    from envwright.facts import Machine

ROOT = {"owner": "root", "group": "root"}
KEPT = "wsl:\n  time: {useWindowsTimezone: false}\n"


def test_the_zone_is_a_link_and_a_name(tmp_path: Path) -> None:
    assert states(tmp_path, "time: {zone: Europe/Berlin}\n") == {
        "package:tzdata": {},
        "link:/etc/localtime": {
            "kind": "link",
            "target": "../usr/share/zoneinfo/Europe/Berlin",
            **ROOT,
        },
        "file:/etc/timezone": {
            "kind": "file",
            "mode": "0644",
            "content": "Europe/Berlin\n",
            **ROOT,
        },
    }


@pytest.mark.parametrize("zone", ["../../etc/passwd", "/etc", "Europe//Berlin", "a b", "$(id)", ""])
def test_what_is_no_zone_is_refused(tmp_path: Path, zone: str) -> None:
    (said,) = refusals(tmp_path, f"time: {{zone: '{zone}'}}\n")
    assert "a time zone, like `Europe/Berlin`" in said


@pytest.mark.skipif(not Path("/usr/share/zoneinfo/Europe").exists(), reason="no time zones here")
@pytest.mark.parametrize(("zone", "known"), [("Europe/Berlin", True), ("Europe/Bonn", False)])
def test_a_zone_that_the_machine_does_not_know_is_told(
    tmp_path: Path, zone: str, *, known: bool
) -> None:
    (asked,) = compile_section(tmp_path, f"time: {{zone: {zone}}}\n").requirements
    done = subprocess.run(["sh", "-c", asked.script], check=False)
    assert (done.returncode == 0, asked.refusal) == (
        known,
        f"this machine knows no time zone {zone}",
    )


def test_under_wsl_windows_must_leave_the_zone_alone(tmp_path: Path) -> None:
    section = "time: {zone: Europe/Berlin}\n"
    asked = {r.name for r in compile_section(tmp_path, section, WSL).requirements}
    kept = {r.name for r in compile_section(tmp_path, section + KEPT, WSL).requirements}
    assert asked - kept == {"WSL leaves /etc/localtime alone"}


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (WSL, ["2:35: Windows sets the clock"]),
        (replace(DEBIAN, container=True), ["2:35: the host of this container sets the clock"]),
        (DEBIAN, []),
    ],
)
def test_only_a_machine_of_its_own_sets_its_clock(
    tmp_path: Path, machine: Machine, said: list[str]
) -> None:
    assert refusals(tmp_path, "time: {zone: Europe/Berlin, sync: true}\n", machine) == said


def test_the_clock_is_set_by_a_service(tmp_path: Path) -> None:
    made = states(tmp_path, "time: {zone: Europe/Berlin, sync: true}\n")
    on = {"running": True, "enabled": True, "up to date": True}
    assert made["service:systemd-timesyncd.service"] == on


def test_scripts_can_be_parsed(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, "time: {zone: Etc/GMT+3}\n")) == []
