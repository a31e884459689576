"""Link: a symbolic link with a given target, whether the target exists or not."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import Stat, Unknown
from envwright.model.claim import Claim
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.resources.paths import PathResource, in_the_way

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, Fields, State


@dataclass(frozen=True, kw_only=True)
class Link(PathResource):
    """A symbolic link; `target` is the text that readlink(1) prints."""

    target: str

    word: ClassVar[str] = "link"
    rank: ClassVar[int] = 60

    @property
    def replaces(self) -> Iterable[str]:
        """The path."""
        return (self.path,)

    def claims(self) -> Iterable[Claim]:
        return (Claim(PurePosixPath(self.path), "a link", open=True),)

    def questions(self) -> Iterable[Question[Any]]:
        return (Stat(self.path), *self.owners())

    def desired(self) -> State:
        return {"kind": "link", "target": self.target, "owner": self.owner, "group": self.group}

    def actual(self, facts: Facts) -> State | Unknown | None:
        status = self.status(facts)
        if status is None or isinstance(status, Unknown):
            return status
        state: Fields = {"kind": status.kind, "owner": status.owner, "group": status.group}
        return {**state, "target": status.target} if status.kind == "link" else state

    def refusal(self, difference: Difference) -> str:
        return in_the_way(self.path, difference)

    def converge(self, difference: Difference) -> Iterator[Operation]:  # noqa: ARG002 - one call for all
        yield operation(
            "paths.link", path=self.path, target=self.target, user=self.owner, group=self.group
        )

    def witness(self) -> Iterator[Assertion]:
        path = shlex.quote(self.path)
        yield Assertion("file", (self.path,), "is_symlink", expected=True)
        # testinfra reads owners through the link, and resolves targets; readlink does neither.
        yield Assertion("run", (f"readlink {path}",), "stdout", f"{self.target}\n")
        owner = f"{self.owner} {self.group}\n"
        yield Assertion("run", (f"stat -c '%U %G' {path}",), "stdout", owner)
