"""Command: done by a script, known by another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from standins import DEBIAN, OFFLINE

from envwright.facts import Facts, Output, Shell, Unknown
from envwright.model.operations import Content, operation
from envwright.model.proof import Assertion
from envwright.model.resource import compare
from envwright.resources.apt_entries import AptEntries
from envwright.resources.command import Command
from envwright.resources.file import File

SEEN = (Assertion("run", ("true",), "rc", 0),)
COMMAND = Command(
    title="sysctl x", observe="cat x", expected="1", run="echo 1 > x", seen=SEEN, after=("file:/x",)
)


def actual(answer: Output | Unknown) -> object:
    return COMMAND.actual(Facts({Shell("cat x"): answer}))


def test_a_command_is_known_by_what_its_observer_prints() -> None:
    assert (COMMAND.id, COMMAND.questions()) == ("command:sysctl x", (Shell("cat x"),))
    assert COMMAND.desired() == {"value": "1"}
    assert actual(Output(0, "0")) == {"value": "0"}
    assert actual(Output(1, "no such file")) is None
    assert actual(Unknown("why")) == Unknown("why")


def test_a_state_that_cannot_be_made_here_is_refused_with_the_reason() -> None:
    reason = "/proc/x is read-only on this machine"
    state = COMMAND.actual(Facts({Shell("cat x"): Output(77, f"0\n{reason}")}))
    assert COMMAND.refusal(compare(state, COMMAND.desired())) == f"sysctl x: {reason}"
    assert COMMAND.refusal(compare({"value": "0"}, COMMAND.desired())) == ""


@pytest.mark.parametrize(
    ("answer", "changed", "refusals"),
    [
        (Output(1, ""), set(), ("the kernel has no x",)),
        (Output(1, ""), {"command:sysctl x", "file:/x"}, ("the kernel has no x",)),
        (Output(1, ""), {"package:x"}, ()),
        (Output(0, "0"), set(), ()),
    ],
)
def test_what_the_machine_lacks_is_refused_unless_the_plan_may_bring_it(
    answer: Output, changed: set[str], refusals: tuple[str, ...]
) -> None:
    command = replace(COMMAND, lacking="the kernel has no x")
    facts = Facts({Shell("cat x"): answer})
    work = [(command, compare(command.actual(facts), command.desired()))]
    assert Command.forecast(work, facts, changed).refusals == refusals
    makes = [(COMMAND, compare(COMMAND.actual(facts), COMMAND.desired()))]
    assert Command.forecast(makes, facts, changed).refusals == ()


def test_a_command_runs_once_and_comes_after_what_it_names() -> None:
    assert list(COMMAND.converge(compare(None, {"value": "1"}))) == [
        operation("server.shell", commands=["echo 1 > x"])
    ]
    assert (COMMAND.autorequires, list(COMMAND.witness())) == (("file:/x",), list(SEEN))
    assert COMMAND.pending(OFFLINE) == ""


def test_what_a_command_is_given_comes_by_stdin_and_is_seen_by_nobody() -> None:
    command = replace(COMMAND, given="hunter22")
    assert list(command.converge(compare(None, {"value": "1"}))) == [
        operation("server.shell", commands=["echo 1 > x"], _stdin=Content("hunter22"))
    ]
    assert "hunter22" not in repr(command.public_values())


def test_a_command_for_systemd_waits_for_it_and_does_nothing_before() -> None:
    command = Command(title="t", observe="", expected="", run="x", seen=(), systemd=True)
    assert [command.pending(DEBIAN), command.pending(OFFLINE)] == ["", "systemd is not PID 1 yet"]
    assert list(command.converge(compare(None, {}))) == [
        operation("server.shell", commands=["[ ! -d /run/systemd/system ] || { x\n}"])
    ]


def test_a_state_that_apt_needs_comes_before_apts_own_and_after_the_files_that_apt_reads() -> None:
    needed = replace(COMMAND, before_apt=True)
    assert File(path="/etc/apt/apt.conf.d/90x").order < needed.order < AptEntries.rank
    assert COMMAND.order == COMMAND.rank
