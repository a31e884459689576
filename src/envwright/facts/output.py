"""What a read-only script says: for what no other question asks."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envwright.facts.question import Question, decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Output:
    """What a read-only command said: exit code and stdout, trailing newlines removed."""

    code: int
    text: str


@dataclass(frozen=True)
class Shell(Question[Output]):
    """The answer of a read-only script; for what no other question asks."""

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
