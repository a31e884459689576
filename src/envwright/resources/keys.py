"""Keys: a file of keys of which some are ours; every other byte of it belongs to its owner."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, cast

from envwright.errors import ConflictError
from envwright.facts import Stat, Text, Unknown
from envwright.model.claim import Claim, Shared
from envwright.model.operations import Edited
from envwright.model.proof import Assertion
from envwright.model.resource import EXISTENCE
from envwright.portable import dialects
from envwright.resources.paths import PathResource, attribute_witness, attributes, in_the_way
from envwright.resources.upload import upload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, Resource, State, Value

WORDS = {"wsl", "env"}
"""The dialects that have no types: true and 5 are written as any word is."""
WSL_CONF, SYSTEMD = "/etc/wsl.conf", "boot.systemd"
"""The file and the key by which WSL starts systemd as PID 1."""
FIELD = "key "
"""What a key's name is prefixed with in a state, to tell it from the file's own attributes."""


@dataclass(frozen=True, kw_only=True)
class Keys(PathResource):
    """Some keys of a file.

    Args:
        dialect: how the file is read and edited, by its name in envwright.portable.dialects.
        keys: the value of each key, as its dialect takes it; None: there must be no such key.
        mode: four octal digits.
        validate: a command that must agree to the new file, "$staged", before it goes live.
    """

    dialect: str
    keys: Mapping[str, Value] = field(default_factory=dict)
    mode: str = "0644"
    validate: str = ""

    word: ClassVar[str] = "keys"
    rank: ClassVar[int] = 60

    def label(self, name: str) -> str:
        """Name a key as its file does."""
        return super().label(name).removeprefix(FIELD)

    def boots_systemd(self) -> bool | None:
        """Tell what wsl.conf will say, where this is one that says it."""
        wanted = self.keys.get(SYSTEMD) if self.path == WSL_CONF else None
        return None if wanted is None else bool(wanted)

    def claims(self) -> Iterable[Claim]:
        return (Claim(PurePosixPath(self.path), "a file of some keys", shared=Shared.EDITED),)

    def questions(self) -> Iterable[Question[Any]]:
        return (Stat(self.path), Text(self.path))

    def desired(self) -> State:
        attributes = {"kind": "file", "mode": self.mode, "owner": self.owner, "group": self.group}
        return attributes | {FIELD + key: value for key, value in self.keys.items()}

    def actual(self, facts: Facts) -> State | Unknown | None:
        status = self.status(facts)
        if status is None or isinstance(status, Unknown):
            return status
        if status.kind != "file":
            return attributes(status)
        text = facts[Text(self.path)]
        if not isinstance(text, str):
            return Unknown(f"{status.size} bytes")
        try:
            values = dialects.get(self.dialect).actual(text, self.keys)
        except dialects.DialectError as error:
            return Unknown(str(error))
        return attributes(status) | {FIELD + key: values.get(key) for key in self.keys}

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
        file, attribute = (self.path,), "content_string"
        for key, value in self.keys.items():
            # Where a file holds nothing but words, the witness reads words; but WSL has two of
            # them for true, and its view knows them.
            switch = self.dialect == "wsl" and isinstance(value, bool)
            words = self.dialect in WORDS and isinstance(value, int) and not switch
            seen = json.dumps(value) if words else value
            name = f"{key}?" if switch else key
            yield Assertion("file", file, attribute, seen, view=self.dialect, key=name)

    def merge(self, other: Resource) -> Resource:
        theirs = cast("Keys", other)
        for key in self.keys.keys() & theirs.keys.keys():
            mine, yours = self.keys[key], theirs.keys[key]
            if mine != yours:
                raise ConflictError(
                    f"{self.path}: {self.origins[0]} wants {key} = {mine!r}, "
                    f"{other.origins[0]} wants {yours!r}",
                    hint="say it in one place",
                )
        both = replace(self, keys={**self.keys, **theirs.keys})
        if both.spec() != replace(theirs, keys=both.keys).spec():
            return super().merge(other)
        return both
