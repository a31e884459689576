"""The formats of a verification: one TAP stream and one JUnit file for all machines."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from fleets import targets, verified

from envwright.errors import ExitCode, HostError
from envwright.fleet.formats import merge, tap_all
from envwright.fleet.outcome import HostOutcome, RunSummary
from envwright.model.proof import Result
from envwright.workflow import Verb

if TYPE_CHECKING:
    from pathlib import Path

A, B, C, D = targets("a", "b", "c", "d")
OUTCOMES = [
    HostOutcome(A, verified(passed=("file:/x",))),
    HostOutcome(
        B,
        RunSummary(
            Verb.VERIFY,
            ExitCode.CHANGES,
            checks=(Result("file:/x", "failed", "is 1,\nnot 2", 0.1),),
        ),
    ),
    HostOutcome(C, error=HostError("c: away", hint="wait")),
    HostOutcome(D),
]


def test_each_machine_is_a_test_point_with_its_checks_under_it() -> None:
    assert tap_all(OUTCOMES) == (
        "TAP version 14\n"
        "1..4\n"
        "# Subtest: a\n"
        "    1..1\n"
        "    ok 1 - file:/x\n"
        "ok 1 - a\n"
        "# Subtest: b\n"
        "    1..1\n"
        "    not ok 1 - file:/x\n"
        "    # is 1,\n"
        "    # not 2\n"
        "not ok 2 - b\n"
        "not ok 3 - c\n"
        "# c: away\n"
        "# hint: wait\n"
        "not ok 4 - d # SKIP\n"
    )


def test_one_junit_file_has_the_suites_of_all_machines(tmp_path: Path) -> None:
    for number in (0, 1):
        (tmp_path / f"{number}.xml").write_text(
            f'<testsuites><testsuite name="box" tests="1"><testcase name="t{number}"/>'
            "</testsuite></testsuites>"
        )
    merge(OUTCOMES, lambda number: tmp_path / f"{number}.xml", tmp_path / "all.xml")
    root = ET.parse(tmp_path / "all.xml").getroot()
    assert [(suite.get("name"), *(case.get("name") for case in suite)) for suite in root] == [
        ("box on a", "t0"),
        ("box on b", "t1"),
        ("c", "c"),
    ]
    (error,) = root.iter("error")
    assert (error.get("message"), error.text) == ("c: away", "c: away\nhint: wait")
