"""File: a regular file with a given content, owner and mode."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import Stat, Text, Unknown
from envwright.model.claim import Claim
from envwright.model.operations import Content, operation
from envwright.model.proof import Assertion
from envwright.model.resource import EXISTENCE, Difference
from envwright.resources.paths import PathResource, attribute_witness, attributes, in_the_way
from envwright.resources.prerequisites import BEFORE_APT
from envwright.resources.upload import upload
from envwright.resources.validators import unit_files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import State


@dataclass(frozen=True, kw_only=True)
class File(PathResource):
    """A regular file.

    Args:
        content: all of its text; may refer to secrets.
        mode: four octal digits.
        validate: a command that must accept the new file, "$staged", before it goes live.
        present: False: there must be no such file.
        once: what is there already stays as it is, whatever it is.
    """

    content: str = ""
    mode: str = "0644"
    validate: str = ""
    present: bool = True
    once: bool = False

    word: ClassVar[str] = "file"
    rank: ClassVar[int] = 60
    text_field: ClassVar[str] = "content"

    @property
    def order(self) -> int:
        """Files that apt reads go before what apt does: it may fetch nothing without them."""
        return BEFORE_APT - 1 if self.path.startswith("/etc/apt/") else self.rank

    @property
    def validated(self) -> bool:
        """Whether a command must accept it."""
        return bool(self.validate)

    @property
    def autorequires(self) -> Iterator[str]:
        """What comes before every path; for a drop-in the unit's file, which systemd reads first.

        systemd checks a drop-in together with the unit's file. A file that is broken, and that the
        same apply mends, would keep the drop-in from going live.
        """
        yield from super().autorequires
        yield from (f"file:{path}" for path in unit_files(self.path))

    @property
    def replaces(self) -> Iterable[str]:
        """The path."""
        return (self.path,)

    def claims(self) -> Iterable[Claim]:
        return (Claim(PurePosixPath(self.path), "a whole file" if self.present else "no file"),)

    def questions(self) -> Iterable[Question[Any]]:
        return (Stat(self.path), Text(self.path), *self.owners())

    def desired(self) -> State | None:
        if not self.present:
            return None
        return {
            "kind": "file",
            "mode": self.mode,
            "owner": self.owner,
            "group": self.group,
            "content": self.content,
        }

    def actual(self, facts: Facts) -> State | Unknown | None:
        status = self.status(facts)
        if self.once and status is not None and not isinstance(status, Unknown):
            return self.desired()
        if status is None or isinstance(status, Unknown):
            return status
        if status.kind != "file":
            return attributes(status)
        text = facts[Text(self.path)]
        if text is None:
            text = Unknown(f"{status.size} bytes")
        return {**attributes(status), "content": text}

    def public_values(self) -> Iterable[Any]:
        return replace(self, content="").spec()

    def predict(self, difference: Difference, changed: Collection[str]) -> Difference:
        """Take a file that must go for unknown where a package that is new may bring it."""
        found = super().predict(difference, changed)
        packages = [id_ for id_ in self.needs if id_.startswith("package:") and id_ in changed]
        if self.present or found or not packages:
            return found
        unknown = Unknown(f"{packages[0]} comes first")
        return Difference({EXISTENCE: unknown}, None, (EXISTENCE,))

    def refusal(self, difference: Difference) -> str:
        return in_the_way(self.path, difference, "link")

    def converge(self, difference: Difference) -> Iterator[Operation]:
        if difference.after is None:
            yield operation("paths.absent", path=self.path)
            return
        yield from upload(
            self.path,
            Content(self.content),
            mode=self.mode,
            owner=self.owner,
            group=self.group,
            validate=self.validate,
            once=self.once,
        )

    def witness(self) -> Iterator[Assertion]:
        state = self.desired()
        if state is None:
            yield Assertion("file", (self.path,), "exists", expected=False)
            return
        if self.once:
            there = f"test -e {shlex.quote(self.path)} || test -L {shlex.quote(self.path)}"
            yield Assertion("run", (there,), "rc", 0)
            return
        # testinfra follows links: without this, a link to a file with the right content would pass.
        yield Assertion("file", (self.path,), "is_symlink", expected=False)
        yield from attribute_witness(self.path, state)
        if _is_utf_8(self.content):
            yield Assertion("file", (self.path,), "content_string", self.content)
        else:
            data = self.content.encode("utf-8", "surrogateescape")
            digest = hashlib.sha256(data).hexdigest()
            yield Assertion("file", (self.path,), "sha256sum", digest)


def _is_utf_8(content: str) -> bool:
    """Tell whether a content has no byte that surrogateescape stands for."""
    return not any("\udc80" <= character <= "\udcff" for character in content)
