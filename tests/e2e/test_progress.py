"""Progress: what a person at a terminal sees while apt works, and a file does not."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from box import Box
from command import words

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine

PACKAGES = "packages: [hello]\n"


@pytest.fixture
def box(debian13: Machine, tmp_path: Path) -> Box:
    """A box without the package that its environment wants."""
    debian13.sh("dpkg --purge hello; apt-get update -q")
    box = Box(debian13, tmp_path)
    box.write(PACKAGES)
    return box


def at_a_terminal(box: Box, *arguments: str) -> str:
    """Run envwright at a terminal of 80 columns; return all that it wrote there."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"}
    run = [*words(*arguments), "box.yaml", "--host", box.machine.host]
    with subprocess.Popen(
        run, cwd=box.folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        told = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    assert process.returncode == 0, told
    return told.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # how Linux tells that the other end is closed
        return b""


def left_on_screen(told: str) -> list[str]:
    """The lines that stay on the terminal: a region that is taken back is gone."""
    lines: list[str] = []
    for part in re.split(r"(\033\[\d+F\033\[J)", told):
        if back := re.fullmatch(r"\033\[(\d+)F\033\[J", part):
            del lines[-int(back[1]) :]
        else:
            lines += part.splitlines()
    return lines


def test_a_terminal_shows_how_far_apt_is_and_keeps_no_more_than_a_line_of_it(box: Box) -> None:
    told = at_a_terminal(box, "apply", "--yes")
    drawn = re.findall(r"  0:\d\d  0 of 1 done  package:hello\n        \d+ %  (\w+)", told)
    assert drawn, told  # which of dpkg's many steps is a matter of moments
    screen = [re.sub(r"\(\d+\.\d s\)", "(T s)", line) for line in left_on_screen(told)]
    end = screen.index(f"Verifying box on {box.machine.host}:")
    assert screen[:end] == [
        f"box on {box.machine.host} (debian 13, 1 resources)",
        "",
        "  + package:hello  packages (box.yaml:2)",
        "",
        "Plan: 1 to create, 0 to change, 0 to remove, 0 as they should be.",
        "",
        "  done  package:hello  (T s)",
        "",
    ]


def test_a_file_gets_a_line_for_each_step_and_none_of_apts_words(box: Box) -> None:
    said = box.run("apply", "--yes")
    lines = [re.sub(r"\(\d+\.\d s\)", "(T s)", line) for line in said.out.splitlines()]
    assert (said.code, said.err) == (0, "")
    ends = ["  done  package:hello  (T s)", "  ok  package:hello"]
    assert [line for line in lines if "hello" in line][1:] == ends
    assert "%" not in said.out
