"""The workflow: what happens in which order, how it ends, and what its outcome says."""

from __future__ import annotations

import io
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from standins import ORIGIN, WSL, StandInSession, compiled

from envwright import workflow
from envwright.engine import apply as engine_apply
from envwright.engine import verify as engine_verify
from envwright.engine.plan import Change, Plan
from envwright.errors import EnvwrightError, ExitCode, LockedError, RefusedError, StepError
from envwright.model import pending_restart
from envwright.model.proof import Result
from envwright.model.resource import Difference, Moment
from envwright.model.secrets import Secrets
from envwright.resources.file import File
from envwright.resources.package import Package
from envwright.restart import orchestrate, windows
from envwright.spec.reach import LocalCommand, Reach
from envwright.timings import OFF
from envwright.workflow import Outcome, RunOptions, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from envwright.engine.context import Context
    from envwright.model.pending_restart import SkipReasons
    from envwright.report.terminal import Report

GIT = Change(Package(package="git", origins=(ORIGIN,)), Difference(None, {}, ("exists",)))
LATE = replace(GIT, pending="a restart of the distribution")
FILE = File(path="/etc/wsl.conf", content="")
NOTHING = Plan("box", "@local", WSL, 2, ())
DIFFERS = replace(NOTHING, changes=(GIT,))
PENDING = replace(NOTHING, changes=(LATE,))
WAITING = replace(NOTHING, waiting=(replace(FILE, takes_effect=Moment.DISTRIBUTION),))
PASSED, FAILED = (Result("package:git", word, "", 0.0) for word in ("passed", "failed"))
STARTS = {"before": {"pid_1": 1}, "after": {"pid_1": 2}}
DONE, CHANGES, RESTART = ExitCode.DONE, ExitCode.CHANGES, ExitCode.RESTART


class StandInReport:
    """A report that notes in `did` what it is told."""

    def __init__(self, did: list[str]) -> None:
        self.did = did
        self.mask: Callable[[str], str] = str
        self.begin = self.end = self.cut_off = self.waiting = self.result = lambda _: None

    def line(self, text: str = "") -> None:
        if text:
            self.did.append(f"say {text.strip()}")

    def ask(self, question: str) -> None:
        self.did.append(question.strip())

    def plan(self, plan: Plan) -> None:
        self.did.append(f"show {len(plan.changes)} to change")

    def results(self, results: list[Result]) -> None:
        self.did.append(f"count {len(results)}")

    def left(self, plan: Plan, made: Plan) -> None:
        self.did.append(f"show {len(plan.changes)} of {len(made.changes)} left")


@dataclass
class World:
    """A machine whose plans, checks and restarts are given; `did` is what happened to it."""

    plans: list[Plan]
    left: Plan = NOTHING
    checks: list[Result] = field(default_factory=lambda: [PASSED])
    did: list[str] = field(default_factory=list)
    told: list[Outcome] = field(default_factory=list)
    skips_seen: list[SkipReasons] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.session = StandInSession()
        self.compiled, self.secrets, self.timings = compiled(), Secrets({}), OFF
        self.error: EnvwrightError | None = None
        self.here = True

    def run(self, options: RunOptions) -> Outcome:
        context, report = cast("Context", self), cast("Report", StandInReport(self.did))
        return workflow.run(context, options, report, self.told.append)

    def plan(self) -> Plan:
        self.did.append("plan")
        return self.plans.pop(0)

    def skip_reasons(self) -> SkipReasons:
        return pending_restart.NO_SKIPS

    @contextmanager
    def reopened(self) -> Iterator[World]:
        self.did.append("reopen")
        yield self

    def apply(self, plan: Plan, *_: object, shown: bool, **__: object) -> Plan:
        self.did.append(f"apply {len(plan.changes)}, {'shown' if shown else 'not shown'}")
        if self.error:
            raise self.error
        return self.left

    def verify(
        self, *_: object, skips: SkipReasons, junit: Path | None, **__: object
    ) -> list[Result]:
        self.did.append(f"verify into {junit}" if junit else "verify")
        self.skips_seen.append(skips)
        return self.checks

    def cross(self, *_: object) -> dict[str, Any]:
        self.did.append("restart")
        self.left = NOTHING
        return STARTS

    def leave(self, *_: object, verify: bool, continued: bool) -> None:
        self.did.append(f"leave, {verify=}, {continued=}")
        raise SystemExit(RESTART)

    def can_restart(self, _: object, plan: Plan, *__: object, json: bool) -> bool:
        self.did.append(f"can restart? {json=}")
        return bool(plan.restart)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World([DIFFERS])
    monkeypatch.setattr("sys.stdin", None)
    monkeypatch.setattr(engine_apply, "apply", made.apply)
    monkeypatch.setattr(engine_verify, "run", made.verify)
    for name, function in {
        "check": made.can_restart,
        "cross": made.cross,
        "leave": made.leave,
        "is_here": lambda _: made.here,
    }.items():
        monkeypatch.setattr(orchestrate, name, function)
    for name in ("record", "release"):
        monkeypatch.setattr(windows, name, lambda *_, name=name: made.did.append(name))
    return made


class Terminal(io.StringIO):
    """A stdin at which somebody sits."""

    def isatty(self) -> bool:
        return True


PLAN, VERIFY, YES = RunOptions(Verb.PLAN), RunOptions(Verb.VERIFY), RunOptions(Verb.APPLY, yes=True)


# --- What an environment runs here -----------------------------------------------------------


@pytest.fixture
def reaching(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose environment runs a command and reads a file elsewhere."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    command = LocalCommand("token", ("pass", "show", "x"), str(tmp_path), "box.yaml:3")
    reach = Reach(str(tmp_path), (command,), ("../motd",))
    world.compiled = replace(world.compiled, reach=reach)
    return world


def test_a_person_is_asked_once_for_the_commands_that_an_environment_runs(
    reaching: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = f"say The environment reads ../motd, outside of {tmp_path}."
    asked = (
        "The environment runs commands on this computer:\n"
        "    pass show x  (secret token, box.yaml:3)\n"
        "Run them, now and until they change? [y/N]"
    )
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    reaching.plans = [DIFFERS, DIFFERS]
    reaching.run(PLAN)
    reaching.run(PLAN)
    shown = ["plan", "show 1 to change"]
    assert reaching.did == [named, asked, *shown, named, *shown]


@pytest.mark.parametrize("stdin", [None, Terminal("n\n"), Terminal("")])
@pytest.mark.parametrize("options", [PLAN, VERIFY, YES])
def test_nothing_is_run_that_nobody_agreed_to(
    stdin: io.StringIO | None,
    options: RunOptions,
    reaching: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(RefusedError):
        reaching.run(options)
    assert "plan" not in reaching.did
    assert "verify" not in reaching.did


def test_what_is_trusted_elsewhere_is_not_asked_about(reaching: World, tmp_path: Path) -> None:
    reaching.run(replace(PLAN, trust=True))
    named = f"say The environment reads ../motd, outside of {tmp_path}."
    assert reaching.did == [named, "plan", "show 1 to change"]


# --- The order of things -------------------------------------------------------------------------


def test_a_plan_shows_what_differs_and_changes_nothing(world: World) -> None:
    assert world.run(PLAN) == Outcome(Verb.PLAN, DIFFERS)
    assert world.did == ["plan", "show 1 to change"]


@pytest.mark.parametrize("nothing", [NOTHING, WAITING])
def test_an_apply_that_finds_nothing_to_do_asks_nothing(nothing: Plan, world: World) -> None:
    world.plans = [nothing]
    assert world.run(RunOptions(Verb.APPLY)) == Outcome(Verb.APPLY, nothing)
    assert world.did == ["plan", "show 0 to change"]


def test_an_apply_asks_first_and_verifies_last(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("Yes\n"))
    assert world.run(RunOptions(Verb.APPLY)) == Outcome(Verb.APPLY, DIFFERS, NOTHING, (PASSED,))
    assert world.did == [
        "plan",
        "show 1 to change",
        "Make these changes? [y/N]",
        "apply 1, shown",
        "say Verifying box on @stand-in:",
        "verify",
        "count 1",
        "show 0 of 1 left",
    ]


@pytest.mark.parametrize("answer", ["n\n", "\n", "", "yess\n"])
def test_any_other_answer_than_yes_changes_nothing(
    answer: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    with pytest.raises(EnvwrightError, match=r"^nothing was changed$"):
        world.run(RunOptions(Verb.APPLY))
    assert world.did == ["plan", "show 1 to change", "Make these changes? [y/N]"]


@pytest.mark.parametrize("stdin", [None, io.StringIO("yes\n")], ids=["closed", "no terminal"])
def test_without_a_terminal_an_apply_that_may_not_ask_is_refused(
    stdin: io.StringIO | None, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(EnvwrightError) as raised:
        world.run(RunOptions(Verb.APPLY))
    assert str(raised.value) == (
        "nothing was changed: there is nobody to ask\nhint: say --yes to apply without asking"
    )
    assert world.did == ["plan", "show 1 to change"]


def test_an_apply_may_be_told_not_to_ask_and_not_to_verify(world: World) -> None:
    outcome = world.run(replace(YES, verify=False))
    assert outcome == Outcome(Verb.APPLY, DIFFERS, NOTHING)
    assert world.did == ["plan", "show 1 to change", "apply 1, not shown", "show 0 of 1 left"]


def test_what_was_agreed_to_is_what_is_applied_or_nothing_is(world: World) -> None:
    world.plans = [DIFFERS, NOTHING]
    agreed = replace(YES, agreed=DIFFERS.json()["changes"])
    assert world.run(agreed).left == NOTHING
    with pytest.raises(RefusedError):
        world.run(agreed)
    assert "apply 0, not shown" not in world.did


def test_what_waits_for_a_restart_is_no_failure_of_the_verification(world: World) -> None:
    world.left = PENDING
    world.run(YES)
    assert world.skips_seen == [
        pending_restart.SkipReasons(
            {"package:git": "a restart of the distribution"},
            {"files": "package:git waits: a restart of the distribution"},
        )
    ]


def test_a_verification_plans_nothing_and_may_write_junit(world: World, tmp_path: Path) -> None:
    world.checks = [PASSED, FAILED]
    file = tmp_path / "junit.xml"
    assert world.run(replace(VERIFY, junit=file)) == Outcome(Verb.VERIFY, checks=(PASSED, FAILED))
    assert world.did == ["say Verifying box on @stand-in:", f"verify into {file}", "count 2"]


def test_a_run_that_fails_has_told_how_far_it_came(world: World) -> None:
    world.error = StepError("no space")
    with pytest.raises(StepError):
        world.run(YES)
    failed = Outcome(Verb.APPLY, DIFFERS, error=world.error)
    assert world.told == [Outcome(Verb.APPLY, DIFFERS), failed]
    assert (failed.code, failed.json()["error"]) == (1, {"message": "no space", "hint": ""})


@pytest.mark.parametrize(
    ("hint", "options", "told"),
    [
        ("end it", YES, "wait for it, by apply --lock-timeout 600; end it"),
        ("", replace(YES, when_locked="try later"), "try later"),
    ],
)
def test_a_run_that_finds_another_one_says_what_whoever_began_it_can_do(
    world: World, hint: str, options: RunOptions, told: str
) -> None:
    world.error = LockedError("another envwright is at work here", hint=hint)
    with pytest.raises(LockedError) as raised:
        world.run(options)
    assert raised.value.hint == told


def test_each_stage_is_told(world: World) -> None:
    last = world.run(YES)
    assert world.told == [
        Outcome(Verb.APPLY, DIFFERS),
        Outcome(Verb.APPLY, DIFFERS, NOTHING),
        last,
    ]


# --- A restart -----------------------------------------------------------------------------------

RESTARTING = replace(YES, restarts=2)


def test_a_machine_seen_from_outside_is_restarted_and_what_is_left_is_applied(world: World) -> None:
    world.here = False
    world.plans, world.left = [DIFFERS_NOW, PENDING], WAITING
    outcome = world.run(RESTARTING)
    assert outcome == Outcome(Verb.APPLY, PENDING, NOTHING, (PASSED,), (STARTS,))
    assert world.did == [
        "plan",
        "show 1 to change",
        "can restart? json=False",
        "apply 1, not shown",
        "restart",
        "reopen",
        "record",
        "plan",
        "show 1 to change",
        "can restart? json=False",
        "apply 1, not shown",
        "say Verifying box on @stand-in:",
        "verify",
        "count 1",
        "show 0 of 1 left",
        "release",
    ]


DIFFERS_NOW = replace(WAITING, changes=(GIT,))


def test_a_question_names_the_restart(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.plans = [DIFFERS_NOW]
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    with pytest.raises(EnvwrightError):
        world.run(replace(RESTARTING, yes=False, json=True))
    assert world.did[2:] == ["can restart? json=True", "Make these changes and restart? [y/N]"]


def test_this_machine_is_left_and_its_run_is_saved(world: World) -> None:
    world.plans, world.left = [DIFFERS_NOW], WAITING
    with pytest.raises(SystemExit):
        world.run(replace(RESTARTING, verify=False))
    assert world.did[-1] == "leave, verify=False, continued=False"


def test_the_run_after_a_restart_verifies_even_where_nothing_is_left(world: World) -> None:
    world.plans = [NOTHING]
    outcome = world.run(replace(YES, continued=True))
    assert outcome == Outcome(Verb.APPLY, NOTHING, NOTHING, (PASSED,))
    assert "verify" in world.did


def test_without_a_restart_to_make_the_machine_stays_up(world: World) -> None:
    world.run(RESTARTING)
    assert "restart" not in world.did


# --- How it ends ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome(Verb.PLAN, NOTHING), DONE),
        (Outcome(Verb.PLAN, DIFFERS), CHANGES),
        (Outcome(Verb.PLAN, WAITING), RESTART),
        (Outcome(Verb.PLAN, DIFFERS_NOW), CHANGES),
        (Outcome(Verb.PLAN, replace(NOTHING, failures=(FAILED,))), CHANGES),
        (Outcome(Verb.APPLY, replace(NOTHING, failures=(FAILED,))), CHANGES),
        (Outcome(Verb.APPLY, DIFFERS, replace(NOTHING, failures=(FAILED,))), CHANGES),
        (Outcome(Verb.APPLY, DIFFERS, replace(NOTHING, failures=(FAILED,)), (PASSED,)), DONE),
        (Outcome(Verb.APPLY, NOTHING), DONE),
        (Outcome(Verb.APPLY, WAITING), RESTART),
        (Outcome(Verb.APPLY, DIFFERS, NOTHING, (PASSED,)), DONE),
        (Outcome(Verb.APPLY, DIFFERS, PENDING, (PASSED,)), RESTART),
        (Outcome(Verb.APPLY, DIFFERS, WAITING, (PASSED,)), RESTART),
        (Outcome(Verb.APPLY, DIFFERS, PENDING, (PASSED, FAILED)), CHANGES),
        (Outcome(Verb.VERIFY, checks=(PASSED,)), DONE),
        (Outcome(Verb.VERIFY, checks=(PASSED, FAILED)), CHANGES),
    ],
)
def test_one_rule_says_the_exit_code(outcome: Outcome, code: ExitCode) -> None:
    assert outcome.code is code


def test_the_json_of_a_plan_is_the_plan() -> None:
    assert Outcome(Verb.PLAN, DIFFERS).json() == DIFFERS.json()


def test_the_json_of_an_apply_has_the_plan_and_what_came_of_it() -> None:
    left = replace(PENDING, waiting=WAITING.waiting)
    outcome = Outcome(Verb.APPLY, DIFFERS, left, (PASSED,))
    document = {
        "plan": DIFFERS.json(),
        "pending": ["package:git"],
        "waiting": [{"id": "file:/etc/wsl.conf", "after": "wsl --terminate Ubuntu-24.04"}],
        "checks": [{"id": "package:git", "outcome": "passed", "reason": "", "seconds": 0.0}],
    }
    assert outcome.json() == document
    assert replace(outcome, restarts=(STARTS,)).json() == {**document, "restarts": [STARTS]}


def test_the_json_of_an_apply_that_found_nothing_says_what_waits() -> None:
    assert Outcome(Verb.APPLY, WAITING).json() == {
        "plan": WAITING.json(),
        "pending": [],
        "waiting": WAITING.json()["waiting"],
        "checks": [],
    }


def test_the_json_of_a_verification_is_its_checks() -> None:
    assert Outcome(Verb.VERIFY, checks=(FAILED,)).json() == [
        {"id": "package:git", "outcome": "failed", "reason": "", "seconds": 0.0}
    ]


def test_an_outcome_names_what_changed_what_is_pending_and_what_failed() -> None:
    outcome = Outcome(Verb.APPLY, DIFFERS, PENDING, (PASSED, FAILED))
    assert (outcome.changes, outcome.pending) == (("package:git",), ("package:git",))
    assert outcome.failures == (FAILED,)
