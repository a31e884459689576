"""Takes out of a layer what is for other machines, and fills the entries of tables by defaults.

`when` stands in a section, or in an item that has keys: where it is false, the section or item is
as if it were not written. A value of any kind is chosen by a mapping of `when`, `then` and `else`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from envwright.spec.conditions import ConditionError, holds
from envwright.spec.merging import merge
from envwright.spec.messages import value_in_words
from envwright.spec.tree import Entry, Node

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from envwright.spec.shape import Shape

WHEN, THEN, ELSE = "when", "then", "else"
DEFAULTS = "defaults"


def is_true(node: Node, names: Mapping[str, Any]) -> bool:
    """Tell whether the condition that is the value of `when` holds.

    Raises:
        LocatedError: it is no condition.
    """
    if isinstance(node.value, bool):
        return node.value
    if not isinstance(node.value, str):
        raise node.at.error(f"when must be a condition, not {value_in_words(node.plain())}")
    try:
        return holds(node.value, names)
    except ConditionError as error:
        raise node.at.error(error.message, error.hint) from None


def mentions(node: Node, word: str) -> bool:
    """Tell whether a key of a value, or of a value in it, is a word.

    The shape of a section takes milliseconds to make: few sections have conditions or defaults.
    """
    if isinstance(node.value, Mapping):
        return word in node.value or any(mentions(e.node, word) for e in node.value.values())
    return isinstance(node.value, tuple) and any(mentions(item, word) for item in node.value)


class Chooser:
    """Chooses, for one machine.

    Args:
        names: the facts and variables that conditions may name.
    """

    def __init__(self, names: Mapping[str, Any]) -> None:
        self._names = names

    def section(self, node: Node, shape: Shape) -> Node | None:
        """Return what a section is on the machine; None where it is for others."""
        return self._chosen(node, shape, conditional=True)

    def _chosen(self, node: Node, shape: Shape, *, conditional: bool) -> Node | None:
        if isinstance(node.value, tuple):
            items = shape.step(shape.short) if shape.short else shape
            return replace(node, value=tuple(self._items(node.value, items)))
        if not isinstance(node.value, Mapping) or not shape.schema:
            return node
        when = node.value.get(WHEN)
        rest = {key: entry for key, entry in node.value.items() if key != WHEN}
        if when and rest and rest.keys() <= {THEN, ELSE}:
            chosen = rest.get(THEN if is_true(when.node, self._names) else ELSE)
            return self._chosen(chosen.node, shape, conditional=False) if chosen else None
        if when and conditional:
            if not is_true(when.node, self._names):
                return None
            node = replace(node, value=MappingProxyType(rest))
        return replace(node, value=MappingProxyType(dict(self._entries(node, shape))))

    def _entries(self, node: Node, shape: Shape) -> Iterator[tuple[str, Entry]]:
        for key, entry in node.value.items() if isinstance(node.value, Mapping) else ():
            chosen = self._inner(entry.node, shape.step(key))
            if chosen is not None:
                yield key, Entry(entry.at, chosen)

    def _items(self, items: tuple[Node, ...], shape: Shape) -> Iterator[Node]:
        """Yield the items of a list; the list that an item chooses stands in its place."""
        for index, item in enumerate(items):
            chosen = self._inner(item, shape.step(index))
            if chosen is None:
                continue
            if isinstance(item.value, Mapping) and isinstance(chosen.value, tuple):
                yield from chosen.value
            else:
                yield chosen

    def _inner(self, node: Node, shape: Shape) -> Node | None:
        properties = shape.properties
        return self._chosen(node, shape, conditional=bool(properties) and WHEN not in properties)


def filled(node: Node, shape: Shape) -> Node:
    """Return a value in which each entry of a table has the table's `defaults` below it."""
    if not isinstance(node.value, Mapping) or not shape.schema:
        return node
    entries = dict(node.value)
    element = shape.element
    table = element is not None and bool(element.properties) and not shape.properties
    defaults = entries.pop(DEFAULTS, None) if table and DEFAULTS in entries else None
    for key, entry in entries.items():
        inner = shape.step(key)
        below = merge(defaults.node, entry.node, inner) if defaults else entry.node
        entries[key] = Entry(entry.at, filled(below, inner))
    return replace(node, value=MappingProxyType(entries))
