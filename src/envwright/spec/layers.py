"""Merges the file of an environment and the files that it extends into one tree."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from envwright.errors import LocatedError, SpecError
from envwright.spec import source
from envwright.spec.document import parse
from envwright.spec.messages import value_in_words
from envwright.spec.tree import Entry, Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.spec.source import Position

KEY = "extends"
CHAIN_LIMIT = 32
"""How long a chain of files that extend each other may be."""


def load(file: str) -> tuple[Node, dict[str, str]]:
    """Return the tree of a file, merged over the trees of the files that it extends.

    The second value is the SHA-256 of each file that was read.

    Mappings merge by key; other values are replaced; null removes a key. Nodes keep the file and
    line that they come from.

    Raises:
        SpecError, SpecErrors: a file cannot be read or parsed, or files extend each other.
    """
    layers = _Layers()
    return layers.tree(file, None), layers.checksums


class _Layers:
    def __init__(self) -> None:
        self._done: dict[str, Node] = {}
        self._chain: dict[str, str] = {}
        self.checksums: dict[str, str] = {}

    def tree(self, file: str, asked: Position | None) -> Node:
        real = os.path.realpath(file) if "\0" not in file else file
        if real in self._done:
            return self._done[real]
        if asked and real in self._chain:
            names = [*self._chain.values(), file]
            raise asked.error(f"these files extend each other: {' -> '.join(names)}")
        if asked and len(self._chain) >= CHAIN_LIMIT:
            raise asked.error(f"more than {CHAIN_LIMIT} files extend each other in a row")
        self._chain[real] = file
        own = _read(file, asked)
        self.checksums[file] = own.at.source.checksum
        merged: Node | None = None
        for base in (self.tree(name, at) for name, at in _bases(own, file)):
            merged = merge(merged, base) if merged else base
        del self._chain[real]
        self._done[real] = merge(merged, own) if merged else own
        return self._done[real]


def _read(file: str, asked: Position | None) -> Node:
    try:
        text = source.read(file)
    except LocatedError:
        raise
    except SpecError as error:
        raise asked.error(error.message, error.hint) if asked else error from None
    root = parse(text)
    if not isinstance(root.value, Mapping):
        actual = value_in_words(root.plain())
        raise root.at.error(f"an environment is a mapping of keys, not {actual}")
    return root


def _bases(root: Node, file: str) -> Iterator[tuple[str, Position]]:
    """Yield the paths that `extends` names, relative to its own file, and where."""
    entry = root.value.get(KEY) if isinstance(root.value, Mapping) else None
    if entry is None:
        return
    for node in entry.node.value if isinstance(entry.node.value, tuple) else (entry.node,):
        if not isinstance(node.value, str) or not node.value:
            at = node.at if node.value else entry.at
            actual = value_in_words(node.plain())
            raise at.error(f"extends must be a path or a list of paths, not {actual}")
        # As in a shell, `~nobody` stays as it is, where Path.expanduser would raise.
        yield str(Path(file).parent / os.path.expanduser(node.value)), node.at  # noqa: PTH111 - above


def merge(base: Node, over: Node) -> Node:
    """Return the tree `base` with the values of `over` merged into it."""
    if not (isinstance(base.value, Mapping) and isinstance(over.value, Mapping)):
        return over
    entries = dict(base.value)
    for key, entry in over.value.items():
        if key not in entries:
            entries[key] = entry
        elif entry.node.value is None:
            del entries[key]
        else:
            entries[key] = Entry(entry.at, merge(entries[key].node, entry.node))
    return Node(MappingProxyType(entries), over.at)
