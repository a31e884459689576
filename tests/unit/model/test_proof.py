"""What the exit code and the output of a proof mean."""

from __future__ import annotations

import pytest

from envwright.model.proof import Proof, Result


@pytest.mark.parametrize(
    ("code", "output", "outcome", "reason"),
    [
        (0, "as ever\n", "passed", ""),
        (77, "looking\nno screen\n", "skipped", "no screen"),
        (77, "", "skipped", "this machine cannot show the effect"),
        (1, "gone\n", "failed", "gone"),
        (3, "", "failed", "exit code 3"),
    ],
)
def test_the_exit_code_is_the_verdict_and_the_output_its_reason(
    code: int, output: str, outcome: str, reason: str
) -> None:
    assert Proof("it runs", "").result(code, output, 1.5) == Result("it runs", outcome, reason, 1.5)


def test_a_failure_says_what_a_person_can_do() -> None:
    proof = Proof("it runs", "", remedy="start it")
    assert proof.result(1, "gone").reason == "gone\nhint: start it"
    assert proof.result(0, "").reason == ""
