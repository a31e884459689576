"""A service that worked keeps working: where its new files stop it, the old ones come back."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from box import Box

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine

WORKS = "[Service]\nExecStart=/bin/sleep infinity\n"
GONE = "Main process exited, code=exited, status=3/NOTIMPLEMENTED"
LINE = "[Service]\n{}ExecStart=/bin/sh -c '{}'\n"
NOT_UP = "it was started, and does not stay up"
NOT_STARTED = (
    "\n    Job for bell.service failed because the control process exited with error code."
    '\n    See "systemctl status bell.service" and "journalctl -xeu bell.service" for details.'
)
DEATHS = {
    "at once": (LINE.format("", "echo no bell; exit 3"), f" {NOT_UP}"),
    "after a second": (LINE.format("", "sleep 1; echo no bell; exit 3"), f" {NOT_UP}"),
    "again and again": (LINE.format("Restart=always\n", "echo no bell; exit 3"), f" {NOT_UP}"),
    "before it is ready": (LINE.format("Type=notify\n", "echo no bell; exit 3"), NOT_STARTED),
    "with code 0": (LINE.format("", "sleep 1; echo no bell"), f" {NOT_UP}"),
}
"""Units that die, by when they do; and how the error begins."""


@pytest.fixture
def box(debian13: Machine, tmp_path: Path) -> Box:
    return Box(debian13, tmp_path)


def bell(unit: str) -> str:
    return f"systemd:\n  bell.service: {{running: true, content: {json.dumps(unit)}}}\n"


@pytest.mark.parametrize("how", DEATHS)
def test_a_unit_that_worked_works_again(how: str, box: Box) -> None:
    box.write(bell(WORKS))
    said = box.run("apply", "--yes")
    assert said.code == 0
    unit, begin = DEATHS[how]
    box.write(bell(unit))
    said = box.run("apply", "--yes")
    print(said.out, said.err)
    print(box.machine.sh("systemctl is-active bell; tail -1 /var/lib/envwright/journal.jsonl"))
    assert 0
