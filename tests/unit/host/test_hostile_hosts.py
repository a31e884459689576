"""Hosts that hang, flood, lie or die: each is told by its name, soon, and leaves nothing behind."""

from __future__ import annotations

import os
import resource
import time
from typing import TYPE_CHECKING

import hostile_hosts
import pytest
from processes import gone

from envwright.errors import HostError
from envwright.host.limits import MEBIBYTE, STEP, Limits
from envwright.host.session import Session, open_session
from envwright.host.shell import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHORT = Limits(2, 0.7, 4 * MEBIBYTE)
SOON = 6
"""Seconds within which everything here must have come to its end, on a busy computer."""
WHAT = "what is spoilt: SPOIL"
BY_HAND = "hint: see whether one does by hand: docker exec -i {name} sh"
WAITS = "hint: see what it waits for on the machine, or give it more time"


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = f"{hostile_hosts.install(tmp_path / 'bin')}:{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    monkeypatch.setattr("sys.stdin", None)
    for name in ("OPENING", "QUESTION"):
        monkeypatch.setattr(f"envwright.host.session.{name}", SHORT)
    monkeypatch.setattr("envwright.host.shell.HEARTBEAT_SECONDS", 0.2)


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    started, before = time.monotonic(), _memory()
    yield
    assert time.monotonic() - started < SOON
    assert _memory() - before < 100 * MEBIBYTE


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def opened(name: str) -> Session:
    return open_session(f"@docker/{name}", privileged=False)


AT_ONCE = {
    "silent": "no shell answered: no sign of life for 0.7 s",
    "flood-stdout": "no shell answered: more than 4 MiB of output",
    "flood-stderr": "no shell answered: more than 4 MiB of output",
    "flood-lines": "no shell answered: more than 4 MiB of output",
    "trickle": "no shell answered: no end after 2 s",
    "closes-stdout": "docker ended with code",
    "closes-stderr": "docker ended with code",
    "closes-both": "docker ended with code",
    "ends-0": "docker ended with code 0 before a shell answered",
    "ends-1": "docker ended with code 1 before a shell answered\ngo away",
    "ends-255": "docker ended with code 255 before a shell answered\ngo away",
    "garbage": "docker ended with code 3 before a shell answered",
}


def test_every_behaviour_is_tried() -> None:
    assert (set(AT_ONCE), set(LATER)) == (set(hostile_hosts.AT_ONCE), set(hostile_hosts.LATER))
    assert len(AT_ONCE) + len(LATER) >= 20


@pytest.mark.parametrize("name", AT_ONCE)
def test_a_host_that_misbehaves_at_once_is_told(name: str) -> None:
    with pytest.raises(HostError) as raised:
        opened(name)
    assert raised.value.message.startswith(f"@docker/{name}: {AT_ONCE[name]}")
    if "no shell answered" in AT_ONCE[name]:
        assert str(raised.value).endswith(BY_HAND.format(name=name))


LATER = {
    "later-silent": f"no sign of life for 0.7 s: {WHAT}",
    "later-flood-stdout": f"more than 4 MiB of output: {WHAT}",
    "later-flood-stderr": f"more than 4 MiB of output: {WHAT}",
    "later-trickle": f"no end after 2 s: {WHAT}",
    "later-closes-stdout": f"the connection was lost while it ran: {WHAT}",
    "later-closes-stderr": f"the connection was lost while it ran: {WHAT}",
    "later-ends": f"the connection was lost while it ran: {WHAT}\nbye",
    "dies-mid-answer": f"the connection was lost while it ran: {WHAT}\nbye",
    "no-code": f"an answer that no shell gives: {WHAT}",
    "word-for-code": f"an answer that no shell gives: {WHAT}",
    "negative-code": f"an answer that no shell gives: {WHAT}",
    "endless-code": f"an answer that no shell gives: {WHAT}",
    "code-with-nul": f"an answer that no shell gives: {WHAT}",
    "wrong-mark": f"no sign of life for 0.7 s: {WHAT}",
    "mark-on-stdout-only": f"no sign of life for 0.7 s: {WHAT}",
    "mark-without-end": f"no sign of life for 0.7 s: {WHAT}",
}


@pytest.mark.parametrize("name", LATER)
def test_a_host_that_misbehaves_later_is_told_and_its_session_is_closed(name: str) -> None:
    with opened(name) as session:
        assert session.run("echo on").text == "on\n"
        with pytest.raises(HostError) as raised:
            session.run(f": {WHAT}; echo never", limits=SHORT, doing=WHAT)
        # The real shell, from which its input is taken, may say that it was hung up.
        message = raised.value.message.removesuffix("\nHangup")
        assert message == f"@docker/{name}: {LATER[name]}"
        assert raised.value.hint in {"", WAITS.removeprefix("hint: ")}
        with pytest.raises(HostError, match="the session is closed"):
            session.run(":")


@pytest.mark.parametrize("name", [*hostile_hosts.GOOD, "late"])
def test_what_a_login_prints_or_how_long_it_takes_does_not_matter(name: str) -> None:
    with opened(name) as session:
        assert session.run("echo on; exit 3") == (3, b"on\n", b"")


def test_a_host_that_echoes_what_it_is_sent_is_told() -> None:
    with pytest.raises(HostError) as raised:
        opened("echo")
    assert raised.value.message.startswith("@docker/echo: no shell answered: an answer that no")


def test_a_host_that_does_not_read_is_told() -> None:
    with opened("deaf") as session, pytest.raises(HostError) as raised:
        session.run("cat >/dev/null # SPOIL", stdin=b"x" * 10_000_000, limits=SHORT)
    assert "no sign of life for 0.7 s" in raised.value.message


def test_a_question_that_hangs_is_told_as_one() -> None:
    with opened("later-silent") as session, pytest.raises(HostError) as raised:
        session.run_batch([": SPOIL"])
    assert str(raised.value) == (
        "@docker/later-silent: no sign of life for 0.7 s: the questions about its state\n" + WAITS
    )


def test_a_step_that_says_something_now_and_then_goes_on() -> None:
    limits = Limits(30, 0.7, MEBIBYTE)
    with opened("good") as session:
        answer = session.run("for i in 1 2 3 4 5 6; do sleep 0.3; echo $i; done", limits=limits)
        assert answer.text == "1\n2\n3\n4\n5\n6\n"


def run_for_ever(session: Session, limits: Limits) -> None:
    while True:
        session.run("sleep 0.1", limits=limits)


def test_the_time_for_the_whole_run_ends_whatever_is_under_way() -> None:
    with (
        open_session("@docker/good", privileged=False, timeout=1) as session,
        pytest.raises(HostError) as raised,
    ):
        run_for_ever(session, STEP)
    assert str(raised.value) == (
        "@docker/good: the time for the whole run is over: sleep 0.1\n"
        "hint: give it more with --timeout; an apply goes on from where it stood"
    )


def test_a_silent_host_does_not_outlast_the_time_for_the_whole_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("envwright.host.session.OPENING", STEP)
    with pytest.raises(HostError, match=r"no shell answered: no end after 0\.5 s"):
        open_session("@docker/silent", privileged=False, timeout=0.5)


@pytest.mark.parametrize("_attempt", range(5))
def test_a_killed_reading_loop_is_noticed_and_what_it_ran_is_hung_up(_attempt: int) -> None:
    with open_session("@local", privileged=False) as session:
        # A script runs in a child of the loop.
        script = "read -r _ _ _ loop _ </proc/self/stat; sleep 60 & echo $!;"
        pids: list[int] = []

        def kill(said: bytes) -> None:
            pids.extend(int(word) for word in said.split() if word.isdigit())

        with pytest.raises(HostError) as raised:
            session.run(f"{script} kill -9 $loop; wait", limits=Limits(5, 5), on_output=kill)
    assert raised.value.message.startswith("@local: the connection was lost while it ran: read")
    assert gone(pids[0])


def test_a_child_that_floods_between_two_scripts_is_told() -> None:
    with open_session("@local", privileged=False) as session:
        session.run("(sleep 0.2; cat /dev/zero) & :")
        with pytest.raises(HostError, match="MiB of output"):
            run_for_ever(session, SHORT)


def test_a_machine_without_dd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "setsid", "env", "id", "cat"):
        path = next(p for p in (f"/usr/bin/{name}", f"/bin/{name}") if os.path.exists(p))  # noqa: PTH110 - one of two
        (tools / name).symlink_to(path)
    program = f'PATH={tools}; export PATH; exec "$@"'
    (tmp_path / "bin" / "docker").write_text(f"#!/bin/sh\nshift 5\n{program}\n")
    monkeypatch.setattr(
        "envwright.host.connectors.PROGRAM",
        program_with(str(tools)),
    )
    with pytest.raises(HostError) as raised:
        opened("bare")
    assert str(raised.value) == (
        "@docker/bare: it lacks a program that every session needs\n"
        "dd: not found\n"
        "hint: install coreutils and util-linux there"
    )


def program_with(tools: str) -> str:
    """The program of a session on a machine that has nothing but these tools."""
    start = PROGRAM.index('export PATH="')
    end = PROGRAM.index(";", start)
    return f'{PROGRAM[:start]}export PATH="{tools}"{PROGRAM[end:]}'
