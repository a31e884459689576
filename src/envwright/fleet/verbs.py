"""The verbs for a fleet: plans in threads of this process, what pyinfra or pytest does in workers.

A plan is waiting for a machine and a little arithmetic: threads do that best. The exit code is the
worst of the machines' own: 1 an error, 2 changes or failed checks, 3 a restart is needed, 0.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envwright.cache.compiled import Made
from envwright.engine.context import Crowd, open_job, password_source
from envwright.errors import EnvwrightError, ExitCode
from envwright.fleet.compile_cache import Compilations
from envwright.fleet.logs import Log, log_files
from envwright.fleet.outcome import SKIPPED, Outcome, document, worst
from envwright.fleet.pool import Crew
from envwright.fleet.progress import Progress
from envwright.fleet.summary import count_line, show_drift, show_failures, show_plans
from envwright.fleet.task import Errand, Shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from envwright.engine.plan import Plan
    from envwright.fleet.pool import Hand
    from envwright.fleet.task import Act
    from envwright.host.inventory import Target
    from envwright.report.terminal import Report

    Work = Callable[[Hand, int], tuple[ExitCode, Any]]


class Fleet:
    """Several machines, by their numbers, and what the command line says of them."""

    def __init__(
        self, targets: Sequence[Target], options: argparse.Namespace, report: Report
    ) -> None:
        self.targets, self.options, self.report = targets, options, report
        self.plans: dict[int, Plan] = {}
        self.shown: dict[int, Shown] = {}
        self._logs = log_files(options.log_dir, targets)
        self._compilations = Compilations()
        self._source = password_source(options)
        report.mask = self._compilations.mask

    def run(self, verb: str, work: Work, numbers: Sequence[int]) -> list[Outcome]:
        """Have a crew do the work on machines."""
        targets = [self.targets[number] for number in numbers]
        crew = Crew(verb, self.options.parallel, fail_fast=self.options.fail_fast)
        progress = Progress(self.report, targets, self._ask)
        with self.options.spent(verb):
            return crew.run(targets, lambda hand, _: work(hand, numbers[hand.number]), progress)

    def plan(self, verb: str) -> list[Outcome]:
        """Plan for all machines; the log of one that `apply` will change has its plan from that."""

        def work(hand: Hand, number: int) -> tuple[ExitCode, Any]:
            with Log(self._logs[number]) as own:
                own.mask = self._compilations.mask
                try:
                    plan = self._plan(hand, number)
                except EnvwrightError as error:
                    own.error(error)
                    raise
                if verb == "plan" or not plan:
                    own.plan(plan)
            late = ExitCode.RESTART if plan.waiting else ExitCode.DONE
            return ExitCode.CHANGES if plan else late, plan.json()

        return self.run("plan", work, range(len(self.targets)))

    def _plan(self, hand: Hand, number: int) -> Plan:
        ask = hand.ask if self._source else None
        crowd = Crowd(self._compilations.compile, ask, hand.stop)
        with open_job(self.targets[number], self.options, crowd) as job:
            hand.say("comparing")
            plan = self.plans[number] = job.plan()
            agreed = None if vars(self.options).get("yes") else plan.json()["changes"]
            self.shown[number] = Shown(job.machine, Made(job.compiled, job.secrets), agreed)
        return plan

    def work(self, verb: str, act: Act, numbers: Sequence[int], **settings: Any) -> list[Outcome]:
        """Have workers do a verb on machines; `settings`: options, by functions of the number."""
        from envwright.fleet.worker import send  # noqa: PLC0415 - a plan needs no workers

        def work(hand: Hand, number: int) -> tuple[ExitCode, Any]:
            own = {name: setting(number) for name, setting in settings.items()}
            options = argparse.Namespace(**{**vars(self.options), **own})
            errand = Errand(
                self.targets[number],
                options,
                act,
                self._logs[number],
                asking=self._source is not None,
                shown=self.shown.get(number),
            )
            return send(errand, hand)

        return self.run(verb, work, numbers)

    def _ask(self, _prompt: str) -> str:
        """Ask for sudo's password the first time that a machine wants it: it is for all of them."""
        return self._source("[sudo] password for all hosts that want one: ") if self._source else ""


def plan(targets: Sequence[Target], options: argparse.Namespace, report: Report) -> ExitCode:
    """Show what differs, and where."""
    report.quiet = options.json
    fleet = Fleet(targets, options, report)
    outcomes = fleet.plan("plan")
    show_plans(report, (fleet.plans[number] for number in sorted(fleet.plans)))
    show_drift(report, outcomes, "plan")
    show_failures(report, outcomes)
    return _conclude("plan", outcomes, options, report)


def apply(
    targets: Sequence[Target],
    options: argparse.Namespace,
    report: Report,
    act: Act,
    confirm: Callable[[Report], None],
) -> ExitCode:
    """Show what differs, and where, ask once, make it so, and prove it."""
    fleet = Fleet(targets, options, report)
    outcomes = fleet.plan("apply")
    show_plans(report, (fleet.plans[number] for number in sorted(fleet.plans)))
    show_drift(report, outcomes, "plan")
    show_failures(report, outcomes)
    differing = [number for number, each in enumerate(outcomes) if each.word == "differs"]
    if options.fail_fast and any(outcome.failed for outcome in outcomes):
        made = [Outcome(targets[number], SKIPPED) for number in differing]
    else:
        if differing and not options.yes:
            confirm(report)
        report.line()
        made = fleet.work("apply", act, differing, yes=lambda _: True)
    outcomes = [_as_applied(outcome) for outcome in outcomes]
    for number, outcome in zip(differing, made, strict=True):
        outcomes[number] = outcome
    checks = [replace(each, result=each.result and each.result["checks"]) for each in outcomes]
    show_drift(report, checks, "verify")
    show_failures(report, made)
    return _conclude("apply", outcomes, options, report)


def _as_applied(outcome: Outcome) -> Outcome:
    """Return what a machine that needs nothing, or cannot be planned for, comes to."""
    plan = outcome.result
    result = plan and {"plan": plan, "pending": [], "waiting": plan["waiting"], "checks": []}
    return replace(outcome, result=result)


def verify(
    targets: Sequence[Target], options: argparse.Namespace, report: Report, act: Act
) -> ExitCode:
    """Prove that all machines are as they should be."""
    fleet = Fleet(targets, options, report)
    with tempfile.TemporaryDirectory(prefix="envwright-") as folder:

        def junit(number: int) -> Path | None:
            return Path(folder, f"{number}.xml") if options.junit else None

        outcomes = fleet.work("verify", act, range(len(targets)), junit=junit)
        if options.junit:
            from envwright.fleet.formats import merge  # noqa: PLC0415 - where it is asked for

            merge(outcomes, junit, options.junit)
    if options.format == "tap" and not options.json:
        from envwright.fleet.formats import tap_all  # noqa: PLC0415 - where it is asked for

        report.text(tap_all(outcomes))
    show_drift(report, outcomes, "verify")
    show_failures(report, outcomes)
    return _conclude("verify", outcomes, options, report)


def _conclude(
    verb: str, outcomes: Sequence[Outcome], options: argparse.Namespace, report: Report
) -> ExitCode:
    """Print the last of it; return the exit code."""
    if options.json:
        report.json(document(verb, outcomes))
    report.line(f"\n{count_line(outcomes)}")
    return worst(outcomes)
