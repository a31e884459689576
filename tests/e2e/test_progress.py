"""Progress: what a person at a terminal sees while apt works, and a file does not."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from box import Box
from command import Said, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from machines.machine import Machine

PACKAGES = "packages: [hello]\n"
SLOW = "/etc/dpkg/dpkg.cfg.d/slow"


@pytest.fixture
def box(debian13: Machine, tmp_path: Path) -> Box:
    """A box without the package that its environment wants."""
    debian13.sh("dpkg --purge hello; apt-get update -q")
    box = Box(debian13, tmp_path)
    box.write(PACKAGES)
    return box


@pytest.fixture
def slow(debian13: Machine) -> Iterator[None]:
    """On the machine, dpkg takes its time before each of its steps."""
    debian13.put(SLOW, "pre-invoke=sleep 2\n")
    yield
    debian13.sh(f"rm {SLOW}; until dpkg --configure -a; do sleep 1; done")


def at_a_terminal(box: Box, host: str, *, keys: Mapping[str, bytes] | None = None) -> Said:
    """Run apply at a terminal of 80 columns; return all that it wrote there.

    `keys`: what a person presses, each once, by the text after which that is done.
    """
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"}
    run = words("apply", "--yes", "box.yaml", "--host", host)
    waiting, told = dict(keys or {}), ""
    # The terminal is that of a session of its own, as a person's is: its Ctrl-C reaches them all.
    with subprocess.Popen(
        ["setsid", "--ctty", *run],
        cwd=box.folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        while piece := _read(ours):
            told += piece.decode().replace("\r\n", "\n")
            for text in [text for text in waiting if text in told]:
                os.write(ours, waiting.pop(text))
    os.close(ours)
    return Said(process.returncode, told.replace(host, "HOST"), "")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # how Linux tells that the other end is closed
        return b""


def left_on_screen(told: str) -> list[str]:
    """The lines that stay on the terminal, without regions that are taken back, and echoed keys."""
    lines: list[str] = []
    for part in re.split(r"(\033\[\d+F\033\[J)", told.replace("^C", "")):
        if back := re.fullmatch(r"\033\[(\d+)F\033\[J", part):
            del lines[-int(back[1]) :]
        else:
            lines += part.splitlines()
    return [re.sub(r"\(\d+\.\d s\)", "(T s)", line) for line in lines]


@pytest.mark.usefixtures("slow")
def test_a_terminal_shows_how_far_apt_is_and_keeps_no_more_than_a_line_of_it(box: Box) -> None:
    code, told, _ = at_a_terminal(box, box.machine.host)
    drawn = re.findall(r"  0:\d\d  0 of 1 done  package:hello\n        \d+ %  (\w+)", told)
    assert (code, drawn != []) == (0, True)  # which of dpkg's steps is a matter of moments
    screen = left_on_screen(told)
    assert screen[: screen.index("Verifying box on HOST:")] == [
        "box on HOST (debian 13, 1 resources)",
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


CTRL_C = b"\x03"
WAITS = (
    "Ctrl-C: dpkg is at work and must not be cut off. The run ends when this step is done; another "
    "Ctrl-C ends it at once, and the next apply mends what is left half done."
)
ENDED = [
    "error: apply was interrupted",
    "hint: run `envwright apply` again: it goes on from here",
]


@pytest.mark.usefixtures("slow")
def test_ctrl_c_waits_for_dpkg_and_ends_the_run_then(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    ssh = box.machine.enable_ssh()
    monkeypatch.setenv("ENVWRIGHT_SSH_OPTIONS", f"-F {ssh.config}")
    box.write(f"{PACKAGES}files: {{/etc/later: {{content: x}}}}\n")
    box.machine.sh("rm -f /etc/later")
    host = f"@ssh/{ssh.alias}"
    code, told, _ = at_a_terminal(box, host, keys={"%  Running dpkg": CTRL_C})
    end = left_on_screen(told)[-4:]
    assert (code, end) == (130, [WAITS, "  done  package:hello  (T s)", *ENDED]), told
    assert box.machine.sh("dpkg-query -Wf '${db:Status-Abbrev}' hello; ls /etc/later || :") == "ii "


@pytest.mark.usefixtures("slow")
def test_a_second_ctrl_c_ends_the_run_at_once_and_the_next_one_mends(box: Box) -> None:
    keys = {"%  Running dpkg": CTRL_C, "Ctrl-C: dpkg": CTRL_C}
    code, told, _ = at_a_terminal(box, box.machine.host, keys=keys)
    assert (code, left_on_screen(told)[-3:]) == (130, [WAITS, *ENDED])
    again = box.run("apply", "--yes")
    assert (again.code, again.err) == (0, "")
    assert box.machine.sh("dpkg-query -Wf '${db:Status-Abbrev}' hello") == "ii "
