"""The protocol of a question that a shell can answer, and the answers of one moment."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNREADABLE = (ValueError, ArithmeticError, LookupError)
"""What `parse` raises for an answer that it cannot read: broken fields, numbers past every range,
lines that are not there. A machine may answer anything."""
Answer_co = TypeVar("Answer_co", covariant=True)


@dataclass(frozen=True)
class Unknown:
    """An answer that could not be had. It equals nothing that anyone wants."""

    reason: str

    def __str__(self) -> str:
        return f"? ({self.reason})"


@dataclass(frozen=True)
class Question(ABC, Generic[Answer_co]):
    """One thing to be known. All questions of a kind are answered by one script.

    Scripts only read. They run as root under `sh` (dash) with LC_ALL=C, get no input, and print
    whatever `parse` of the same class understands; what they print on stderr is not seen.
    """

    waits: ClassVar[bool] = False
    """Its script mostly waits for another process, so that others can run beside it."""

    @classmethod
    def together(cls) -> type[Question[Any]]:
        """Return the kind whose script answers these questions, with those of its other kinds."""
        return cls

    @classmethod
    @abstractmethod
    def script(cls, questions: Sequence[Any]) -> str:
        """Return shell text that answers all the questions."""

    @classmethod
    @abstractmethod
    def parse(cls, questions: Sequence[Any], output: bytes) -> Mapping[Any, Any]:
        """Return the answer to each question, in any order; a missing one is Unknown.

        Raises:
            ValueError: the output cannot be read; or another one of UNREADABLE.
        """


class Facts:
    """Answers by question, as they were at one moment on one machine."""

    def __init__(self, answers: Mapping[Question[Any], Any]) -> None:
        self._answers = answers

    def __getitem__(self, question: Question[Answer_co]) -> Answer_co | Unknown:
        answer = self._answers.get(question, Unknown("the machine gave no answer"))
        return cast("Answer_co | Unknown", answer)


def decode(data: bytes) -> str:
    """Decode as all of envwright does: utf-8, with other bytes carried through unharmed."""
    return data.decode("utf-8", "surrogateescape")
