"""Keys: some keys of a file on the machine; every other byte of the file stays as it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import Stat, Text, Unknown
from envwright.model.claim import Claim, Shared
from envwright.model.operations import Edited
from envwright.model.resource import EXISTENCE
from envwright.resources.edited_file import EditedFile
from envwright.resources.paths import PathResource, attribute_witness, attributes, in_the_way
from envwright.resources.upload import upload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.proof import Assertion
    from envwright.model.resource import Difference, State

WSL_CONF, SYSTEMD = "/etc/wsl.conf", "boot.systemd"
"""The file and the key by which WSL starts systemd as PID 1."""


@dataclass(frozen=True, kw_only=True)
class Keys(EditedFile, PathResource):
    """Some keys of a file at a path.

    Args:
        mode: four octal digits.
        validate: a command that must accept the new file, "$staged", before it goes live.
    """

    mode: str = "0644"
    validate: str = ""

    word: ClassVar[str] = "keys"
    rank: ClassVar[int] = 60

    def boots_systemd(self) -> bool | None:
        """Return what wsl.conf will say of systemd; None where the keys do not say it."""
        wanted = self.keys.get(SYSTEMD) if self.path == WSL_CONF else None
        return None if wanted is None else bool(wanted)

    @property
    def replaces(self) -> Iterable[str]:
        """The path."""
        return (self.path,)

    def claims(self) -> Iterable[Claim]:
        return (Claim(PurePosixPath(self.path), "a file of some keys", shared=Shared.EDITED),)

    def questions(self) -> Iterable[Question[Any]]:
        return (Stat(self.path), Text(self.path))

    def desired(self) -> State:
        return {
            "kind": "file",
            "mode": self.mode,
            "owner": self.owner,
            "group": self.group,
            **self.desired_keys(),
        }

    def actual(self, facts: Facts) -> State | Unknown | None:
        status = self.status(facts)
        if status is None or isinstance(status, Unknown):
            return status
        if status.kind != "file":
            return attributes(status)
        text = facts[Text(self.path)]
        if not isinstance(text, str):
            return text or Unknown(f"{status.size} bytes")
        keys = self.actual_keys(text)
        return keys if isinstance(keys, Unknown) else {**attributes(status), **keys}

    def public_values(self) -> Iterable[Any]:
        return (*replace(self, keys={}).spec(), *self.keys)

    def refusal(self, difference: Difference) -> str:
        before = difference.before or {}
        if isinstance(unreadable := before.get(EXISTENCE), Unknown):
            return f"{self.path} cannot be edited safely: {unreadable.reason}"
        return in_the_way(self.path, difference)

    def converge(self, difference: Difference) -> Iterator[Operation]:  # noqa: ARG002 - one call for all
        yield from upload(
            self.path,
            Edited(self.path, self.dialect, self.keys),
            mode=self.mode,
            owner=self.owner,
            group=self.group,
            validate=self.validate,
        )

    def witness(self) -> Iterator[Assertion]:
        yield from attribute_witness(self.path, self.desired())
        yield from self.key_witness("file", self.path, "content_string")
