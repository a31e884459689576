"""The workflow: plan, ask, apply, restart, verify, exit code; the one sequence of every run.

The command line, a fleet's workers, pull mode and the run after a restart all call `run`.
"""

from __future__ import annotations

import enum
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from envwright.engine.context import somebody_is_there
from envwright.errors import EnvwrightError, ExitCode, LockedError, RefusedError
from envwright.model.cause import APPLY, Cause

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from envwright.engine.context import Context
    from envwright.engine.plan import Plan
    from envwright.engine.saved_plan import SavedPlan
    from envwright.model.pending_restart import SkipReasons
    from envwright.model.proof import Result
    from envwright.model.resource import Moment
    from envwright.report.terminal import Report
    from envwright.spec.reach import Reach

    Tell = Callable[["Outcome"], object]

# Imports stand where they are used: what a plan does not need costs it no time.


class Verb(enum.Enum):
    """What a run does to a machine."""

    PLAN = "plan"
    """Show what differs."""
    APPLY = "apply"
    """Show what differs, ask, make it so, and verify it."""
    VERIFY = "verify"
    """Check that the machine is as it should be."""


@dataclass(frozen=True)
class RunOptions:
    """What is wanted of a run.

    Args:
        verb: what the run does.
        yes: apply without asking.
        verify: verify what was applied.
        restarts: how many restarts apply may have Windows make.
        continued: the run began before a restart: it verifies even where nothing is left to do.
        json: the caller prints the outcome as JSON when the run is over.
        agreed: the changes of the plan that a person agreed to, as JSON values; apply refuses any
            other plan. None where no plan was shown before.
        saved: a plan that was saved: apply makes its changes, or none.
        lock_timeout: seconds to wait where another run is at work on the machine.
        junit: a file into which verify writes JUnit XML, too.
        trust: what the environment runs and reads on this computer was agreed to elsewhere.
        when_locked: what a person can do while another run is at work on the machine.
        cause: why the machine is changed, for its history.
        prune: take back what the environment made and no longer names.
    """

    verb: Verb
    yes: bool = False
    verify: bool = True
    restarts: int = 0
    continued: bool = False
    json: bool = False
    agreed: list[dict[str, Any]] | None = None
    saved: SavedPlan | None = None
    junit: Path | None = None
    lock_timeout: float = 0
    trust: bool = False
    when_locked: str = "wait for it, by apply --lock-timeout 600"
    cause: Cause = APPLY
    prune: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Args:
        verb: what the run did.
        plan: what differed; None for a verification.
        left: what still differs after apply, which waits for a restart; None where nothing was
            applied.
        checks: the results of the verification.
        restarts: the restarts that Windows made, each by the identities of the machine's starts
            before and after it.
        error: what the changes ended in, where they did not all succeed.
    """

    verb: Verb
    plan: Plan | None = None
    left: Plan | None = None
    checks: tuple[Result, ...] = ()
    restarts: tuple[dict[str, Any], ...] = ()
    error: EnvwrightError | None = None

    @property
    def code(self) -> ExitCode:
        """The exit code: the one rule for every verb."""
        rest = self._rest()
        if self.error:
            return self.error.exit_code
        if self.failures or (self.verb is Verb.PLAN and rest):
            return ExitCode.CHANGES
        return ExitCode.RESTART if rest is not None and (rest or rest.waiting) else ExitCode.DONE

    @property
    def changes(self) -> tuple[str, ...]:
        """The ids of the resources that differed."""
        return _ids(self.plan)

    @property
    def pending(self) -> tuple[str, ...]:
        """The ids of the resources that still differ after apply."""
        return _ids(self.left)

    @property
    def failures(self) -> tuple[Result, ...]:
        """The checks that failed; without a verification, those that the last plan made."""
        rest = self._rest()
        if rest is not None and not self.checks:
            return rest.failures
        return tuple(check for check in self.checks if check.outcome == "failed")

    def _rest(self) -> Plan | None:
        return self.plan if self.left is None else self.left

    def json(self) -> Any:
        """Return what `--json` prints: an object, or for a verification a list of checks."""
        checks = [check.json() for check in self.checks]
        if self.plan is None:
            return checks
        plan = self.plan.json()
        if self.verb is Verb.PLAN:
            return plan
        waiting = plan["waiting"] if self.left is None else self.left.json()["waiting"]
        return {
            "plan": plan,
            "pending": list(self.pending),
            "waiting": waiting,
            "checks": checks,
            **({"restarts": list(self.restarts)} if self.restarts else {}),
            **({"error": self.error.json()} if self.error else {}),
        }


def _ids(plan: Plan | None) -> tuple[str, ...]:
    return tuple(change.resource.id for change in plan.changes) if plan is not None else ()


def run(
    context: Context, options: RunOptions, report: Report, tell: Tell = lambda _: None
) -> Outcome:
    """Do what is wanted on one machine; return what it came to.

    Args:
        context: the machine and its environment.
        options: what is wanted.
        report: shows the plan, the steps, the checks, and asks.
        tell: hears of the outcome as far as it has come, after each stage of the run: a run that
            fails leaves what it did.

    Raises:
        EnvwrightError: the run cannot be done, or a step of it failed.
    """
    require_trust(context.compiled.reach, report, given=options.trust)
    if options.prune:
        context.prune("always")
    this = _Run(context, options, report, tell)
    return {Verb.PLAN: this.plan, Verb.APPLY: this.apply, Verb.VERIFY: this.verify}[options.verb]()


def require_trust(reach: Reach, report: Report, *, given: bool) -> None:
    """Tell what an environment reads elsewhere on this computer, and ask before it runs anything.

    Args:
        reach: what the environment runs and reads here.
        report: shows it.
        given: somebody has agreed already, by `--trust` or by a signature.

    Raises:
        RefusedError: nobody has agreed, or the environment is another user's and reads files that
            are not its own.
    """
    for path in reach.outside:
        report.line(f"The environment reads {path}, outside of {reach.folder}.")
    if given or not (reach.outside or reach.commands):
        return
    from envwright.cache import trust  # noqa: PLC0415 - see above

    try:
        trust.require(reach)
    except trust.UntrustedError:
        if not somebody_is_there():
            raise
        commands = "".join(f"\n    {command}" for command in reach.commands)
        question = (
            f"The environment runs commands on this computer:{commands}\n"
            "Run them, now and until they change? [y/N] "
        )
        if not agrees(report, question):
            raise RefusedError("nothing was run and nothing was changed") from None
        trust.remember(reach)


def confirm(report: Report, more: str = "") -> None:
    """Ask a person before anything is changed.

    Args:
        report: shows the question.
        more: what is done beside the changes, with a blank before it.

    Raises:
        EnvwrightError: nobody is there to answer, or the answer is not yes.
    """
    if not somebody_is_there():
        raise EnvwrightError(
            "nothing was changed: there is nobody to ask", hint="say --yes to apply without asking"
        )
    if not agrees(report, f"\nMake these changes{more}? [y/N] "):
        raise EnvwrightError("nothing was changed")


def agrees(report: Report, question: str) -> bool:
    """Ask a person; tell whether the answer is yes."""
    report.ask(question)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


class _Run:
    """One run; its arguments are those of `run`."""

    def __init__(self, context: Context, options: RunOptions, report: Report, tell: Tell) -> None:
        self._context, self._options = context, options
        self._report, self._tell = report, tell

    def plan(self) -> Outcome:
        """Show what differs."""
        return Outcome(self._options.verb, self._planned())

    def apply(self) -> Outcome:
        """Show what differs, ask, make it so, restart where that is wanted, and verify."""
        options, report, plan = self._options, self._report, self._pruned(self._planned())
        outcome = Outcome(options.verb, plan)
        if options.agreed is not None:
            plan.expect(options.agreed)
        if options.saved is not None:
            options.saved.expect(self._context, plan)
        restarting = bool(options.restarts) and self._can_restart(plan)
        if not plan and not restarting and not options.continued:
            return outcome
        if not options.yes:
            confirm(report, " and restart" if restarting else "")
        report.line()
        try:
            left = self._make(plan)
        except EnvwrightError as error:
            if isinstance(error, LockedError):
                error.hint = "; ".join(filter(None, (options.when_locked, error.hint)))
            self._tell(replace(outcome, error=error))
            raise
        outcome = replace(outcome, left=left)
        self._tell(outcome)
        if restarting and left.restart:
            return self._go_on(left, left.restart)
        if options.verify:
            from envwright.engine.plan import skip_reasons  # noqa: PLC0415 - see above

            outcome = replace(outcome, checks=self._check(skip_reasons(left)))
            self._tell(outcome)
        report.left(left, plan)
        return outcome

    def verify(self) -> Outcome:
        """Check that the machine is as it should be."""
        checks = self._check(self._context.skip_reasons(), self._options.junit)
        outcome = Outcome(self._options.verb, checks=checks)
        self._tell(outcome)
        return outcome

    # --- The stages ---

    def _planned(self) -> Plan:
        """Plan, and show the plan."""
        plan = self._context.plan()
        self._report.plan(plan)
        self._tell(Outcome(self._options.verb, plan))
        return plan

    def _pruned(self, plan: Plan) -> Plan:
        """Ask whether what the environment no longer names goes, too; return the plan."""
        context, asks = self._context, self._context.compiled.prune == "ask"
        if not plan.left or not asks or self._options.yes or not somebody_is_there():
            return plan
        if not agrees(self._report, "\nTake back, too, what it no longer names? [y/N] "):
            return plan
        context.prune("always")
        return self._planned()

    def _make(self, plan: Plan) -> Plan:
        """Make the changes; return the plan that is left."""
        from envwright.engine.apply import apply  # noqa: PLC0415 - see above

        context, report = self._context, self._report
        with context.timings("journal and second look"):
            return apply(
                plan,
                context.compiled,
                context.session,
                context.secrets,
                report,
                timings=context.timings,
                shown=not self._options.yes,
                lock_timeout=self._options.lock_timeout,
                cause=self._options.cause,
            )

    def _check(self, skips: SkipReasons, junit: Path | None = None) -> tuple[Result, ...]:
        """Verify the machine; return the results."""
        from envwright.engine.verify import run as verify  # noqa: PLC0415 - see above

        context, report = self._context, self._report
        report.line(f"\nVerifying {context.compiled.name} on {context.session.name}:")
        with context.timings("verify"):
            results = verify(
                context.compiled,
                context.session,
                context.secrets,
                skips=skips,
                tell=report.result,
                junit=junit,
            )
        report.results(results)
        return tuple(results)

    def _can_restart(self, plan: Plan) -> bool:
        """Tell whether the plan takes a restart, which Windows can make."""
        from envwright.restart import orchestrate  # noqa: PLC0415 - see above

        return orchestrate.check(self._context, plan, self._report.line, json=self._options.json)

    def _go_on(self, left: Plan, moment: Moment) -> Outcome:
        """Have the machine restarted; from outside, apply what is left after the restart."""
        from envwright.restart import orchestrate, windows  # noqa: PLC0415 - see above

        context, options, say = self._context, self._options, self._report.line
        if orchestrate.is_here(context):
            orchestrate.leave(
                context, left, moment, say, verify=options.verify, continued=options.continued
            )
        starts = orchestrate.cross(context, left, moment, say)
        rest = replace(
            options,
            yes=True,
            restarts=options.restarts - 1,
            continued=True,
            agreed=None,
            saved=None,
        )
        with context.reopened() as again:
            self._report.mask = again.secrets.mask
            try:
                windows.record(again.session, left.environment, starts)
                outcome = _Run(again, rest, self._report, self._tell).apply()
            finally:
                windows.release(again.session)
        return replace(outcome, restarts=(starts, *outcome.restarts))
