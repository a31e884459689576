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
from envwright.fleet.canary import Canary
from envwright.fleet.compile_cache import CompileCache
from envwright.fleet.logs import Log, log_files
from envwright.fleet.outcome import FleetOutcome, HostOutcome, RunSummary
from envwright.fleet.pool import Pool
from envwright.fleet.progress import Progress
from envwright.fleet.summary import (
    count_line,
    names,
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
        outcomes: what each machine came to so far.
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
        self.outcomes = [HostOutcome(target) for target in targets]
        self._planned: dict[int, Planned] = {}
        self._password, self._timings = password, timings
        self._logs = log_files(options.log_dir, targets)
        self._cache = CompileCache(Fetching(report.complain, options.offline))
        report.mask = self._cache.mask

    def plan(self, verb: Verb) -> None:
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

        self._run(Verb.PLAN, work, range(len(self.targets)))

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
    ) -> None:
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

        self._run(verb, work, numbers)

    def _run(self, verb: Verb, work: Work, numbers: Sequence[int]) -> None:
        """Have a pool do the work on machines, and keep what they come to."""
        targets = [self.targets[number] for number in numbers]
        pool = Pool(self.options.parallel, fail_fast=self.options.fail_fast)
        progress = Progress(self.report, targets, self._ask)
        try:
            with self._timings(verb.value):
                pool.run(
                    targets, lambda channel, _: work(channel, numbers[channel.number]), progress
                )
        finally:
            for number, outcome in zip(numbers, pool.outcomes, strict=False):
                self.outcomes[number] = outcome

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
    error = verb(fleet, options)
    outcome = FleetOutcome(options.verb, tuple(fleet.outcomes), error)
    if error and not fleet.report.quiet:
        fleet.report.error(error)
    fleet.report.line(f"\n{count_line(outcome.hosts)}")
    return outcome


def _plan(fleet: Fleet, options: RunOptions) -> None:
    """Show what differs, and where."""
    fleet.plan(options.verb)
    show_plans(fleet.report, (fleet.plans[number] for number in sorted(fleet.plans)))
    show_changes(fleet.report, fleet.outcomes)
    show_failures(fleet.report, fleet.outcomes)


def _apply(fleet: Fleet, options: RunOptions) -> EnvwrightError | None:
    """Show what differs, and where, ask, make it so, and verify it.

    Returns:
        What kept machines from being begun after the canaries.
    """
    canary = Canary.of(fleet.options.canary, fleet.targets, fleet.options.inventory)
    _plan(fleet, options)
    first, others = canary.split(fleet.outcomes)
    differing = sorted([*first, *others])
    stopped = fleet.options.fail_fast and any(outcome.failed for outcome in fleet.outcomes)
    if differing and not stopped and not options.yes:
        confirm(fleet.report, _named(fleet, first) if others else "")
    _settle(fleet, differing)
    error = None
    if not stopped:
        fleet.report.line()
        error = _make(fleet, options, canary, (first, others))
    show_failed_checks(fleet.report, fleet.outcomes)
    show_failures(fleet.report, [fleet.outcomes[number] for number in differing])
    return error


def _settle(fleet: Fleet, differing: Sequence[int]) -> None:
    """Turn the outcomes of plans into those of an apply that has changed nothing so far."""
    for number, outcome in enumerate(fleet.outcomes):
        if number in differing:
            fleet.outcomes[number] = HostOutcome(outcome.target)
        elif outcome.run is not None:
            nothing = Outcome(Verb.APPLY, fleet.plans[number])
            summary = RunSummary.of(nothing, fleet.report.mask)
            fleet.outcomes[number] = replace(outcome, run=summary)


def _named(fleet: Fleet, first: Sequence[int]) -> str:
    hosts = names([fleet.targets[number].host for number in first])
    return f" on {hosts} first" if first else ""


def _make(
    fleet: Fleet, options: RunOptions, canary: Canary, turns: tuple[list[int], list[int]]
) -> EnvwrightError | None:
    """Change machines, the canaries before all others; return what kept the others from that."""

    def wanted(number: int) -> RunOptions:
        agreed = None if options.yes else fleet.plans[number].agreed
        # What the environment runs here was agreed to when the plan was made.
        return replace(options, yes=True, agreed=agreed, trust=True)

    first, others = turns
    fleet.work(wanted, Verb.APPLY, first)
    failed = canary.failed(fleet.outcomes, first)
    left = f"{len(others)} other hosts were not begun"
    if failed and others:
        return EnvwrightError(
            f"{names(failed)} failed, and goes before all others: {left}",
            hint="mend what is told above, then apply again",
        )
    if first and others and not options.yes:
        try:
            confirm(fleet.report, f" on the {len(others)} other hosts, too")
        except EnvwrightError:
            return EnvwrightError(
                f"{left}: nobody agreed to that",
                hint="apply again when you are content with those that went first",
            )
    fleet.work(wanted, Verb.APPLY, others)
    return None


def _verify(fleet: Fleet, options: RunOptions) -> None:
    """Check that all machines are as they should be."""
    with tempfile.TemporaryDirectory(prefix="envwright-") as folder:

        def junit(number: int) -> Path | None:
            return Path(folder, f"{number}.xml") if options.junit else None

        def wanted(number: int) -> RunOptions:
            return replace(options, junit=junit(number))

        fleet.work(wanted, Verb.VERIFY, range(len(fleet.targets)))
        if options.junit:
            from envwright.fleet.formats import merge  # noqa: PLC0415 - where it is asked for

            merge(fleet.outcomes, junit, options.junit)
    show_failed_checks(fleet.report, fleet.outcomes)
    show_failures(fleet.report, fleet.outcomes)
