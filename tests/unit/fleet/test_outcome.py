"""Outcomes: their words, the exit code of all, which machines drifted in what, and the JSON."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fleets import planned, targets, verified

from envwright.errors import EnvwrightError, ExitCode, HostError, LockedError, RefusedError
from envwright.fleet.outcome import (
    FleetOutcome,
    HostOutcome,
    RunSummary,
    changed_on,
    counts,
    failed_on,
)
from envwright.model.proof import Result
from envwright.workflow import Outcome, Verb

A, B, C = targets("a", "b", "c")
DONE, ERROR, CHANGES, RESTART = (
    ExitCode.DONE,
    ExitCode.ERROR,
    ExitCode.CHANGES,
    ExitCode.RESTART,
)


def applied(code: ExitCode, *ids: str, failed: str = "") -> RunSummary:
    checks = (Result(failed, "failed", "no", 0.0),) if failed else ()
    return RunSummary(Verb.APPLY, code, ids, checks=checks)


@pytest.mark.parametrize(
    ("run", "word"),
    [
        (planned(), "same"),
        (planned("x"), "differs"),
        (RunSummary(Verb.PLAN, RESTART), "restart"),
        (applied(DONE), "same"),
        (applied(DONE, "x"), "changed"),
        (applied(CHANGES, "x", failed="y"), "unproven"),
        (applied(RESTART, "x"), "restart"),
        (applied(RESTART), "restart"),
        (verified(), "proven"),
        (verified("x"), "unproven"),
    ],
)
def test_every_end_has_a_word(run: RunSummary, word: str) -> None:
    assert HostOutcome(A, run).word == word


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (HostError("x"), "unreachable"),
        (LockedError("x"), "locked"),
        (RefusedError("x"), "refused"),
        (EnvwrightError("x"), "failed"),
        (None, "skipped"),
    ],
)
def test_every_error_has_a_word(error: EnvwrightError | None, word: str) -> None:
    outcome = HostOutcome(A, error=error)
    code = ERROR if error else DONE
    assert (outcome.word, outcome.code, outcome.failed) == (word, code, bool(error))


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([HostOutcome(A, planned()), HostOutcome(B)], DONE),
        ([HostOutcome(A, applied(DONE)), HostOutcome(B, applied(RESTART, "x"))], RESTART),
        ([HostOutcome(A, applied(RESTART)), HostOutcome(B, planned("x"))], CHANGES),
        ([HostOutcome(A, planned("x")), HostOutcome(B, error=HostError("x"))], ERROR),
    ],
)
def test_the_exit_code_is_the_worst_of_all(outcomes: list[HostOutcome], code: ExitCode) -> None:
    assert FleetOutcome(Verb.APPLY, tuple(outcomes)).code == code


def test_drift_names_the_machines_of_each_resource_the_most_frequent_first() -> None:
    outcomes = [
        HostOutcome(A, planned("file:/a", "package:git")),
        HostOutcome(B, planned("package:git")),
        HostOutcome(C, error=HostError("away")),
    ]
    assert list(changed_on(outcomes).items()) == [("package:git", ["a", "b"]), ("file:/a", ["a"])]


def test_drift_of_an_apply_is_what_it_changed_and_of_a_verification_what_failed() -> None:
    both = [HostOutcome(A, applied(CHANGES, "file:/a", failed="it works"))]
    assert changed_on(both) == {"file:/a": ["a"]}
    assert failed_on(both) == {"it works": ["a"]}
    assert failed_on([HostOutcome(A, verified("it works", passed=("file:/a",)))]) == {
        "it works": ["a"]
    }


def test_machines_are_counted_by_their_words() -> None:
    outcomes = [
        HostOutcome(A, planned()),
        HostOutcome(B, error=LockedError("x")),
        HostOutcome(C, planned()),
    ]
    assert counts(outcomes) == {"same": 2, "locked": 1}


def test_a_summary_shows_no_secret_wherever_it_stands() -> None:
    check = Result("it says hunter2", "failed", 'not "hunter2"', 0.5)
    outcome = Outcome(Verb.VERIFY, checks=(check,))
    masked = Result("it says ***", "failed", 'not "***"', 0.5)
    assert RunSummary.of(outcome, lambda text: text.replace("hunter2", "***")) == RunSummary(
        Verb.VERIFY, CHANGES, checks=(masked,), document=[masked.json()]
    )


def test_a_secret_with_a_quote_is_masked_in_the_document_too() -> None:
    secret = 'hunt"er2'
    outcome = Outcome(Verb.VERIFY, checks=(Result("x", "failed", f"not {secret}", 0.5),))
    (check,) = RunSummary.of(outcome, lambda text: text.replace(secret, "***")).document
    assert check["reason"] == "not ***"


def test_the_document_has_everything_of_every_machine() -> None:
    document = {"changes": [{"id": "file:/a"}]}
    outcomes = (
        HostOutcome(A, replace(planned("file:/a"), document=document), seconds=1.23456),
        HostOutcome(B, error=EnvwrightError("no space", hint="make some"), seconds=0.5),
        HostOutcome(C),
    )
    assert FleetOutcome(Verb.PLAN, outcomes).json() == {
        "version": 1,
        "verb": "plan",
        "exit_code": 1,
        "counts": {"differs": 1, "failed": 1, "skipped": 1},
        "drift": [{"id": "file:/a", "hosts": ["a"]}],
        "error": None,
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
