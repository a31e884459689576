"""Link: a symbolic link with a given target, whether the target exists or not."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import Stat, Text, Unknown
from envwright.model.claim import Claim
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.resources.paths import PathResource, in_the_way

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, Fields, State

COPY = "copy"
"""The kind of a file that holds what a file of the system holds, and that nobody changed."""


@dataclass(frozen=True, kw_only=True)
class Link(PathResource):
    """A symbolic link.

    Args:
        target: the text that readlink(1) prints.
        over: a file of the system; a copy of it in the way of the link is nobody's work, and gives
            way. "" where nothing gives way.
    """

    target: str
    over: str = ""

    word: ClassVar[str] = "link"
    rank: ClassVar[int] = 60

    @property
    def replaces(self) -> Iterable[str]:
        """The path."""
        return (self.path,)

    def claims(self) -> Iterable[Claim]:
        return (Claim(PurePosixPath(self.path), "a link", open=True),)

    def questions(self) -> Iterable[Question[Any]]:
        both = (self.path, self.over) if self.over else ()
        return (Stat(self.path), *map(Text, both), *self.owners())

    def desired(self) -> State:
        return {"kind": "link", "target": self.target, "owner": self.owner, "group": self.group}

    def actual(self, facts: Facts) -> State | Unknown | None:
        status = self.status(facts)
        if status is None or isinstance(status, Unknown):
            return status
        if status.kind == "file" and self.over and facts[Text(self.path)] == facts[Text(self.over)]:
            return {"kind": COPY}
        state: Fields = {"kind": status.kind, "owner": status.owner, "group": status.group}
        return {**state, "target": status.target} if status.kind == "link" else state

    def refusal(self, difference: Difference) -> str:
        return in_the_way(self.path, difference, COPY)

    def converge(self, difference: Difference) -> Iterator[Operation]:  # noqa: ARG002 - one call for all
        owner = {"user": self.owner, "group": self.group}
        over = {"over": self.over} if self.over else {}
        yield operation("paths.link", path=self.path, target=self.target, **owner, **over)

    def witness(self) -> Iterator[Assertion]:
        path = shlex.quote(self.path)
        yield Assertion("file", (self.path,), "is_symlink", expected=True)
        # testinfra reads owners through the link, and resolves targets; readlink does neither.
        yield Assertion("run", (f"readlink {path}",), "stdout", f"{self.target}\n")
        owner = f"{self.owner} {self.group}\n"
        yield Assertion("run", (f"stat -c '%U %G' {path}",), "stdout", owner)
