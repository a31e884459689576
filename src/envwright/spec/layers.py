"""Merges the file of an environment and the files that it extends into one tree."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from envwright.errors import LocatedError, SpecError
from envwright.spec import source
from envwright.spec.document import parse
from envwright.spec.merging import merge, settle
from envwright.spec.messages import value_in_words
from envwright.spec.shape import Shape, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

    from envwright.spec.source import Position
    from envwright.spec.tree import Node

KEY = "extends"
CHAIN_LIMIT = 32
"""How long a chain of files that extend each other may be."""


def load(file: str, known: Mapping[str, type[BaseModel]]) -> tuple[Node, dict[str, str]]:
    """Return the tree of a file, merged over the trees of the files that it extends.

    The second value is the SHA-256 of each file that was read. A file that several files extend
    counts once, below the first of these: what it says does not hide what was laid over it. Nodes
    keep the file and line that they come from.

    Args:
        file: the file of the environment.
        known: the models of the sections, which say how their values merge.

    Raises:
        SpecError, SpecErrors: a file cannot be read or parsed, or files extend each other.
    """
    layers = _Layers()
    layers.add(file, None)
    shape = _Environment({}, {}, known)
    first, *rest = layers.roots
    merged = functools.reduce(lambda base, over: merge(base, over, shape), rest, first)
    return settle(merged), layers.checksums


@dataclass(frozen=True)
class _Environment(Shape):
    """The shape of a whole environment: each section has the shape of its model."""

    known: Mapping[str, type[BaseModel]]

    def step(self, key: str | int) -> Shape:
        return shape_of(self.known[str(key)]) if key in self.known else Shape({}, {})


class _Layers:
    """The files of an environment, from the lowest layer to the environment's own file."""

    def __init__(self) -> None:
        self.roots: list[Node] = []
        self.checksums: dict[str, str] = {}
        self._done: set[str] = set()
        self._chain: dict[str, str] = {}

    def add(self, file: str, asked: Position | None) -> None:
        """Add a file above the files that it extends, unless it is there."""
        real = os.path.realpath(file) if "\0" not in file else file
        if real in self._done:
            return
        if asked and real in self._chain:
            names = [*self._chain.values(), file]
            raise asked.error(f"these files extend each other: {' -> '.join(names)}")
        if asked and len(self._chain) >= CHAIN_LIMIT:
            raise asked.error(f"more than {CHAIN_LIMIT} files extend each other in a row")
        self._chain[real] = file
        own = _read(file, asked)
        self.checksums[file] = own.at.source.checksum
        for name, at in _bases(own, file):
            self.add(name, at)
        del self._chain[real]
        self._done.add(real)
        self.roots.append(own)


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
