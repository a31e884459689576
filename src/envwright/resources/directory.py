"""Directory: a directory with a given owner and mode; the files in it are not managed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, cast

from envwright.facts import Stat, Unknown
from envwright.model.claim import Claim, Shared
from envwright.model.operations import operation
from envwright.model.way_back import WayBack
from envwright.resources.paths import (
    PathResource,
    attribute_witness,
    attributes,
    in_the_way,
    with_access,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.proof import Assertion
    from envwright.model.resource import Difference, Fields, Resource, State


@dataclass(frozen=True, kw_only=True)
class Directory(PathResource):
    """A directory; `mode` is four octal digits, or "" to leave the mode as it is."""

    mode: str = "0755"

    word: ClassVar[str] = "directory"
    rank: ClassVar[int] = 50

    @property
    def autorequires(self) -> Iterator[str]:
        """What every path comes after, and a mount at the path, which brings its own root."""
        yield from super().autorequires
        yield f"mount:{self.path}"

    def claims(self) -> Iterable[Claim]:
        return (Claim(PurePosixPath(self.path), "a directory", shared=Shared.DIRECTORY, open=True),)

    def folders(self) -> Mapping[str, str]:
        return {self.path: self.owner}

    def questions(self) -> Iterable[Question[Any]]:
        return (Stat(self.path), *self.owners())

    def desired(self) -> State:
        wanted: Fields = {"kind": "directory", "owner": self.owner, "group": self.group}
        return {**wanted, "mode": self.mode} if self.mode else wanted

    def actual(self, facts: Facts) -> State | Unknown | None:
        status = self.status(facts)
        return status if status is None or isinstance(status, Unknown) else attributes(status)

    def refusal(self, difference: Difference) -> str:
        return in_the_way(self.path, difference)

    def converge(self, difference: Difference) -> Iterator[Operation]:  # noqa: ARG002 - one call for all
        access = {"mode": self.mode, "user": self.owner, "group": self.group}
        yield operation("paths.directory", path=self.path, **access)

    def merge(self, other: Resource) -> Resource:
        """Join a wish without a mode with a wish that has one."""
        mode = self.mode or cast("Directory", other).mode
        both = replace(self, mode=mode)
        agreed = replace(cast("Directory", other), mode=cast("Directory", other).mode or mode)
        return both if both.spec() == agreed.spec() else super().merge(other)

    def way_back(self, before: State | None) -> WayBack:
        """A new directory goes where nothing is left in it; another gets its old access."""
        if before is None or before.get("kind") != "directory":
            return WayBack(paths=(self.path,))
        return WayBack(resources=(with_access(self, before),))

    def witness(self) -> Iterator[Assertion]:
        yield from attribute_witness(self.path, self.desired())
