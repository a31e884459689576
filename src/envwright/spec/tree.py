"""The frozen tree of a YAML file: values with their places in the file."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envwright.spec.scalar import Scalar
    from envwright.spec.source import Position


class Tag(enum.Enum):
    """What a value of a layer does with the value of the layers below it."""

    REPLACE = "!replace"
    """It takes the place of that value."""
    APPEND = "!append"
    """The list adds its items to that list."""
    REMOVE = "!remove"
    """The list takes its items out of that list."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key of a mapping: its place in the file, and its value."""

    at: Position
    node: Node

    @property
    def place(self) -> Position:
        """The place of an error about the value: the value, or its key if they are lines apart."""
        here = self.node.at
        concurrent = here.source is self.at.source and here.line == self.at.line
        return here if concurrent and self.node.value is not None else self.at

    def nearest(self, path: Sequence[str | int]) -> Entry:
        """Return the entry at a path of keys and list indices, as far as the path exists."""
        entry = self
        for step in path:
            value = entry.node.value
            if isinstance(value, Mapping) and step in value:
                entry = value[cast("str", step)]
            elif isinstance(value, tuple) and isinstance(step, int) and step < len(value):
                entry = Entry(value[step].at, value[step])
            elif isinstance(value, tuple):
                continue  # a list that is short for a mapping with this key
            else:
                break
        return entry


@dataclass(frozen=True, slots=True)
class Node:
    """A value and its place: a scalar, a tuple of nodes, or entries by key.

    Args:
        tag: the tag that the file gives the value; None where the value's shape decides.
        removed: items that a list of merged layers takes out of the list below it.
    """

    value: Scalar | tuple[Node, ...] | Mapping[str, Entry]
    at: Position
    tag: Tag | None = None
    removed: tuple[Node, ...] = ()

    def places(self) -> Iterator[Position]:
        """Yield the places of this value and of all values in it."""
        yield self.at
        if isinstance(self.value, Mapping):
            for entry in self.value.values():
                yield from entry.node.places()
        elif isinstance(self.value, tuple):
            for item in self.value:
                yield from item.places()

    def plain(self) -> Any:
        """Return the value alone, as dicts, lists and scalars."""
        if isinstance(self.value, Mapping):
            return {key: entry.node.plain() for key, entry in self.value.items()}
        if isinstance(self.value, tuple):
            return [item.plain() for item in self.value]
        return self.value
