"""Facts of a path: its status, the text of a file, and whether others than root can change it.

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

__all__ = [
    "TEXT_LIMIT",
    "ChangeTime",
    "Guarded",
    "KnownGroup",
    "KnownUser",
    "Refused",
    "Stat",
    "Status",
    "Text",
]


KINDS = frozenset({"file", "directory", "link", "other"})
"""What lstat(2) may find at a path."""


@dataclass(frozen=True)
class Status:
    """The answer of lstat(2): `kind` is file, directory, link or other; a link has a `target`."""

    kind: str
    mode: str
    owner: str
    group: str
    size: int
    target: str


@dataclass(frozen=True)
class Refused(Unknown):
    """A path at which root must do nothing: a user can make the path lead elsewhere."""


@dataclass(frozen=True)
class PathQuestion(Question[Any]):
    """A question about a path; one script answers the questions of all kinds."""

    path: str

    kind: ClassVar[str]
    """The name of the kind for the program on the machine."""

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
    """Return one answer; raise ValueError where it does not fit the question."""
    kind, *rest = words
    if kind == "missing":
        return None
    if kind in {"unknown", "refused"}:
        return Unknown(text) if kind == "unknown" else Refused(text)
    if not isinstance(question, Stat):
        if rest:
            raise ValueError(f"a status instead of a text: {words}")
        return text
    if kind not in KINDS:
        raise ValueError(f"no kind of file: {kind}")
    mode, owner, group, size = rest
    return Status(kind, mode, owner, group, int(size), text)


@dataclass(frozen=True)
class Stat(PathQuestion, Question["Status | None"]):
    """The question for the status of a path, links not followed; None where nothing exists."""

    kind: ClassVar[str] = "stat"


@dataclass(frozen=True)
class Text(PathQuestion, Question["str | None"]):
    """The question for the text of a regular file (utf-8, surrogateescape); None for no file."""

    kind: ClassVar[str] = "text"


@dataclass(frozen=True)
class Guarded(PathQuestion, Question[str]):
    """Whether root may use a path: "" if only root can change the folders above, else Refused."""

    kind: ClassVar[str] = "guarded"


@dataclass(frozen=True)
class KnownUser(PathQuestion, Question["str | None"]):
    """Whether the machine knows a user by its name, which stands in `path`: "" if so, else None.

    Users of a network directory count, too: chown(1) takes them.
    """

    kind: ClassVar[str] = "user"


@dataclass(frozen=True)
class KnownGroup(PathQuestion, Question["str | None"]):
    """Whether the machine knows a group by its name, as in KnownUser."""

    kind: ClassVar[str] = "group"


@dataclass(frozen=True)
class ChangeTime(Question["float | None"]):
    """The question for the change time of a path (ctime, in seconds since 1970).

    None: nothing exists there, or its time is in the future, as after the clock was set back. A
    time in the future tells nothing about what came first; taken as it is, it would restart the
    services that read the file at each apply.

    The question has a script of its own, since Perl's lstat has whole seconds only.
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
