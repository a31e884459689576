"""The summary: what is alike is shown once; what drifted where; what failed, and why."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

from fleets import planned, targets
from standins import DEBIAN, ORIGIN, UBUNTU

from envwright.engine.plan import Change, Plan
from envwright.errors import EnvwrightError, ExitCode, HostError, SpecError
from envwright.fleet.outcome import HostOutcome, RunSummary
from envwright.fleet.summary import (
    count_line,
    names,
    show_changes,
    show_failed_checks,
    show_failures,
    show_plans,
)
from envwright.model.proof import Result
from envwright.model.resource import Difference
from envwright.report.terminal import Report
from envwright.resources.package import Package
from envwright.workflow import Verb

if TYPE_CHECKING:
    from collections.abc import Callable

    from envwright.facts import Machine

NINE = [f"h{number}" for number in range(1, 10)]


def said(tell: Callable[[Report], None], *, quiet: bool = False) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    report = Report(out, err)
    report.quiet = quiet
    tell(report)
    return out.getvalue(), err.getvalue()


def plan(host: str, *packages: str, machine: Machine = DEBIAN) -> Plan:
    made = [Package(package=name, origins=(ORIGIN,)) for name in packages]
    differences = [Change(package, Difference(None, {}, ("exists",))) for package in made]
    return Plan("box", host, machine, 3, tuple(differences))


def test_plans_that_are_alike_are_shown_once_and_empty_ones_not_at_all() -> None:
    plans = [
        plan("a", "git"),
        plan("b"),
        plan("c", "git"),
        plan("d", "git", "jq"),
        plan("e", "git", machine=UBUNTU),
    ]
    out, err = said(lambda report: show_plans(report, plans))
    assert err == ""
    body = "\n\n  + package:git  files (box.yaml:3)\n"
    total = "\nPlan: {} to create, 0 to change, 0 to remove, {} as they should be.\n"
    assert out == (
        f"\nbox on a, c (debian 13, 3 resources){body}{total.format(1, 2)}"
        f"\nbox on d (debian 13, 3 resources){body}"
        f"  + package:jq  files (box.yaml:3)\n{total.format(2, 1)}"
        f"\nbox on e (ubuntu 24.04, 3 resources){body}{total.format(1, 2)}"
    )


def test_drift_is_told_by_resource() -> None:
    outcomes = [HostOutcome(a, planned("file:/a", "package:git")) for a in targets("a", "b")]
    other = HostOutcome(targets("c")[0], planned())
    assert said(lambda report: show_changes(report, [*outcomes, other])) == (
        "\n2 of 3 differ:\n  file:/a  on 2: a, b\n  package:git  on 2: a, b\n",
        "",
    )
    assert said(lambda report: show_changes(report, outcomes[:1])) == (
        "\n1 of 1 differ:\n  file:/a  on all 1: a\n  package:git  on all 1: a\n",
        "",
    )
    assert said(lambda report: show_changes(report, [other])) == ("", "")


def test_failed_checks_are_told_with_each_reason_once() -> None:
    reasons = {"a": "is 1,\nnot 2", "b": "is 1,\nnot 2", "c": "is 3, not 2"}
    outcomes = [
        HostOutcome(
            target,
            RunSummary(
                Verb.VERIFY,
                ExitCode.CHANGES,
                checks=(
                    Result("file:/x", "passed", "", 0.0),
                    Result("it runs", "failed", reasons[target.host], 0.0),
                ),
            ),
        )
        for target in targets(*reasons)
    ]
    out, _ = said(lambda report: show_failed_checks(report, outcomes))
    assert out == (
        "\n3 of 3 fail checks:\n"
        "  it runs  on all 3: a, b, c\n"
        "      is 1,\n      not 2\n      is 3, not 2\n"
    )


def test_failures_that_are_the_same_are_told_once_and_each_names_its_machines() -> None:
    a, b, c, d = targets("a", "b", "c", "d")
    spec = SpecError("box.yaml:2:1: there is no capability", hint="look")
    outcomes = [
        HostOutcome(a, error=spec),
        HostOutcome(b, error=HostError("b: it is away")),
        HostOutcome(c, error=spec),
        HostOutcome(d, error=EnvwrightError("no space")),
    ]
    expected = (
        "error: a, c:\nbox.yaml:2:1: there is no capability\nhint: look\n"
        "error: b: it is away\n"
        "error: d: no space\n"
    )
    assert said(lambda report: show_failures(report, outcomes)) == ("", expected)
    assert said(lambda report: show_failures(report, outcomes), quiet=True) == ("", "")


def test_a_line_names_only_so_many_machines() -> None:
    assert names(NINE[:8]) == "h1, h2, h3, h4, h5, h6, h7, h8"
    assert names(NINE) == "h1, h2, h3, h4, h5, h6, h7 and 2 more"


def test_the_last_line_counts() -> None:
    a, b, c = targets("a", "b", "c")
    outcomes = [HostOutcome(a, planned("x")), HostOutcome(b, planned("x")), HostOutcome(c)]
    assert count_line(outcomes) == "3 hosts: 2 differ, 1 skipped."
    assert count_line([replace(outcomes[2], run=planned())]) == "1 hosts: 1 same."
