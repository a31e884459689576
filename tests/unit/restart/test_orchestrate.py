"""`apply --restart`: refused in time, waited for, taken up here, and cleaned up where it fails."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from standins import DEBIAN, WSL, StandInSession, compiled

from envwright.errors import EnvwrightError, ExitCode, HostError, RefusedError, StepError
from envwright.facts import Boot
from envwright.host.inventory import Target
from envwright.host.session import Result
from envwright.model.resource import Moment
from envwright.model.secrets import Secrets
from envwright.restart import orchestrate, saved_run, windows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from envwright.engine.context import Context
    from envwright.engine.plan import Plan
    from envwright.facts import Machine

BEFORE, NOW = Boot("one", 42, 1000.0, 1001.0), Boot("one", 99, 1000.0, 2001.0)
STARTS = {"before": {"boot_id": "one", "pid_1": 42}, "after": {"boot_id": "one", "pid_1": 99}}
REMOTE = "@ssh/laptop"
AWAY = HostError("@ssh/laptop: nobody answers")
NOT_RESTARTED = "Windows did not restart this machine within 120 s"
FAILED = Result(1, b"no\n", b"no\n")
NOTHING, TERMINATE = (
    cast("Plan", SimpleNamespace(restart=moment, environment="box"))
    for moment in (None, Moment.DISTRIBUTION)
)


TEXT, JSON = {"json": False}, {"json": True}
FIRST: Any = {"verify": True, "continued": False}
"""A run that was not restarted yet."""


class StandInMachineSession(StandInSession):
    """One that knows whether it was closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


@dataclass
class World:
    """A machine that is restarted, and a clock that only this run moves."""

    session: StandInMachineSession = field(default_factory=StandInMachineSession)
    starts: list[Boot | EnvwrightError] = field(default_factory=list)
    """What is seen of the machine, look by look; the last one stays."""
    lines: list[str] = field(default_factory=list)
    handlers: dict[int, Callable[..., object]] = field(default_factory=dict)
    seconds: float = 0

    def context(self, host: str = REMOTE, machine: Machine = WSL) -> Context:
        made = compiled()
        return cast(
            "Context",
            SimpleNamespace(
                session=self.session,
                target=Target(host, "box.yaml"),
                machine=machine,
                compiled=made,
                secrets=Secrets({}),
            ),
        )

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    @contextmanager
    def open(self, host: str, **_: Any) -> Iterator[StandInSession]:
        assert host == REMOTE
        if isinstance(self.starts[0], HostError):
            raise self.look()
        yield self.session

    def look(self) -> Any:
        return self.starts.pop(0) if len(self.starts) > 1 else self.starts[0]

    def boot(self, _: StandInSession) -> Boot:
        seen: Boot | EnvwrightError = self.look()
        if isinstance(seen, EnvwrightError):
            raise seen
        return seen


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    clock = SimpleNamespace(monotonic=lambda: made.seconds, sleep=made.sleep)
    signals = SimpleNamespace(
        signal=made.handlers.__setitem__, SIGTERM=signal.SIGTERM, SIGHUP=signal.SIGHUP
    )
    monkeypatch.setattr(orchestrate, "time", clock)
    monkeypatch.setattr(orchestrate, "signal", signals)
    monkeypatch.setattr(orchestrate, "open_session", made.open)
    monkeypatch.setattr(windows, "boot_of", made.boot)
    monkeypatch.setattr(saved_run, "TICKET", str(tmp_path / "ticket.json"))
    return made


# --- Before anything is changed ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("machine", "lines"),
    [
        (DEBIAN, ["This machine does not run under WSL: nothing here waits for a restart."]),
        (WSL, []),
    ],
)
def test_a_plan_without_a_restart_asks_nothing(
    machine: Machine, lines: list[str], world: World
) -> None:
    taken = orchestrate.check(
        world.context(machine=machine), NOTHING, world.lines.append, json=False
    )
    assert (taken, world.lines, world.session.scripts) == (False, lines, [])


def test_a_restart_seen_from_outside_needs_windows_alone(world: World) -> None:
    assert orchestrate.check(world.context(), TERMINATE, world.lines.append, json=True)
    (asked,) = world.session.scripts
    assert "wsl.exe --list" in asked


def test_a_restart_of_this_machine_is_rehearsed_too(world: World) -> None:
    assert orchestrate.check(world.context("@local"), TERMINATE, world.lines.append, json=False)
    _, rehearsed = world.session.scripts
    assert rehearsed.endswith(" -m envwright --after-restart --rehearse")


@pytest.mark.parametrize(
    ("answers", "style", "what", "hint"),
    [
        (
            [FAILED],
            TEXT,
            "@stand-in: Windows cannot be asked for a restart: no",
            "without --restart, envwright says what to do by hand; nothing was changed",
        ),
        (
            [],
            JSON,
            "@local: envwright cannot print what comes after its own restart",
            f"leave out --json; {saved_run.OUTCOME} will tell; nothing was changed",
        ),
        (
            [b"", FAILED],
            TEXT,
            "@stand-in: after the restart nobody could go on: no",
            "restart by hand and apply again; nothing was changed",
        ),
    ],
)
def test_a_restart_that_nobody_would_come_back_from_is_refused(
    answers: list[Result | bytes], style: dict[str, bool], what: str, hint: str, world: World
) -> None:
    world.session = StandInMachineSession(*answers)
    with pytest.raises(RefusedError) as refused:
        orchestrate.check(world.context("@local"), TERMINATE, world.lines.append, **style)
    assert str(refused.value) == f"{what}\nhint: {hint}"


# --- Seen from outside ---------------------------------------------------------------------------


def cross(world: World) -> dict[str, Any]:
    return orchestrate.cross(world.context(), TERMINATE, Moment.DISTRIBUTION, world.lines.append)


def test_a_machine_is_waited_for_until_it_is_up_after_another_start(world: World) -> None:
    silent = StepError(f"{REMOTE}: it cannot be told when the machine started")
    world.starts = [BEFORE, BEFORE, AWAY, silent, AWAY, NOW]
    assert cross(world) == STARTS
    assert (world.seconds, world.session.closed) == (5, True)
    assert world.lines == [
        "Windows runs `wsl --terminate Ubuntu-24.04` now; waiting for the machine."
    ]
    assert world.session.scripts[-1] == orchestrate._UP


@pytest.mark.parametrize(
    ("seen", "what"), [(BEFORE, f"{REMOTE}: {NOT_RESTARTED}"), (AWAY, str(AWAY))]
)
def test_a_machine_that_stays_up_or_away_is_given_up(
    seen: Boot | HostError, what: str, world: World
) -> None:
    world.starts = [BEFORE, seen]
    with pytest.raises(EnvwrightError) as lost:
        cross(world)
    assert (str(lost.value), world.seconds) == (what, 120)


def test_a_restart_that_windows_does_not_take_leaves_nothing_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StepError("Windows did not take it")

    monkeypatch.setattr(windows, "hand_over", refuse)
    world.starts = [BEFORE]
    with pytest.raises(StepError, match=r"^Windows did not take it$"):
        cross(world)
    assert world.session.scripts == ["rm -rf /var/lib/envwright/resume"]
    assert (world.lines, world.session.closed) == ([], False)


# --- From inside ---------------------------------------------------------------------------------


def test_a_machine_that_does_not_restart_under_us_keeps_nothing_of_the_attempt(
    world: World,
) -> None:
    world.starts = [BEFORE]
    context = world.context("@local")
    with pytest.raises(StepError) as stayed:
        orchestrate.leave(context, TERMINATE, Moment.DISTRIBUTION, world.lines.append, **FIRST)
    assert (str(stayed.value), world.seconds) == (f"@local: {NOT_RESTARTED}", 120)
    (line,) = world.lines
    assert line == (
        "Windows runs `wsl --terminate Ubuntu-24.04` now. envwright goes on by itself: "
        "/var/lib/envwright/resumed.log has what it says, /var/lib/envwright/resumed.json "
        "the outcome."
    )
    scripts = world.session.scripts
    (handed,) = (number for number, script in enumerate(scripts) if "cmd.exe /d" in script)
    assert scripts.index(saved_run._ENABLE) < handed
    assert scripts[-1] == saved_run._REMOVE


def test_ctrl_c_while_the_restart_is_awaited_takes_it_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(orchestrate, "time", SimpleNamespace(sleep=interrupt))
    world.starts = [BEFORE]
    with pytest.raises(KeyboardInterrupt):
        orchestrate.leave(
            world.context("@local"), TERMINATE, Moment.DISTRIBUTION, world.lines.append, **FIRST
        )
    assert world.session.scripts[-1] == saved_run._REMOVE


def test_a_process_that_dies_with_its_machine_says_that_a_restart_is_on(world: World) -> None:
    world.starts = [BEFORE]
    with pytest.raises(StepError):
        orchestrate.leave(
            world.context("@local"), TERMINATE, Moment.DISTRIBUTION, world.lines.append, **FIRST
        )
    assert set(world.handlers) == {signal.SIGTERM, signal.SIGHUP}
    for number, handler in world.handlers.items():
        with pytest.raises(SystemExit) as ended:
            handler(number, None)
        assert ended.value.code == ExitCode.RESTART
