"""Outcomes: their words, the exit code of all, which machines drifted in what, and the JSON."""

from __future__ import annotations

from typing import Any

import pytest
from fleets import changes, targets

from envwright.errors import EnvwrightError, ExitCode, HostError
from envwright.fleet.outcome import Outcome, counts, document, drift, word_for, worst

A, B, C = targets("a", "b", "c")
DONE, ERROR, CHANGES, RESTART = (
    ExitCode.DONE,
    ExitCode.ERROR,
    ExitCode.CHANGES,
    ExitCode.RESTART,
)


def failed(*ids: str) -> list[dict[str, Any]]:
    return [{"id": id_, "outcome": "failed", "reason": "no"} for id_ in ids]


@pytest.mark.parametrize(
    ("verb", "code", "result", "word"),
    [
        ("plan", DONE, changes(), "same"),
        ("plan", CHANGES, changes("x"), "differs"),
        ("apply", DONE, {"plan": changes()}, "same"),
        ("apply", DONE, {"plan": changes("x")}, "changed"),
        ("apply", CHANGES, {"plan": changes("x")}, "unproven"),
        ("apply", RESTART, {"plan": changes("x")}, "restart"),
        ("verify", DONE, [], "proven"),
        ("verify", CHANGES, failed("x"), "unproven"),
    ],
)
def test_every_end_has_a_word(verb: str, code: ExitCode, result: Any, word: str) -> None:
    assert word_for(verb, code, result) == word


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([DONE, DONE], DONE),
        ([DONE, RESTART], RESTART),
        ([RESTART, CHANGES, DONE], CHANGES),
        ([CHANGES, ERROR, RESTART], ERROR),
    ],
)
def test_the_exit_code_is_the_worst_of_all(codes: list[ExitCode], code: ExitCode) -> None:
    assert worst(Outcome(A, "x", each) for each in codes) == code


def test_drift_names_the_machines_of_each_resource_the_most_frequent_first() -> None:
    outcomes = [
        Outcome(A, "differs", CHANGES, result=changes("file:/a", "package:git")),
        Outcome(B, "differs", CHANGES, result=changes("package:git")),
        Outcome(C, "unreachable", ERROR, error=HostError("away")),
    ]
    assert list(drift(outcomes).items()) == [("package:git", ["a", "b"]), ("file:/a", ["a"])]


def test_drift_of_an_apply_is_what_it_changed_and_of_a_verification_what_failed() -> None:
    applied = {"plan": changes("file:/a"), "pending": [], "checks": failed("it works")}
    passed = {"id": "file:/a", "outcome": "passed", "reason": ""}
    assert drift([Outcome(A, "unproven", CHANGES, result=applied)]) == {"file:/a": ["a"]}
    results = [passed, *failed("it works")]
    assert drift([Outcome(A, "unproven", CHANGES, result=results)]) == {"it works": ["a"]}


def test_machines_are_counted_by_their_words() -> None:
    outcomes = [Outcome(A, "same"), Outcome(B, "locked", ERROR), Outcome(C, "same")]
    assert counts(outcomes) == {"same": 2, "locked": 1}


def test_the_document_has_everything_of_every_machine() -> None:
    outcomes = [
        Outcome(A, "differs", CHANGES, 1.23456, changes("file:/a")),
        Outcome(B, "failed", ERROR, 0.5, error=EnvwrightError("no space", hint="make some")),
        Outcome(C, "skipped"),
    ]
    assert document("plan", outcomes) == {
        "version": 1,
        "verb": "plan",
        "exit_code": 1,
        "counts": {"differs": 1, "failed": 1, "skipped": 1},
        "drift": [{"id": "file:/a", "hosts": ["a"]}],
        "hosts": [
            {
                "host": "a",
                "environment": "box.yaml",
                "outcome": "differs",
                "exit_code": 2,
                "seconds": 1.235,
                "error": None,
                "result": {"changes": [{"id": "file:/a"}]},
            },
            {
                "host": "b",
                "environment": "box.yaml",
                "outcome": "failed",
                "exit_code": 1,
                "seconds": 0.5,
                "error": {"message": "no space", "hint": "make some"},
                "result": None,
            },
            {
                "host": "c",
                "environment": "box.yaml",
                "outcome": "skipped",
                "exit_code": 0,
                "seconds": 0.0,
                "error": None,
                "result": None,
            },
        ],
    }
