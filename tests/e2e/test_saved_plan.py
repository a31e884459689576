"""Saved plans on a machine: `plan --output`, then `apply` of the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from box import Box
from command import Said, envwright

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine

TEXT = """\
secrets: {TOKEN: {env: TOKEN}}
files:
  /etc/saved: {content: "one\\n"}
  /etc/token: {content: "{{ secret.TOKEN }}\\n"}
"""
TOKEN = "s3cr3t-0f-4-pl4n"


@pytest.fixture
def box(debian13: Machine, tmp_path: Path) -> Box:
    """A box whose plan is saved in box.plan."""
    box = Box(debian13, tmp_path)
    box.write(TEXT)
    debian13.sh("rm -f /etc/saved /etc/token")
    debian13.put("/etc/token", f"{TOKEN}-old\n")
    said = box.run("plan", "--output", "box.plan", TOKEN=TOKEN)
    assert (said.code, said.out.splitlines()[-1]) == (
        2,
        "Saved to box.plan: `envwright apply box.plan` makes these changes.",
    )
    return box


def apply(box: Box, *options: str) -> Said:
    return envwright("apply", "box.plan", *options, cwd=box.folder, TOKEN=TOKEN)


def test_a_saved_plan_is_made_without_a_question_and_is_done_then(box: Box) -> None:
    assert (box.folder / "box.plan").read_text().count(TOKEN) == 0
    assert (apply(box).code, box.machine.sh("cat /etc/saved /etc/token")) == (0, f"one\n{TOKEN}\n")
    again = apply(box)
    assert (again.code, again.out.splitlines()[-1]) == (
        0,
        "Nothing to do: all 2 resources are as they should be.",
    )


def test_a_saved_plan_is_refused_where_the_machine_moved(box: Box) -> None:
    box.machine.put("/etc/saved", "two\n")
    said = apply(box)
    assert (said.code, said.err.replace(box.machine.host, "HOST")) == (
        1,
        (
            "error: HOST: the machine is another than when the plan was saved; nothing was "
            "changed\n"
            "hint: make the plan again, by `envwright plan ... --output FILE`\n"
        ),
    )
    assert box.machine.sh("cat /etc/saved /etc/token") == f"two\n{TOKEN}-old\n"


def test_a_saved_plan_is_refused_where_the_environment_moved(box: Box) -> None:
    box.write(TEXT.replace("one", "three"))
    said = apply(box)
    assert (said.code, said.err.splitlines()[0].replace(box.machine.host, "HOST")) == (
        1,
        "error: HOST: box says something else than when the plan was saved; nothing was changed",
    )
    assert box.machine.sh("ls /etc/saved 2>&1 || :").endswith("No such file or directory\n")


def test_a_line_above_what_was_planned_is_no_other_environment(box: Box) -> None:
    box.write(f"# a comment\n{TEXT}")
    assert apply(box).code == 0


def test_a_saved_plan_says_itself_which_machine(box: Box) -> None:
    said = apply(box, "--host", "@local")
    assert (said.code, said.err) == (
        1,
        (
            "error: box.plan is a saved plan: it says itself which machine and which variables\n"
            "hint: leave out --host, --inventory and --var\n"
        ),
    )
    value = json.loads((box.folder / "box.plan").read_text())
    assert (value["host"], value["plan"]["host"]) == (box.machine.host, box.machine.host)
