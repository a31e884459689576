"""The summary of a fleet: plans (those that are alike once), what differs where, errors, counts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envwright.errors import EnvwrightError
from envwright.fleet.outcome import changed_on, counts, failed_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from envwright.engine.plan import Plan
    from envwright.fleet.outcome import HostOutcome
    from envwright.report.terminal import Report

NAMED = 8
"""How many machines a line names at most; `--json` names them all."""


def names(hosts: Sequence[str]) -> str:
    """Name machines in a line."""
    if len(hosts) <= NAMED:
        return ", ".join(hosts)
    return f"{', '.join(hosts[: NAMED - 1])} and {len(hosts) - NAMED + 1} more"


def show_plans(report: Report, plans: Iterable[Plan]) -> None:
    """Show the plans that change something; plans that are alike are shown once."""
    alike: dict[str, list[Plan]] = {}
    for plan in filter(None, plans):
        machine = plan.machine.distro, plan.machine.release
        key = repr((plan.environment, machine, plan.agreed))
        alike.setdefault(key, []).append(plan)
    for group in alike.values():
        report.line()
        report.plan(replace(group[0], host=names([plan.host for plan in group])))


def show_changes(report: Report, outcomes: Sequence[HostOutcome]) -> None:
    """Show which resources differ, and on which machines."""
    _show(report, outcomes, "differ", changed_on(outcomes), {})


def show_failed_checks(report: Report, outcomes: Sequence[HostOutcome]) -> None:
    """Show which checks failed, on which machines, and why; each reason of a check once."""
    reasons: dict[str, dict[str, None]] = {}
    for outcome in outcomes:
        for check in outcome.failures:
            reasons.setdefault(check.id, {})[check.reason] = None
    _show(report, outcomes, "fail checks", failed_on(outcomes), reasons)


def _show(
    report: Report,
    outcomes: Sequence[HostOutcome],
    what: str,
    found: Mapping[str, Sequence[str]],
    reasons: Mapping[str, Iterable[str]],
) -> None:
    if not found:
        return
    deviating = {host for hosts in found.values() for host in hosts}
    report.line(f"\n{len(deviating)} of {len(outcomes)} {what}:")
    for id_, hosts in found.items():
        where = f"all {len(hosts)}" if len(hosts) == len(outcomes) else str(len(hosts))
        report.line(f"  {id_}  on {where}: {names(hosts)}")
        for reason in reasons.get(id_, ()):
            for text in reason.splitlines():
                report.line(f"      {text}")


def show_failures(report: Report, outcomes: Iterable[HostOutcome]) -> None:
    """Tell what went wrong; where it is the same on several machines, once."""
    if report.quiet:
        return
    for error, hosts in _failures(outcomes):
        where = "" if len(hosts) == 1 else f"{names(hosts)}:\n"
        if len(hosts) == 1 and hosts[0] not in error.message:
            where = f"{hosts[0]}: "
        report.error(EnvwrightError(f"{where}{error.message}", hint=error.hint))


def _failures(outcomes: Iterable[HostOutcome]) -> Iterator[tuple[EnvwrightError, list[str]]]:
    alike: dict[str, tuple[EnvwrightError, list[str]]] = {}
    for outcome in outcomes:
        if outcome.error:
            _, hosts = alike.setdefault(str(outcome.error), (outcome.error, []))
            hosts.append(outcome.target.host)
    yield from alike.values()


def count_line(outcomes: Sequence[HostOutcome]) -> str:
    """Count what the machines came to."""
    words = {"differs": "differ"}
    parts = ", ".join(f"{n} {words.get(word, word)}" for word, n in counts(outcomes).items())
    return f"{len(outcomes)} hosts: {parts}."
