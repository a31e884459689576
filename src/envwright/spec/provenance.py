"""Provenance: which layer an environment has each value from, and which layers it hides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from envwright.errors import EnvwrightError
from envwright.spec.messages import quoted, suggestion
from envwright.spec.paths import written
from envwright.spec.tree import Tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envwright.spec.environment import Environment
    from envwright.spec.paths import Path
    from envwright.spec.source import Position
    from envwright.spec.tree import Entry, Node

HEAD = ("name", "description")
"""The keys of an environment whose values are no sections."""


class Said(NamedTuple):
    """What one layer says of a value: where, what, and with which tag."""

    at: Position
    node: Node

    @property
    def place(self) -> str:
        """The file and line."""
        return f"{self.at.source.file}:{self.at.line}"


class Value(NamedTuple):
    """A value of an environment, and where it comes from.

    Args:
        path: the keys and list indices that lead to the value.
        value: the value itself, its templates rendered.
        origin: the file and line from which the value is.
        layers: what the layers say of the value, the highest first; an item of a list has only the
            layer that it is from, and a list has a value of its own where layers say what it hides.
    """

    path: Path
    value: Any
    origin: str
    layers: tuple[Said, ...]

    @property
    def hidden(self) -> tuple[Said, ...]:
        """What other layers say, which does not count."""
        return tuple(said for said in self.layers if said.place != self.origin)


def values(environment: Environment, key: str = "") -> list[Value]:
    """Return the values at and below a key, in the order of the environment.

    Args:
        environment: the environment.
        key: the path to it, as in `docker.daemon.mtu`; "" for all sections.

    Raises:
        EnvwrightError: the environment has no such value.
    """
    found = list(_leaves(environment))
    if not key:
        return found
    below = [v for v in found if any(_is_below(text, key) for text in _spellings(v.path))]
    if not below:
        known = {written(v.path[:end]) for v in found for end in range(1, len(v.path) + 1)}
        raise EnvwrightError(
            f"{environment.file} says nothing of {quoted(key)}{suggestion(key, known)}",
            hint=f"`envwright explain {key.partition('.')[0]}` tells the defaults",
        )
    return below


def _spellings(path: Path) -> tuple[str, str]:
    """Return a path as `written` writes it, and with no quotes, which stand for nothing here."""
    return written(path), ".".join(map(str, path))


def _is_below(path: str, key: str) -> bool:
    return path == key or path.startswith((f"{key}.", f"{key}["))


def lines(environment: Environment, key: str = "") -> Iterator[str]:
    """Yield lines of text that tell the values at and below a key, with their origins."""
    for value in values(environment, key):
        text = json.dumps(value.value, ensure_ascii=False)
        yield f"{written(value.path)} = {text}"
        yield f"    {value.origin}"
        for said in value.hidden:
            does = "removes it" if said.node.value is None else _spoken(said.node)
            yield f"    {said.place} says {does}, which {value.origin.partition(':')[0]} hides"


def _spoken(node: Node) -> str:
    tag = f"{node.tag.value} " if node.tag in {Tag.APPEND, Tag.REMOVE} and node.tag else ""
    return tag + json.dumps(node.plain(), ensure_ascii=False)


def _leaves(environment: Environment) -> Iterator[Value]:
    top = environment.tree.node.value
    entries = top if isinstance(top, Mapping) else {}
    for key, entry in entries.items():
        if key in environment.values or key in HEAD:
            plain = environment.values.get(key, entry.node.plain())
            yield from _below(environment, (key,), entry, plain)


def _below(environment: Environment, path: Path, entry: Entry, plain: Any) -> Iterator[Value]:
    node = entry.node
    if isinstance(node.value, Mapping) and node.value and isinstance(plain, dict):
        for key, inner in node.value.items():
            yield from _below(environment, (*path, key), inner, plain[key])
        return
    own = Said(entry.place, node)
    said = tuple(reversed(list(_said(environment.layers, path)))) or (own,)
    if isinstance(node.value, tuple) and node.value and isinstance(plain, list):
        for index, item in enumerate(node.value):
            at = Said(item.at, item)
            yield Value((*path, index), plain[index], at.place, (at,))
        left = {item.at for item in node.value}
        said = tuple(each for each in said if left.isdisjoint(_places(each.node)))
        if not said:
            return
    yield Value(path, plain, own.place, said)


def _places(node: Node) -> Iterator[Position]:
    """Yield the places of the items of a list."""
    if isinstance(node.value, tuple):
        yield from (item.at for item in node.value)


def _said(layers: Sequence[Node], path: Path) -> Iterator[Said]:
    """Yield what each layer says of the value at a path of keys, the lowest first."""
    for layer in layers:
        node, at = layer, layer.at
        for step in path:
            inner = node.value.get(str(step)) if isinstance(node.value, Mapping) else None
            if inner is None:
                break
            node, at = inner.node, inner.place
        else:
            yield Said(at, node)
