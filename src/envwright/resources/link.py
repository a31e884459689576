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

    from envwright.facts import Facts, Question, Status
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, Fields, State

SKELETON = "/etc/skel"
"""What a new account gets copies of in its home (useradd(8)); root's home has its files from
elsewhere."""


def skeleton(path: str, home: str) -> str:
    """Return the file of which a new account gets a copy at a path; "" where it gets none."""
    place = PurePosixPath(path)
    inside = home != "/root" and PurePosixPath(home) in place.parents
    return f"{SKELETON}/{place.relative_to(home)}" if inside else ""


@dataclass(frozen=True, kw_only=True)
class Link(PathResource):
    """A symbolic link.

    Args:
        target: the text that readlink(1) prints.
        template: a file of which a new account gets a copy at the path; "" where it gets none. The
            link takes the place of a copy that nobody has changed.
    """

    target: str
    template: str = ""

    word: ClassVar[str] = "link"
    rank: ClassVar[int] = 60

    @property
    def replaces(self) -> Iterable[str]:
        """The path."""
        return (self.path,)

    def claims(self) -> Iterable[Claim]:
        return (Claim(PurePosixPath(self.path), "a link", open=True),)

    def questions(self) -> Iterable[Question[Any]]:
        copies = (Text(self.path), Text(self.template)) if self.template else ()
        return (Stat(self.path), *copies, *self.owners())

    def desired(self) -> State:
        return {"kind": "link", "target": self.target, "owner": self.owner, "group": self.group}

    def actual(self, facts: Facts) -> State | Unknown | None:
        status = self.status(facts)
        if status is None or isinstance(status, Unknown):
            return status
        if self._is_copy(status, facts):
            # A person reads no kinds; the target tells what the link replaces.
            copy: Fields = {"kind": self._copy, "target": self._copy}
            return {**copy, "owner": status.owner, "group": status.group}
        state: Fields = {"kind": status.kind, "owner": status.owner, "group": status.group}
        return {**state, "target": status.target} if status.kind == "link" else state

    @property
    def _copy(self) -> str:
        return f"copy of {self.template}"

    def _is_copy(self, status: Status, facts: Facts) -> bool:
        """Tell whether what is there is a copy of the template."""
        if status.kind != "file" or not self.template:
            return False
        text = facts[Text(self.path)]
        return isinstance(text, str) and text == facts[Text(self.template)]

    def refusal(self, difference: Difference) -> str:
        return in_the_way(self.path, difference, self._copy)

    def converge(self, difference: Difference) -> Iterator[Operation]:  # noqa: ARG002 - one call for all
        template = {"template": self.template} if self.template else {}
        yield operation(
            "paths.link",
            path=self.path,
            target=self.target,
            user=self.owner,
            group=self.group,
            **template,
        )

    def witness(self) -> Iterator[Assertion]:
        path = shlex.quote(self.path)
        yield Assertion("file", (self.path,), "is_symlink", expected=True)
        # testinfra reads owners through the link, and resolves targets; readlink does neither.
        yield Assertion("run", (f"readlink {path}",), "stdout", f"{self.target}\n")
        owner = f"{self.owner} {self.group}\n"
        yield Assertion("run", (f"stat -c '%U %G' {path}",), "stdout", owner)
