"""What lies at a path: its status, the text of a file, and who else than root can change it.

All questions of a plan are answered by one process, which follows no link that a user of the
machine can have put there: see envwright.portable.safepath.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts.question import Question, Unknown, decode
from envwright.portable import safepath
from envwright.portable.safepath import TEXT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["TEXT_LIMIT", "ChangeTime", "Guarded", "Refused", "Stat", "Status", "Text"]


@dataclass(frozen=True)
class Status:
    """What lstat(2) says: `kind` is file, directory, link or other; `target` is a link's."""

    kind: str
    mode: str
    owner: str
    group: str
    size: int
    target: str


@dataclass(frozen=True)
class Refused(Unknown):
    """A path that nothing may be done at as root: a user can lead it elsewhere."""


@dataclass(frozen=True)
class PathQuestion(Question[Any]):
    """A question about a path; those of every kind are asked together."""

    path: str

    kind: ClassVar[str]
    """How the program on the machine calls it."""

    @classmethod
    def together(cls) -> type[Question[Any]]:
        return PathQuestion

    @classmethod
    def script(cls, questions: Sequence[PathQuestion]) -> str:
        return safepath.questions((q.kind, q.path) for q in questions)

    @classmethod
    def parse(
        cls, questions: Sequence[PathQuestion], output: bytes
    ) -> Mapping[PathQuestion, Status | Unknown | str | None]:
        found: dict[PathQuestion, Status | Unknown | str | None] = {}
        for question, (words, data) in zip(questions, safepath.answers(output), strict=False):
            found[question] = _answer(question, words, decode(data))
        return found


def _answer(
    question: PathQuestion, words: Sequence[str], text: str
) -> Status | Unknown | str | None:
    """Return one answer; ValueError where it is none to the question."""
    kind, *rest = words
    if kind == "missing":
        return None
    if kind in {"unknown", "refused"}:
        return Unknown(text) if kind == "unknown" else Refused(text)
    if not isinstance(question, Stat):
        if rest:
            raise ValueError(f"a status instead of a text: {words}")
        return text
    mode, owner, group, size = rest
    return Status(kind, mode, owner, group, int(size), text)


@dataclass(frozen=True)
class Stat(PathQuestion, Question["Status | None"]):
    """The status of a path, not following a link; None where nothing is."""

    kind: ClassVar[str] = "stat"


@dataclass(frozen=True)
class Text(PathQuestion, Question["str | None"]):
    """The content of a regular file (utf-8 with surrogateescape); None where there is none."""

    kind: ClassVar[str] = "text"


@dataclass(frozen=True)
class Guarded(PathQuestion, Question[str]):
    """For what root does by path: "" where only root can change the folders above, else Refused."""

    kind: ClassVar[str] = "guarded"


@dataclass(frozen=True)
class ChangeTime(Question["float | None"]):
    """When what lies at a path was last changed (ctime, in seconds since 1970).

    None: nothing lies there, or its time is still to come, as when the clock was set back: that
    tells of nothing whether it was changed before or after. Taken for later, it would have what
    reads the file restarted at each apply.

    A question of its own, since Perl's own lstat knows whole seconds only.
    """

    path: str

    @classmethod
    def script(cls, questions: Sequence[ChangeTime]) -> str:
        paths = " ".join(shlex.quote(q.path) for q in questions)
        return rf"find {paths} -maxdepth 0 ! -newerct now -printf '%C@ %p\0'"

    @classmethod
    def parse(
        cls, questions: Sequence[ChangeTime], output: bytes
    ) -> Mapping[ChangeTime, float | None]:
        records = (record.partition(" ") for record in decode(output).split("\0")[:-1])
        times = {path: float(time) for time, _, path in records}
        return {q: times.get(q.path) for q in questions}
