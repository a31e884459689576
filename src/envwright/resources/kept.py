"""Kept: what lay at a path before a change, put back byte by byte from its before-image."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import Shell, Stat, Text, Unknown
from envwright.model.claim import Claim
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.model.resource import EXISTENCE, Resource
from envwright.model.way_back import WayBack
from envwright.portable.safepath import change
from envwright.resources.paths import KIND, attribute_witness, attributes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, Field, Fields, State

NOTHING = "none"
"""The kind of an image of a path at which nothing lay."""
KINDS = frozenset({NOTHING, "file", "link"})
"""The kinds of images that can be put back."""


@dataclass(frozen=True, kw_only=True)
class Kept(Resource):
    """What lay at a path: a file, a link, or nothing.

    Args:
        of: the id of the resource whose change is taken back, which this one has, too.
        path: the path.
        image: the folder of root's own that holds the before-image.
        kind: `file`, `link` or NOTHING.
        mode: of a file, four octal digits.
        owner: whose it was.
        group: likewise.
        target: of a link.
        content: of a file; None where the image alone has it.
        digest: the SHA-256 of the content.
        above: the last folder on the way to the path that was there; the folders below it go, too,
            where nothing else lies in them.
        secret: what lies there now may be a secret.
    """

    of: str
    path: str
    image: str
    kind: str = NOTHING
    mode: str = ""
    owner: str = "root"
    group: str = "root"
    target: str = ""
    content: str | None = None
    digest: str = ""
    above: str = ""
    secret: bool = False

    word: ClassVar[str] = "before-image"
    rank: ClassVar[int] = 60
    text_field: ClassVar[str] = "content"
    access_fields: ClassVar[tuple[str, ...]] = ("mode", "owner", "group")

    @property
    def name(self) -> str:
        """The path."""
        return self.path

    @property
    def id(self) -> str:
        """The id of the resource whose change is taken back: what depends on that, sees this."""
        return self.of

    @property
    def autorequires(self) -> Iterable[str]:
        """Whom it belonged to."""
        return (f"user:{self.owner}", f"group:{self.group}") if self.kind != NOTHING else ()

    @property
    def replaces(self) -> Iterable[str]:
        """The path."""
        return (self.path,)

    @property
    def holds_secret(self) -> bool:
        """Whether what lies there now may be a secret."""
        return self.secret

    def claims(self) -> Iterable[Claim]:
        return (Claim(PurePosixPath(self.path), "what was there before"),)

    def label(self, field: Field) -> str:
        """Leave out the kind, which the id says."""
        return "" if field == KIND else super().label(field)

    @property
    def _sum(self) -> Shell:
        """The question for the digest of a file: it lies in a folder that its user may change."""
        return Shell(change("look", self.path))

    @property
    def _entries(self) -> Shell:
        path = shlex.quote(self.path)
        return Shell(f"find {path} -mindepth 1 -maxdepth 1 -printf x -quit 2>/dev/null")

    def questions(self) -> Iterable[Question[Any]]:
        yield Stat(self.path)
        if not self.secret:
            yield Text(self.path)
        if self.kind == NOTHING:
            yield self._entries
        elif self.content is None and self.kind == "file":
            yield self._sum

    def desired(self) -> State | None:
        if self.kind == NOTHING:
            return None
        state: Fields = {"kind": self.kind, "owner": self.owner, "group": self.group}
        if self.kind == "link":
            return {**state, "target": self.target}
        text = f"sha256 {self.digest}" if self.content is None else self.content
        return {**state, "mode": self.mode, "content": text}

    def actual(self, facts: Facts) -> State | Unknown | None:
        status = facts[Stat(self.path)]
        if status is None or isinstance(status, Unknown):
            return status
        if status.kind == "directory" and self.kind == NOTHING:
            entries = facts[self._entries]
            empty = not isinstance(entries, Unknown) and not entries.text
            return attributes(status) if empty else None
        if status.kind == "link":
            access: Fields = {"owner": status.owner, "group": status.group}
            return {"kind": "link", "target": status.target, **access}
        if status.kind != "file" or self.secret:
            return attributes(status)
        return {**attributes(status), "content": self._content(facts)}

    def _content(self, facts: Facts) -> str | Unknown | None:
        if self.content is None and self.kind == "file":
            found = facts[self._sum]
            return found if isinstance(found, Unknown) else f"sha256 {_digest(found.text)}"
        return facts[Text(self.path)]

    def predict(self, difference: Difference, changed: Collection[str]) -> Difference:
        """Take a folder in which something changes for one that may be empty afterwards."""
        inside = f"{self.path}/"
        if difference or self.kind != NOTHING or difference.after is not None:
            return difference
        if not any(id_.partition(":")[2].startswith(inside) for id_ in changed):
            return difference
        before: State = {EXISTENCE: Unknown("what lies in it changes first")}
        return type(difference)(before, None, (EXISTENCE,))

    def refusal(self, difference: Difference) -> str:
        kind = (difference.before or {}).get("kind", "")
        if kind not in {"directory", "other"} or (self.kind == NOTHING and kind == "directory"):
            return ""
        return f"{self.path} is a {kind} now, and is not replaced: move it away first"

    def converge(self, difference: Difference) -> Iterator[Operation]:  # noqa: ARG002 - one call for all
        commands = [change("restore", self.path, self.image)]
        if self.kind == NOTHING:
            commands += [change("drop", folder) for folder in self._new_folders()]
        yield operation("server.shell", commands=[" && ".join(commands)])

    def _new_folders(self) -> Iterator[str]:
        """Yield the folders above that were not there, the deepest first."""
        last = PurePosixPath(self.above or "/")
        above = PurePosixPath(self.path).parents
        # Behind a link, the real folders have other names.
        if self.above and last in above:
            yield from (str(folder) for folder in above if last in folder.parents)

    def witness(self) -> Iterator[Assertion]:
        state = self.desired()
        if state is None:
            gone = f"[ ! -e {shlex.quote(self.path)} ] || [ -d {shlex.quote(self.path)} ]"
            yield Assertion("run", (gone,), "rc", 0)
        elif self.kind == "link":
            shown = f"readlink {shlex.quote(self.path)}"
            yield Assertion("run", (shown,), "stdout", f"{self.target}\n")
        else:
            yield from attribute_witness(self.path, state)
            yield Assertion("file", (self.path,), "sha256sum", self.digest)

    def way_back(self, before: State | None) -> WayBack:  # noqa: ARG002 - the image has it
        return WayBack(paths=(self.path,))


def _digest(looked: str) -> str:
    """Return the SHA-256 in what `change look` printed; "" where there is none."""
    try:
        *_, identity, _target = bytes.fromhex(looked.strip()).decode().split("\0")
    except ValueError:
        return ""
    return identity.rpartition(":")[2]
