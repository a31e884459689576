"""The summary: plans that are alike shown once, what deviates where, what failed, and counts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envwright.errors import EnvwrightError
from envwright.fleet.outcome import counts, drift

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from envwright.engine.plan import Plan
    from envwright.fleet.outcome import Outcome
    from envwright.report.terminal import Report

NAMED = 8
"""More machines than these are not all named in a line; `--json` and `drift` have them all."""


def names(hosts: Sequence[str]) -> str:
    """Name machines in a line."""
    if len(hosts) <= NAMED:
        return ", ".join(hosts)
    return f"{', '.join(hosts[: NAMED - 1])} and {len(hosts) - NAMED + 1} more"


def show_plans(report: Report, plans: Iterable[Plan]) -> None:
    """Show plans that change something; of those that are alike, one."""
    alike: dict[str, list[Plan]] = {}
    for plan in filter(None, plans):
        machine = plan.machine.distro, plan.machine.release
        key = repr((plan.environment, machine, [change.json() for change in plan.changes]))
        alike.setdefault(key, []).append(plan)
    for group in alike.values():
        report.line()
        report.plan(replace(group[0], host=names([plan.host for plan in group])))


def show_drift(report: Report, outcomes: Sequence[Outcome], verb: str) -> None:
    """Show which resources differ, or which checks failed, on which machines."""
    found = drift(outcomes)
    if not found:
        return
    deviating = {host for hosts in found.values() for host in hosts}
    what = "fail checks" if verb == "verify" else "differ"
    report.line(f"\n{len(deviating)} of {len(outcomes)} {what}:")
    reasons = _reasons(outcomes) if verb == "verify" else {}
    for id_, hosts in found.items():
        where = f"all {len(hosts)}" if len(hosts) == len(outcomes) else str(len(hosts))
        report.line(f"  {id_}  on {where}: {names(hosts)}")
        for reason in reasons.get(id_, ()):
            for text in reason.splitlines():
                report.line(f"      {text}")


def _reasons(outcomes: Iterable[Outcome]) -> dict[str, list[str]]:
    """Return why checks failed, each reason of a check once."""
    reasons: dict[str, dict[str, None]] = {}
    for outcome in outcomes:
        for check in outcome.result or ():
            if check["outcome"] == "failed":
                reasons.setdefault(check["id"], {})[check["reason"]] = None
    return {id_: list(found) for id_, found in reasons.items()}


def show_failures(report: Report, outcomes: Iterable[Outcome]) -> None:
    """Tell what went wrong; where it is the same on several machines, once."""
    if report.quiet:
        return
    for error, hosts in _failures(outcomes):
        where = "" if len(hosts) == 1 else f"{names(hosts)}:\n"
        if len(hosts) == 1 and hosts[0] not in error.message:
            where = f"{hosts[0]}: "
        report.error(EnvwrightError(f"{where}{error.message}", hint=error.hint))


def _failures(outcomes: Iterable[Outcome]) -> Iterator[tuple[EnvwrightError, list[str]]]:
    alike: dict[str, tuple[EnvwrightError, list[str]]] = {}
    for outcome in outcomes:
        if outcome.error:
            _, hosts = alike.setdefault(str(outcome.error), (outcome.error, []))
            hosts.append(outcome.target.host)
    yield from alike.values()


def count_line(outcomes: Sequence[Outcome]) -> str:
    """Count what the machines came to."""
    words = {"differs": "differ"}
    parts = ", ".join(f"{n} {words.get(word, word)}" for word, n in counts(outcomes).items())
    return f"{len(outcomes)} hosts: {parts}."
