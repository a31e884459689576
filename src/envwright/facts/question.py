"""The protocol of questions that a shell answers, and the answers of one moment."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

UNREADABLE = (ValueError, ArithmeticError, LookupError)
"""The exceptions of `parse` for an answer that cannot be read: broken fields, numbers out of range,
missing lines. A machine may answer anything."""
Answer_co = TypeVar("Answer_co", covariant=True)


@dataclass(frozen=True)
class Unknown:
    """A question has no answer, for a reason. Unknown equals no desired value."""

    reason: str

    def __str__(self) -> str:
        return f"? ({self.reason})"


@dataclass(frozen=True)
class Question(ABC, Generic[Answer_co]):
    """One question to a machine. One script answers all questions of a class.

    Scripts only read. They run as root under `sh` (dash) with LC_ALL=C, get no input, and print
    text for `parse` of the same class; their stderr is dropped.
    """

    waits: ClassVar[bool] = False
    """The script mostly waits for another process, so other scripts can run at the same time."""

    @classmethod
    def together(cls) -> type[Question[Any]]:
        """Return the class whose script answers these questions; several classes may share one."""
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

    def __or__(self, other: Facts) -> Facts:
        """Return the answers of both; the later ones of `other` count."""
        return Facts({**self._answers, **other._answers})

    def __getitem__(self, question: Question[Answer_co]) -> Answer_co | Unknown:
        answer = self._answers.get(question, Unknown("the machine gave no answer"))
        return cast("Answer_co | Unknown", answer)


def decode(data: bytes) -> str:
    """Decode bytes as UTF-8; other bytes are kept by surrogateescape, as everywhere here."""
    return data.decode("utf-8", "surrogateescape")
