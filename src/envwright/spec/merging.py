"""Merges a layer into another: mappings by key, sets of items by identity; the rest is replaced.

What a layer says of a value may be less than a value: a list that adds to the list below it, a
null that removes a key. Such a node keeps what it says (`tag`, `removed`) until nothing lies below
it, so that it makes no difference which neighbours of several layers are merged first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from envwright.spec.tree import Entry, Node, Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envwright.spec.shape import Shape


def merge(base: Node, over: Node, shape: Shape) -> Node:
    """Return a value with the value of a higher layer merged into it.

    Args:
        base: the value.
        over: the value of the higher layer.
        shape: the shape of the value, which says how lists merge.
    """
    base, over = whole(base, shape), whole(over, shape)
    if base.value is None and over.value is None:
        return base if over.tag is None else over
    if over.tag is not Tag.REPLACE:
        if isinstance(base.value, Mapping) and isinstance(over.value, Mapping):
            return _merged_keys(base, over, shape)
        if isinstance(base.value, tuple) and isinstance(over.value, tuple):
            return _merged_items(base, over, shape)
    # Whatever lies below `base` is hidden by it, and so must stay hidden.
    return replace(over, tag=Tag.REPLACE)


def settle(node: Node) -> Node:
    """Return the value of a merged tree, below which nothing lies, without what it says of layers.

    A null that removed a key is gone; a null that removed nothing stays, for the reader to refuse.
    """
    if isinstance(node.value, Mapping):
        kept = {
            key: Entry(entry.at, settle(entry.node))
            for key, entry in node.value.items()
            if entry.node.value is not None or entry.node.tag is None
        }
        return Node(MappingProxyType(kept), node.at)
    if isinstance(node.value, tuple):
        items = () if node.tag is Tag.REMOVE else node.value
        return Node(tuple(settle(item) for item in items), node.at)
    return Node(node.value, node.at)


def whole(node: Node, shape: Shape) -> Node:
    """Return the long form of a value that is short for a mapping with one key."""
    short = shape.short
    if not short or node.value is None or isinstance(node.value, Mapping):
        return node
    return Node(MappingProxyType({short: Entry(node.at, node)}), node.at)


def _merged_keys(base: Node, over: Node, shape: Shape) -> Node:
    entries = dict(base.value) if isinstance(base.value, Mapping) else {}
    for key, entry in over.value.items() if isinstance(over.value, Mapping) else ():
        below = entries.get(key)
        node = merge(below.node, entry.node, shape.step(key)) if below else entry.node
        entries[key] = Entry(entry.at, node)
    return Node(MappingProxyType(entries), over.at, base.tag)


def _merged_items(base: Node, over: Node, shape: Shape) -> Node:
    adds = shape.adds
    if over.tag is None and adds is None:
        return replace(over, tag=Tag.REPLACE)
    kept, below = _said(base)
    added, removed = _said(over)
    gone = {identity(item.plain(), adds) for item in removed}
    items = [item for item in kept if identity(item.plain(), adds) not in gone]
    for item in added:
        _add(items, item, adds)
    tag = Tag.APPEND if base.tag is Tag.REMOVE else base.tag
    if tag is None and adds is None:
        tag = Tag.REPLACE
    return Node(tuple(items), over.at, tag, (*below, *removed))


def _said(node: Node) -> tuple[Sequence[Node], Sequence[Node]]:
    """Return the items that a list adds, and those that it removes from below it."""
    items = node.value if isinstance(node.value, tuple) else ()
    return ((), items) if node.tag is Tag.REMOVE else (items, node.removed)


def _add(items: list[Node], item: Node, adds: str | None) -> None:
    """Put an item in the place of the one with its identity, or at the end."""
    if adds is not None:
        found = identity(item.plain(), adds)
        for index, other in enumerate(items):
            if identity(other.plain(), adds) == found:
                items[index] = item
                return
    items.append(item)


def identity(value: Any, adds: str | None) -> Any:
    """Return that by which an item is found: a key of a mapping, what a pattern matches, or all."""
    if adds and isinstance(value, dict):
        value = value.get(adds, value)
    elif adds and isinstance(value, str) and (found := re.match(adds, value)):
        value = found[0]
    return repr(value)
