"""The run that goes on: it counts, proves, records, and leaves nothing but its outcome."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from standins import DEBIAN, StandInSession, compiled

from envwright import after_restart, workflow
from envwright.cache.compiled import CompiledEnvironment
from envwright.errors import EnvwrightError, ExitCode, StepError
from envwright.facts import Boot
from envwright.model.proof import Result
from envwright.model.secrets import Secrets
from envwright.restart import saved_run, windows
from envwright.workflow import Outcome, RunOptions, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from envwright.engine.context import Compile, Context
    from envwright.host.inventory import Target
    from envwright.report.terminal import Report

BEFORE = {"boot_id": "one", "pid_1": 42}
NOW = Boot("one", 99, 1000.0, 1001.0)
AFTER = windows.identity(NOW)
TICKET = saved_run.Ticket("box", "DISTRIBUTION", BEFORE, verify=False)


def wanted(*, restarts: int) -> RunOptions:
    """What the run after a restart wants, which never asks."""
    return RunOptions(
        Verb.APPLY, yes=True, verify=False, restarts=restarts, continued=True, trust=True
    )


class World:
    """A machine after a restart: what the run asks of it is recorded."""

    def __init__(self, folder: Path) -> None:
        self.ticket = folder / "ticket.json"
        self.saved_run = compiled(), Secrets({})
        self.session = StandInSession()
        self.saved: dict[str, Any] = {}
        self.applied: list[RunOptions] = []
        self.outcome_of_run: Callable[[], Outcome] = lambda: Outcome(Verb.APPLY)

    @contextmanager
    def open(self, host: str) -> Iterator[StandInSession]:
        assert host == "@local"
        yield self.session

    def save(self, _: StandInSession, file: str, data: bytes, mode: str = "0600") -> None:
        self.saved[file] = (json.loads(data), mode)
        if file == saved_run.TICKET:
            self.ticket.write_bytes(data)

    @contextmanager
    def context(self, target: Target, compile_: Compile, *_: object) -> Iterator[Any]:
        assert (target.host, compile_(DEBIAN)) == ("@local", CompiledEnvironment(*self.saved_run))
        yield SimpleNamespace(secrets=Secrets({}))

    def apply(self, _: Context, options: RunOptions, __: Report) -> Outcome:
        self.applied.append(options)
        return self.outcome_of_run()

    def outcome(self) -> dict[str, Any]:
        found, mode = self.saved[saved_run.OUTCOME]
        assert (mode, found.pop("time")[:2], found.pop("log")) == ("0600", "20", saved_run.LOG)
        assert any("rm -rf /var/lib/envwright/resume" in s for s in self.session.scripts)
        return dict(found)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)
    made.ticket.write_text(TICKET.text(), "utf-8")
    monkeypatch.setattr(saved_run, "TICKET", str(made.ticket))
    monkeypatch.setattr(saved_run, "LOG", str(tmp_path / "log"))
    monkeypatch.setattr(after_restart, "open_session", made.open)
    monkeypatch.setattr(windows, "boot_of", lambda _: NOW)
    monkeypatch.setattr(windows, "save", made.save)
    monkeypatch.setattr(saved_run, "save", made.save)
    monkeypatch.setattr(saved_run, "saved", lambda: made.saved_run)
    monkeypatch.setattr(after_restart, "open_context", made.context)
    monkeypatch.setattr(workflow, "run", made.apply)
    return made


def test_a_run_that_ends_well_leaves_its_outcome_and_nothing_else(world: World) -> None:
    assert after_restart.main([]) == 0
    assert world.applied == [wanted(restarts=2)]
    starts = {"before": BEFORE, "after": AFTER}
    assert world.outcome() == {"environment": "box", "exit_code": 0, "restarts": [starts]}
    assert any('"event": "restarted"' in script for script in world.session.scripts)


def test_a_run_that_fails_leaves_no_more_and_its_error_is_in_the_log(world: World) -> None:
    def fail() -> Outcome:
        raise EnvwrightError("no space", hint="make some")

    world.outcome_of_run = fail
    assert after_restart.main([]) == 1
    assert world.outcome()["exit_code"] == 1
    log = (world.ticket.parent / "log").read_text("utf-8")
    assert log == "error: no space\nhint: make some\n"


def test_a_check_that_fails_is_the_exit_code_of_the_run(world: World) -> None:
    failed = Result("file:/a", "failed", "no", 0.0)
    world.outcome_of_run = lambda: Outcome(Verb.APPLY, checks=(failed,))
    assert after_restart.main([]) == 2
    assert world.outcome()["exit_code"] == 2


def test_a_machine_that_says_nothing_is_an_error_and_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> Boot:
        raise StepError("it cannot be told")

    monkeypatch.setattr(windows, "boot_of", fail)
    assert after_restart.main([]) == 1
    assert (world.applied, world.outcome()["exit_code"]) == ([], 1)


def test_a_restart_that_did_not_happen_is_not_entered(world: World) -> None:
    world.ticket.write_text(replace(TICKET, moment="VM").text(), "utf-8")
    assert after_restart.main([]) == 0
    assert world.outcome()["restarts"] == []
    assert "Not restarted as it has to be" in (world.ticket.parent / "log").read_text("utf-8")


def test_a_run_that_restarts_once_more_is_not_at_its_end(world: World) -> None:
    def leave() -> Outcome:
        found = saved_run.Ticket.read()
        assert found
        world.ticket.write_text(found.again("VM", AFTER).text(), "utf-8")
        raise SystemExit(ExitCode.RESTART)

    world.outcome_of_run = leave
    assert after_restart.main([]) == 3
    assert saved_run.OUTCOME not in world.saved
    removes = f"rm -rf {windows.FOLDER}"
    assert [script for script in world.session.scripts if removes in script] == []
    found = saved_run.Ticket.read()
    assert found
    assert (found.attempts, found.moment, len(found.restarts)) == (1, "VM", 1)


@pytest.mark.parametrize(
    ("attempts", "restarts", "code"),
    [(2, [0], 0), (3, [], 1)],
)
def test_it_cannot_go_round_in_circles(
    world: World, attempts: int, restarts: list[int], code: int
) -> None:
    world.ticket.write_text(replace(TICKET, attempts=attempts).text(), "utf-8")
    assert after_restart.main([]) == code
    assert world.applied == [wanted(restarts=limit) for limit in restarts]
    assert world.outcome()["exit_code"] == code


def test_without_a_ticket_there_is_nothing_to_do(world: World) -> None:
    world.ticket.unlink()
    assert after_restart.main([]) == 0
    assert (world.applied, world.saved) == ([], {})
