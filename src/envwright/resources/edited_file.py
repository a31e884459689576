"""EditedFile: what the resources share that set some keys of a file and keep every other byte."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from envwright.errors import ConflictError
from envwright.facts import Unknown
from envwright.model.proof import Assertion, View
from envwright.model.resource import Fields, FileKey, Resource, State, Value
from envwright.portable import dialects
from envwright.portable.dialects.pointers import leaves as leaves  # noqa: PLC0414 - for capabilities
from envwright.portable.dialects.pointers import pointer as pointer  # noqa: PLC0414 - the same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envwright.model.resource import Field

TEXTS = frozenset({"block", "block_top"})
"""The dialects whose values are texts of lines."""
UNTYPED = frozenset({"wsl", "wslconfig", "env", "ini", "gitconfig"})
"""The dialects whose readers return text: true and 5 are written there as any text is."""
SWITCHES = {"wsl": "wsl_switch", "wslconfig": "wslconfig_switch"}
"""The dialects that write true and false in several ways, and the reader that knows these."""


def reason_unwritable(dialect: str, keys: Mapping[str, Value]) -> str:
    """Return why no file of a dialect can hold some keys; "" where one can."""
    try:
        dialects.get(dialect).edit("", keys)
    except dialects.DialectError as error:
        return str(error)
    return ""


def _fields(line: str, key: str) -> list[str] | None:
    """Return the fields of a line of fstab, as the witness finds them in the file."""
    from envwright.portable import readers  # noqa: PLC0415 - verify's alone

    return readers.fstab(line, key)


@dataclass(frozen=True, kw_only=True)
class EditedFile(Resource):
    """Some keys of a file.

    Args:
        dialect: how the file is read and edited, by its name in envwright.portable.dialects.
        keys: the value of each key, as its dialect takes it; None: there must be no such key.
    """

    dialect: str
    keys: Mapping[str, Value] = field(default_factory=dict)

    def is_text(self, field: Field) -> bool:
        """Tell whether a field of the state is a text of lines."""
        return isinstance(field, FileKey) and self.dialect in TEXTS

    def label(self, field: Field) -> str:
        """Return a key's name; of a block the name alone, without its file's signs of comments."""
        name = super().label(field)
        return f"block {name.split(' ')[1]}" if self.is_text(field) else name

    def desired_keys(self) -> Fields:
        """Return the wanted value of each key."""
        return {FileKey(name): value for name, value in self.keys.items()}

    def actual_keys(self, text: str) -> Fields | Unknown:
        """Return the value that a text has for each wanted key; Unknown if it cannot be edited."""
        dialect = dialects.get(self.dialect)
        try:
            values = dialect.actual(text, self.keys)
            if any(values.get(name) != value for name, value in self.keys.items()):
                dialect.edit(text, self.keys)  # what apply could not write is told by plan
        except dialects.DialectError as error:
            return Unknown(str(error))
        return {FileKey(name): values.get(name) for name in self.keys}

    def unwritable(self, revealed: State) -> str:
        keys = {field.name: v for field, v in revealed.items() if isinstance(field, FileKey)}
        return reason_unwritable(self.dialect, keys)

    def key_witness(self, module: str, argument: str, attribute: str) -> Iterator[Assertion]:
        """Assert each key, read out of the text that `module(argument).attribute` shows."""
        for name, value in self.keys.items():
            reader, seen = self.dialect, cast("object", value)
            if isinstance(value, bool) and self.dialect in SWITCHES:
                reader = SWITCHES[self.dialect]
            elif (size := self._size(name, value)) is not None:
                reader, seen = "wslconfig_size", size
            elif isinstance(value, int | float) and self.dialect in UNTYPED:
                seen = json.dumps(value)
            elif self.dialect == "fstab":
                seen = _fields(str(value), name)
            yield Assertion(module, (argument,), attribute, seen, view=View(reader, name))

    def _size(self, name: str, value: Value) -> int | None:
        """Return the bytes of a wanted size, which the file may say in another unit."""
        if self.dialect != "wslconfig" or not isinstance(value, str | int):
            return None
        from envwright.portable.dialects import wsl  # noqa: PLC0415 - verify's alone

        return wsl.size_in_bytes(str(value)) if wsl.is_size(name) else None

    def merge(self, other: Resource) -> Resource:
        """Join the keys of two wishes for one file; a key must not have two values."""
        theirs = cast("EditedFile", other)
        for name in self.keys.keys() & theirs.keys.keys():
            mine, yours = self.keys[name], theirs.keys[name]
            if mine != yours:
                raise ConflictError(
                    f"{self.name}: {self.origins[0]} wants {name} = {mine!r}, "
                    f"{other.origins[0]} wants {yours!r}",
                    hint="remove one of the two",
                )
        checks = dict.fromkeys([self.effect_check, theirs.effect_check])
        # Keys of which nothing shows that they are in effect leave the whole file open.
        check = "" if "" in checks else " && ".join(f"{{ {check}\n}}" for check in checks)
        joined: dict[str, Any] = {"keys": {**self.keys, **theirs.keys}, "effect_check": check}
        both = replace(self, **joined)
        if both.spec() != replace(theirs, **joined).spec():
            return super().merge(other)
        return both


def entries(dialect: str, text: object) -> tuple[dict[str, Value], str]:
    """Return the keys that the answer to a question for a text holds, and why it holds none.

    Args:
        dialect: how the file is read.
        text: the text; another answer counts as a file that is not there.
    """
    try:
        return dialects.get(dialect).read(text if isinstance(text, str) else ""), ""
    except dialects.DialectError as error:
        return {}, str(error)
