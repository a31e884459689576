"""Merges the file of an environment and the files that it extends into one tree."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envwright.errors import LocatedError, SpecError, UnfitError
from envwright.spec import source
from envwright.spec.choice import WHEN, is_true
from envwright.spec.document import parse
from envwright.spec.merging import merge, settle
from envwright.spec.messages import value_in_words
from envwright.spec.shape import Shape, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from pydantic import BaseModel

    from envwright.spec.source import Position
    from envwright.spec.tree import Node

KEY = "extends"
POLICY = "policy"
"""The key of a layer that holds its policy."""
CHAIN_LIMIT = 32
"""How long a chain of files that extend each other may be."""


class Link(NamedTuple):
    """A file that is a layer, and who names it.

    Args:
        file: the file.
        asked: where another file extends it; None where the command line or an inventory does.
        note: why the file is no layer because of this; "" where it is.
    """

    file: str
    asked: Position | None
    note: str = ""


class Layers(NamedTuple):
    """The layers of an environment.

    Args:
        roots: what each file says, from the lowest layer to the highest.
        checksums: the SHA-256 of each file that was read, by its path.
        links: who names each file, in the order of reading: a file comes before those it extends.
    """

    roots: list[Node]
    checksums: dict[str, str]
    links: list[Link]


def load(files: Sequence[str], facts: Mapping[str, Any]) -> Layers:
    """Read files and those that they extend.

    A file that several files extend
    counts once, below the first of these: what it says does not hide what was laid over it. A file
    whose condition is false is left out, with the files that only it extends.

    Args:
        files: the file of the environment, then those that are laid over it.
        facts: the names that the condition of a whole file may use.

    Raises:
        SpecError, SpecErrors: a file cannot be read or parsed, or files extend each other.
        UnfitError: the condition of the environment's own file is false.
    """
    layers = _Layers(facts)
    own, *above = files
    layers.add(own, None)
    for file in above:
        layers.add(file, None, own=False)
    return Layers(layers.roots, layers.checksums, layers.links)


def load_policies(files: Sequence[str], facts: Mapping[str, Any]) -> list[Node]:
    """Return the trees of files with policies and of those that they extend, as `load` does.

    Raises:
        SpecError, SpecErrors: as of `load`, or a file has no policy.
    """
    layers = _Layers(facts)
    for file in files:
        before = len(layers.roots)
        layers.add(file, None, own=False)
        read = layers.roots[before:]
        if read and not any(isinstance(r.value, Mapping) and POLICY in r.value for r in read):
            hint = "name a file with `policy:`; `envwright explain policy` tells what it holds"
            raise read[-1].at.error("this file has no policy", hint)
    return layers.roots


def merged(roots: Sequence[Node], known: Mapping[str, type[BaseModel]]) -> Node:
    """Return one tree of several layers, the lowest first; nodes keep their file and line.

    Args:
        roots: the trees.
        known: the models of the sections, which say how their values merge.
    """
    shape = _Environment({}, {}, known)
    first, *rest = roots
    return settle(functools.reduce(lambda base, over: merge(base, over, shape), rest, first))


@dataclass(frozen=True)
class _Environment(Shape):
    """The shape of a whole environment: each section has the shape of its model."""

    known: Mapping[str, type[BaseModel]]

    def step(self, key: str | int) -> Shape:
        return shape_of(self.known[str(key)]) if key in self.known else Shape({}, {})


class _Layers:
    """The files of an environment, from the lowest layer to the environment's own file."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self._facts = facts
        self.roots: list[Node] = []
        self.checksums: dict[str, str] = {}
        self.links: list[Link] = []
        self._done: set[str] = set()
        self._chain: dict[str, str] = {}

    def add(self, file: str, asked: Position | None, *, own: bool = True) -> None:
        """Add a file above the files that it extends, unless it is there.

        Args:
            file: the file.
            asked: where another file extends it; None where the command line or an inventory does.
            own: whether it is the environment itself, if no file extends it.
        """
        real = os.path.realpath(file) if "\0" not in file else file
        if real in self._done:
            self.links.append(Link(file, asked, "it lies below already"))
            return
        if asked and real in self._chain:
            names = [*self._chain.values(), file]
            raise asked.error(f"these files extend each other: {' -> '.join(names)}")
        if asked and len(self._chain) >= CHAIN_LIMIT:
            raise asked.error(f"more than {CHAIN_LIMIT} files extend each other in a row")
        self._chain[real] = file
        root = _read(file, asked)
        self.checksums[file] = root.at.source.checksum
        fits = self._fits(root, required=own and asked is None)
        self.links.append(Link(file, asked, "" if fits else "its condition is false here"))
        if not fits:
            del self._chain[real]
            return
        for name, at in _bases(root, file):
            self.add(name, at)
        del self._chain[real]
        self._done.add(real)
        self.roots.append(root)

    def _fits(self, root: Node, *, required: bool) -> bool:
        """Tell whether the condition of a file holds; the environment's own must."""
        when = root.value.get(WHEN) if isinstance(root.value, Mapping) else None
        if when is None or is_true(when.node, self._facts):
            return True
        if required:
            message = "the environment is for other machines: this condition is false"
            raise UnfitError([when.place.error(message)])
        return False


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
