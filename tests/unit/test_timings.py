"""Timings: what was counted adds up, and where nobody asked for it no clock is read."""

from __future__ import annotations

import itertools
import json
import os
import re
import sys
import time
from typing import TYPE_CHECKING

import pytest
from command import Said

from envwright import __main__
from envwright.cli import main
from envwright.timings import OFF, Timings, timings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="a session to this machine needs root")


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is a second later whenever it is read."""
    clock = itertools.count()
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(clock)))
    monkeypatch.setattr("envwright.timings._since_start", lambda: 0.5)


@pytest.mark.usefixtures("ticking")
def test_what_is_within_something_else_counts_once() -> None:
    spent = Timings()
    with spent("compare"), spent("probe"):
        pass
    with spent("probe"):
        pass
    expected = {"start": 0.5, "compare": 2.0, "probe": 2.0, "the rest": 3.0}
    assert spent.seconds() == expected


@pytest.mark.usefixtures("ticking")
def test_the_table_has_a_line_for_each_and_their_sum() -> None:
    spent = Timings()
    with spent("probe"):
        pass
    assert spent.text() == (
        "Timings:\n"
        "     500.0 ms  start\n"
        "    1000.0 ms  probe\n"
        "    2000.0 ms  the rest\n"
        "    3500.0 ms  in all\n"
    )


def test_the_start_of_this_process_lies_some_time_back() -> None:
    start = Timings().seconds()["start"]
    assert 0 < start < 24 * 3600


def test_only_a_command_line_that_asks_is_timed() -> None:
    assert timings(["plan", "box.yaml"]) is OFF
    assert OFF.seconds() == {}
    assert timings(["plan", "--timings"]) is not OFF


@pytest.fixture
def say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """Run a command line from its first moment in a folder whose file is as box.yaml wants it."""
    (tmp_path / "file").write_text("right")
    spec = f"name: box\nfiles: {{{tmp_path / 'file'}: {{content: right}}}}\n"
    (tmp_path / "box.yaml").write_text(spec)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def function(*words: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["envwright", *words, "box.yaml"])
        return Said(__main__.main(), *capsys.readouterr())

    return function


def parts(said: Said) -> list[str]:
    """What the time went on, by the table."""
    return re.findall(r"^ +\d+\.\d ms  (.*)$", said.err, re.MULTILINE)


@ROOT
def test_instrumentation_costs_nothing_when_it_is_off(
    say: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> float:
        raise AssertionError("a clock was read")

    monkeypatch.setattr("envwright.timings.time.perf_counter", read)
    monkeypatch.setattr("envwright.timings._since_start", read)
    monkeypatch.setattr(Timings, "__init__", read)
    first = say("plan")
    assert (first.code, first.err, say("plan")) == (0, "", first)
    assert say("apply", "--yes").code == 0


@ROOT
def test_a_plan_says_where_its_time_went(say: Callable[..., Said]) -> None:
    first, second = say("plan", "--timings"), say("plan", "--timings")
    assert first.out == second.out == say("plan").out
    before = ["start", "look for a cached result"]
    assert parts(first) == [*before, "connect", "compile", "compare", "probe", "the rest", "in all"]
    assert parts(second) == [*before, "connect and probe", "compare", "the rest", "in all"]


@ROOT
def test_an_apply_says_how_long_each_step_took(say: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("wrong")
    said = say("apply", "--yes", "--timings")
    step = f"file:{tmp_path}/file"
    work = ["journal and second look", step, "verify"]
    assert [part for part in parts(said) if part in work] == work


@ROOT
def test_json_has_the_timings_and_says_new_ones_each_time(say: Callable[..., Said]) -> None:
    words = ("plan", "--json", "--timings")
    plans = [json.loads(say(*words).out) for _ in range(2)]
    names = [list(plan.pop("timings")) for plan in plans]
    expected = [
        "start",
        "look for a cached result",
        "connect",
        "compile",
        "compare",
        "probe",
        "the rest",
    ]
    assert (names, plans) == ([expected] * 2, [json.loads(say("plan", "--json").out)] * 2)


@ROOT
def test_json_of_checks_has_them_by_name_beside_the_timings(say: Callable[..., Said]) -> None:
    timed = json.loads(say("verify", "--json", "--timings").out)
    assert [sorted(timed), [check["outcome"] for check in timed["checks"]]] == [
        ["checks", "timings"],
        ["passed"],
    ]
    assert "verify" in timed["timings"]


def test_a_command_line_that_fails_says_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["plan", "--timings"]) == 1
    said = Said(1, *capsys.readouterr())
    assert (said.err.partition("\n")[0], parts(said)) == (
        "error: no environment is named for @local",
        ["start", "the rest", "in all"],
    )
