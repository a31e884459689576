"""The pool: so many at a time, no failure another's, and what becomes of Ctrl-C."""

from __future__ import annotations

import select
import threading
import time
from typing import TYPE_CHECKING

import pytest
from fleets import Gauge, Heard, fine, planned, targets, verified

from envwright.errors import (
    EnvwrightError,
    HostError,
    LockedError,
    RefusedError,
    StepError,
)
from envwright.fleet.pool import Pool

if TYPE_CHECKING:
    from envwright.fleet.outcome import HostOutcome, RunSummary
    from envwright.fleet.pool import Channel
    from envwright.host.inventory import Target

TEN = [f"h{number}" for number in range(10)]


def words(outcomes: list[HostOutcome]) -> list[str]:
    return [f"{outcome.target.host} {outcome.word}" for outcome in outcomes]


@pytest.mark.parametrize(("parallel", "most"), [(1, 1), (3, 3), (40, 10)])
def test_so_many_machines_are_at_work_at_a_time_and_no_more(parallel: int, most: int) -> None:
    gauge = Gauge()
    full = threading.Barrier(most)

    def work(channel: Channel, _: Target) -> RunSummary:
        with gauge:
            if channel.number < most:
                full.wait(5)
            time.sleep(0.01)
        return planned()

    outcomes = Pool(parallel, fail_fast=False).run(targets(*TEN), work, Heard())
    assert (words(outcomes), gauge.most) == ([f"{host} same" for host in TEN], most)


FAILURES = {
    "away": (HostError("it does not answer"), "unreachable"),
    "busy": (LockedError("another envwright is at work"), "locked"),
    "wsl1": (RefusedError("not on WSL 1"), "refused"),
    "full": (StepError("no space"), "failed"),
    "odd": (ZeroDivisionError("by zero"), "failed"),
}


def failing(_: Channel, target: Target) -> RunSummary:
    if target.host in FAILURES:
        raise FAILURES[target.host][0]
    return planned("file:/a")


@pytest.mark.parametrize("parallel", [1, 4])
def test_one_machine_s_failure_is_no_other_s(parallel: int) -> None:
    hosts = ["good", *FAILURES, "last"]
    outcomes = Pool(parallel, fail_fast=False).run(targets(*hosts), failing, Heard())
    assert words(outcomes) == [
        "good differs",
        *(f"{host} {word}" for host, (_, word) in FAILURES.items()),
        "last differs",
    ]
    assert [outcome.code for outcome in outcomes] == [2, 1, 1, 1, 1, 1, 2]
    assert str(outcomes[5].error) == (
        "internal error: ZeroDivisionError: by zero; please report it\n"
        "hint: set ENVWRIGHT_DEBUG=1 to see where it comes from"
    )


def test_fail_fast_begins_with_no_further_machine() -> None:
    heard = Heard()
    pool = Pool(1, fail_fast=True)
    outcomes = pool.run(targets("good", "away", "last", "least"), failing, heard)
    assert words(outcomes) == ["good differs", "away unreachable", "last skipped", "least skipped"]
    assert heard.told == [
        "0 begins",
        "0 ends: differs",
        "1 begins",
        "1 ends: unreachable",
    ]


def test_fail_fast_lets_those_under_way_come_to_their_end() -> None:
    both, failed = threading.Barrier(2), threading.Event()

    def work(channel: Channel, target: Target) -> RunSummary:
        if target.host != "third":
            both.wait(5)
        if target.host == "slow":
            failed.wait(5)
            time.sleep(0.05)
            return fine(channel, target)
        failed.set()
        raise HostError("away")

    outcomes = Pool(2, fail_fast=True).run(targets("slow", "bad", "third"), work, Heard())
    assert words(outcomes) == ["slow same", "bad unreachable", "third skipped"]


def test_a_check_that_failed_is_a_failure_and_a_difference_is_none() -> None:
    def unproven(_: Channel, __: Target) -> RunSummary:
        return verified("x")

    outcomes = Pool(1, fail_fast=True).run(targets("a", "b"), unproven, Heard())
    assert words(outcomes) == ["a unproven", "b skipped"]
    outcomes = Pool(1, fail_fast=True).run(targets("a", "b"), failing, Heard())
    assert words(outcomes) == ["a differs", "b differs"]


def test_what_the_work_says_is_heard_in_its_order_and_a_password_reaches_it() -> None:
    def work(channel: Channel, _: Target) -> RunSummary:
        channel.say("connecting")
        passwords.append(channel.ask("your password: "))
        return planned()

    passwords: list[str] = []
    heard = Heard(password="hunter2")
    (outcome,) = Pool(4, fail_fast=False).run(targets("a"), work, heard)
    assert (outcome.word, passwords) == ("same", ["hunter2"])
    assert heard.told == ["0 begins", "0 says connecting", "asked your password: ", "0 ends: same"]


def test_ctrl_c_wakes_all_threads_and_waits_until_they_are_over() -> None:
    home: list[str] = []

    def work(channel: Channel, target: Target) -> RunSummary:
        if target.host == "h0":
            channel.ask("password: ")
        select.select([channel.stop], [], [], 20)
        time.sleep(0.05)
        home.append(target.host)
        raise KeyboardInterrupt

    since = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        Pool(4, fail_fast=False).run(targets(*TEN), work, Heard(password=KeyboardInterrupt()))
    assert sorted(home) == ["h1", "h2", "h3"]
    assert time.monotonic() - since < 10
    assert [t.name for t in threading.enumerate() if t.name.startswith("envwright-")] == []


def test_who_asks_after_ctrl_c_gets_no_answer() -> None:
    def work(channel: Channel, target: Target) -> RunSummary:
        if target.host == "h1":
            select.select([channel.stop], [], [], 20)
        channel.ask(f"{target.host}: ")
        raise EnvwrightError("it was answered")

    heard = Heard(password=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        Pool(2, fail_fast=False).run(targets("h0", "h1"), work, heard)
    assert [word for word in heard.told if word.startswith("asked")] == ["asked h0: "]


def test_after_ctrl_c_what_came_of_each_machine_is_still_known() -> None:
    def work(channel: Channel, target: Target) -> RunSummary:
        if target.host == "done":
            return planned()
        if target.host == "away":
            raise HostError("it does not answer")
        if target.host == "asking":
            channel.ask("password: ")
        select.select([channel.stop], [], [], 20)
        if target.host == "hung up":  # its ssh heard Ctrl-C, too
            raise HostError("the connection was closed")
        raise KeyboardInterrupt

    hosts = ["done", "away", "hung up", "hangs", "asking", "waits"]
    pool = Pool(3, fail_fast=False)
    with pytest.raises(KeyboardInterrupt):
        pool.run(targets(*hosts), work, Heard(password=KeyboardInterrupt()))
    assert words(pool.outcomes) == [
        "done same",
        "away unreachable",
        "hung up interrupted",
        "hangs interrupted",
        "asking interrupted",
        "waits skipped",
    ]
