"""The verbs for a fleet: plans run in threads, what pyinfra or pytest does in worker processes.

A plan is waiting for a machine and a little arithmetic: threads do that best.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from envwright.cache import trust
from envwright.cache.compiled import CompiledEnvironment
from envwright.engine.context import Access, open_context
from envwright.errors import EnvwrightError
from envwright.fetch.stage import Fetching
from envwright.fleet.compile_cache import CompileCache
from envwright.fleet.logs import Log, log_files
from envwright.fleet.outcome import FleetOutcome, HostOutcome, RunSummary
from envwright.fleet.pool import Pool
from envwright.fleet.progress import Progress
from envwright.fleet.summary import (
    count_line,
    show_changes,
    show_failed_checks,
    show_failures,
    show_plans,
)
from envwright.fleet.task import Planned, Task
from envwright.timings import OFF
from envwright.workflow import Outcome, RunOptions, Verb, confirm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from envwright.engine.context import Password
    from envwright.engine.plan import Plan
    from envwright.fleet.options import FleetOptions
    from envwright.fleet.pool import Channel
    from envwright.host.inventory import Target
    from envwright.report.terminal import Report
    from envwright.timings import Timings

    Work = Callable[[Channel, int], RunSummary]


class Fleet:
    """Several machines, each by its number.

    Args:
        targets: the machines, each with its environment.
        options: how many machines at a time, and what failures stop.
        password: asks for sudo's password; None where nobody can be asked.
        report: shows what goes on.
        timings: counts where the time goes.

    Attributes:
        plans: the plans that were made, by the numbers of their machines.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        options: FleetOptions,
        *,
        password: Password | None,
        report: Report,
        timings: Timings = OFF,
    ) -> None:
        self.targets, self.options, self.report = targets, options, report
        self.plans: dict[int, Plan] = {}
        self._planned: dict[int, Planned] = {}
        self._password, self._timings = password, timings
        self._logs = log_files(options.log_dir, targets)
        self._cache = CompileCache(Fetching(report.complain, options.offline))
        report.mask = self._cache.mask

    def plan(self, verb: Verb) -> list[HostOutcome]:
        """Plan for all machines, for a plan or for an apply.

        The log of a machine that apply changes has its plan from the worker that changes it.
        """

        def work(channel: Channel, number: int) -> RunSummary:
            with Log(self._logs[number]) as own:
                own.mask = self._cache.mask
                try:
                    plan = self._plan(channel, number)
                except EnvwrightError as error:
                    own.error(error)
                    raise
                if verb is Verb.PLAN or not plan:
                    own.plan(plan)
            return RunSummary.of(Outcome(Verb.PLAN, plan), self._cache.mask)

        return self._run(Verb.PLAN, work, range(len(self.targets)))

    def _plan(self, channel: Channel, number: int) -> Plan:
        ask = channel.ask if self._password else None
        target = self.targets[number]
        compile_ = self._cache.compiler(target)
        access = Access(ask, batch=True, stop=channel.stop, timeout=self.options.timeout)
        with open_context(target, compile_, access) as context:
            if not self.options.trust:
                trust.require(context.compiled.reach)
            channel.say("comparing")
            plan = self.plans[number] = context.plan()
            made = CompiledEnvironment(context.compiled, context.secrets)
            self._planned[number] = Planned(context.machine, made)
        return plan

    def work(
        self, options: Callable[[int], RunOptions], verb: Verb, numbers: Sequence[int]
    ) -> list[HostOutcome]:
        """Have workers do a verb on machines; `options` returns those of a machine's number."""
        from envwright.fleet.worker import send  # noqa: PLC0415 - a plan needs no workers

        def work(channel: Channel, number: int) -> RunSummary:
            task = Task(
                self.targets[number],
                options(number),
                self._logs[number],
                asking=self._password is not None,
                planned=self._planned.get(number),
                timeout=self.options.timeout,
                offline=self.options.offline,
            )
            return send(task, channel)

        return self._run(verb, work, numbers)

    def _run(self, verb: Verb, work: Work, numbers: Sequence[int]) -> list[HostOutcome]:
        """Have a pool do the work on machines."""
        targets = [self.targets[number] for number in numbers]
        pool = Pool(self.options.parallel, fail_fast=self.options.fail_fast)
        progress = Progress(self.report, targets, self._ask)
        with self._timings(verb.value):
            return pool.run(
                targets, lambda channel, _: work(channel, numbers[channel.number]), progress
            )

    def _ask(self, _prompt: str) -> str:
        """Ask for sudo's password the first time that a machine wants it: it is for all of them."""
        if self._password is None:
            return ""
        return self._password("[sudo] password for all hosts that want one: ")


def run(fleet: Fleet, options: RunOptions) -> FleetOutcome:
    """Do what is wanted on all machines; return what all of them came to.

    Raises:
        EnvwrightError: a person did not agree to the changes, or nobody could be asked.
    """
    verb = {Verb.PLAN: _plan, Verb.APPLY: _apply, Verb.VERIFY: _verify}[options.verb]
    outcome = FleetOutcome(options.verb, tuple(verb(fleet, options)))
    fleet.report.line(f"\n{count_line(outcome.hosts)}")
    return outcome


def _plan(fleet: Fleet, options: RunOptions) -> list[HostOutcome]:
    """Show what differs, and where."""
    outcomes = fleet.plan(options.verb)
    show_plans(fleet.report, (fleet.plans[number] for number in sorted(fleet.plans)))
    show_changes(fleet.report, outcomes)
    show_failures(fleet.report, outcomes)
    return outcomes


def _apply(fleet: Fleet, options: RunOptions) -> list[HostOutcome]:
    """Show what differs, and where, ask once, make it so, and verify it."""
    outcomes = _plan(fleet, options)
    differing = [number for number, each in enumerate(outcomes) if each.word == "differs"]

    def wanted(number: int) -> RunOptions:
        agreed = None if options.yes else fleet.plans[number].agreed
        # What the environment runs here was agreed to when the plan was made.
        return replace(options, yes=True, agreed=agreed, trust=True)

    if fleet.options.fail_fast and any(outcome.failed for outcome in outcomes):
        applied = [HostOutcome(fleet.targets[number]) for number in differing]
    else:
        if differing and not options.yes:
            confirm(fleet.report)
        fleet.report.line()
        applied = fleet.work(wanted, Verb.APPLY, differing)
    for number, outcome in enumerate(outcomes):
        if outcome.run is not None:
            nothing = Outcome(Verb.APPLY, fleet.plans[number])
            outcomes[number] = replace(outcome, run=RunSummary.of(nothing, fleet.report.mask))
    for number, outcome in zip(differing, applied, strict=True):
        outcomes[number] = outcome
    show_failed_checks(fleet.report, outcomes)
    show_failures(fleet.report, applied)
    return outcomes


def _verify(fleet: Fleet, options: RunOptions) -> list[HostOutcome]:
    """Check that all machines are as they should be."""
    with tempfile.TemporaryDirectory(prefix="envwright-") as folder:

        def junit(number: int) -> Path | None:
            return Path(folder, f"{number}.xml") if options.junit else None

        def wanted(number: int) -> RunOptions:
            return replace(options, junit=junit(number))

        outcomes = fleet.work(wanted, Verb.VERIFY, range(len(fleet.targets)))
        if options.junit:
            from envwright.fleet.formats import merge  # noqa: PLC0415 - where it is asked for

            merge(outcomes, junit, options.junit)
    show_failed_checks(fleet.report, outcomes)
    show_failures(fleet.report, outcomes)
    return outcomes
