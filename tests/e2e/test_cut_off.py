"""Runs that are stopped, kept out or told no: the machine is whole, and the next run goes on."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from box import Box
from command import Said, words
from snapshot import snapshot
from workstation import workstation

from envwright.state.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.machine import Machine

UNIT = "[Service]\\nType=oneshot\\nRemainAfterExit=yes\\nExecStart={}\\n"
SLOW = (
    "files: {/etc/before: {content: whole}}\n"
    "systemd:\n"
    f'  slow.service: {{content: "{UNIT.format("/bin/sh /root/slow")}", running: true}}\n'
    f'  zz.service: {{content: "{UNIT.format("/bin/true")}", running: true}}\n'
)
"""A step that lasts until it is let go, with one before it and one behind it."""


@pytest.fixture
def box(debian13: Machine, tmp_path: Path) -> Box:
    return Box(debian13, tmp_path)


@pytest.fixture
def slow(box: Box) -> Iterator[Box]:
    """A box whose environment has a step that waits for /run/go."""
    box.machine.put("/root/slow", "until [ -e /run/go ]; do sleep 0.05; done\n")
    box.write(SLOW)
    yield box
    files = "/etc/before /etc/systemd/system/slow.service /etc/systemd/system/zz.service"
    box.machine.sh(f"systemctl stop slow zz; rm -f {files} /run/go; systemctl daemon-reload")


@contextlib.contextmanager
def started(box: Box) -> Iterator[subprocess.Popen[str]]:
    """An apply, as far as its slow step."""
    argv = words("apply", "box.yaml", "--host", box.machine.host, "--yes")
    pipe = subprocess.PIPE
    # A session of its own is what a terminal gives it: Ctrl-C reaches all its processes.
    with subprocess.Popen(
        argv, cwd=box.folder, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as process:
        try:
            wait_for(box, "pgrep -f '[/]root/slow'")
            yield process
        finally:
            process.kill()


def wait_for(box: Box, script: str) -> None:
    """Wait until a script succeeds on the machine."""
    for _ in range(600):
        if box.machine.sh(f"{script} >/dev/null && echo yes || :"):
            return
        time.sleep(0.05)
    raise AssertionError(f"it never came to that: {script}")


def assert_the_next_run_goes_on(box: Box) -> None:
    """Want the rest done, and said what the run before was at."""
    assert box.machine.sh("cat /etc/before") == "whole"
    box.machine.sh("touch /run/go")
    wait_for(box, "flock --nonblock /run/envwright/lock true")
    wait_for(box, "systemctl is-active slow.service")
    said = box.run("apply", "--yes", "--no-verify")
    assert (said.code, said.err) == (0, "")
    assert re.sub(r"\(\d+\.\d s\)", "(0 s)", said.out) == (
        "box on HOST (debian 13, 5 resources)\n\n"
        "  ~ service:zz.service  systemd (box.yaml:5)\n"
        "      running: false -> true\n\n"
        "Plan: 0 to create, 1 to change, 0 to remove, 4 as they should be.\n\n"
        "The previous run was interrupted in service:slow.service; "
        "this run goes on from there.\n"
        "  done  service:zz.service  (0 s)\n"
    )
    assert "Nothing to do" in box.run("plan").out


def test_ctrl_c_ends_an_apply_with_130_and_the_next_one_goes_on(slow: Box) -> None:
    with started(slow) as process:
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate()
    assert (process.returncode, err) == (
        130,
        "error: apply was interrupted\nhint: run `envwright apply` again: it goes on from here\n",
    )
    assert_the_next_run_goes_on(slow)


def test_an_apply_that_is_killed_is_told_by_the_next_one_which_goes_on(slow: Box) -> None:
    with started(slow) as process:
        process.kill()
    assert_the_next_run_goes_on(slow)


def test_the_second_of_two_applies_at_once_is_kept_out(box: Box) -> None:
    box.write("files: {/etc/motd: {content: x}}\n")
    path = box.folder / "box.yaml"
    with workstation(box.machine, path) as first, Journal(first.session, "box"):
        error = box.refuses("files: {/etc/motd: {content: x}}\n")
    assert re.fullmatch(
        r"error: HOST: another envwright is at work here since \S+ \S+ UTC: it applies box, "
        r"started by \S+ on \S+ \(process \d+\)\n"
        r"hint: wait for it, by apply --lock-timeout 600; "
        r"where it hangs, end its session as root on the machine: kill -s HUP -- -\d+\n",
        error,
    )


def test_without_anybody_to_ask_nothing_is_changed(box: Box) -> None:
    box.write("files: {/etc/motd: {content: x}}\n")
    before = snapshot(box.machine)
    said = box.run("apply")
    assert said.code == 1
    assert said.err == (
        "error: nothing was changed: there is nobody to ask\n"
        "hint: say --yes to apply without asking\n"
    )
    assert sorted(snapshot(box.machine) ^ before) == []


def answered(box: Box, answer: str) -> Said:
    """Run apply at a terminal where a person types an answer."""
    argv = words("apply", "box.yaml", "--host", box.machine.host, "--no-verify")
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answer.encode())
        done = subprocess.run(
            argv, cwd=box.folder, stdin=theirs, capture_output=True, text=True, check=False
        )
    finally:
        os.close(ours)
        os.close(theirs)
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("answer", ["n\n", "\n", "\4"], ids=["n", "return", "end of file"])
def test_any_answer_but_yes_changes_nothing(answer: str, box: Box) -> None:
    box.write("files: {/etc/motd: {content: x}}\n")
    before = snapshot(box.machine)
    said = answered(box, answer)
    assert said.code == 1
    assert said.err == ("\nMake these changes? [y/N] error: nothing was changed\n")
    assert sorted(snapshot(box.machine) ^ before) == []


def test_the_answer_yes_is_taken(box: Box) -> None:
    box.write("files: {/etc/motd: {content: agreed}}\n")
    said = answered(box, "y\n")
    assert (said.code, said.err) == (0, "\nMake these changes? [y/N] ")
    assert box.machine.sh("cat /etc/motd") == "agreed"
