"""The output of any read-only script, for facts that have no question of their own."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from envwright.facts.question import Question, decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Output:
    """The exit code and the stdout of a read-only script, without trailing newlines."""

    code: int
    text: str


@dataclass(frozen=True)
class Shell(Question[Output]):
    """The question whose answer is the output of a read-only script."""

    text: str

    @classmethod
    def script(cls, questions: Sequence[Shell]) -> str:
        return "\n".join(f"(eval {shlex.quote(q.text)}); printf '\\0%s\\0' $?" for q in questions)

    @classmethod
    def parse(cls, questions: Sequence[Shell], output: bytes) -> Mapping[Shell, Output]:
        fields = decode(output).split("\0")
        pairs = zip(fields[::2], fields[1::2], strict=False)
        return {
            q: Output(int(code), text.rstrip("\n"))
            for q, (text, code) in zip(questions, pairs, strict=False)
        }


@dataclass(frozen=True)
class Aside(Shell):
    """The same, for a script that runs while the machine answers the questions of other kinds."""

    waits: ClassVar[bool] = True


@dataclass(frozen=True)
class SlowShell(Aside):
    """The same question for a script that mostly waits, for a network: all run at the same time."""

    @classmethod
    def script(cls, questions: Sequence[Shell]) -> str:
        # Each answer is one short write, so that answers do not mix.
        jobs = (
            f"{{ text=$(eval {shlex.quote(q.text)}); "
            f"printf '{number}\\0%s\\0%s\\0' $? \"$text\"; }} &"
            for number, q in enumerate(questions)
        )
        return "\n".join([*jobs, "wait"])

    @classmethod
    def parse(cls, questions: Sequence[Shell], output: bytes) -> Mapping[Shell, Output]:
        fields = decode(output).split("\0")
        triples = zip(fields[::3], fields[1::3], fields[2::3], strict=False)
        return {questions[int(n)]: Output(int(code), text) for n, code, text in triples}
