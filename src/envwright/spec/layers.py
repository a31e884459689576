"""Merges the file of an environment and the files that it extends into one tree."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from envwright.errors import LocatedError, NotFetchedError, SpecError, UnfitError
from envwright.spec import presets, source
from envwright.spec.addresses import CredentialsError, GitAddress, MissingLayer
from envwright.spec.addresses import parse as parse_address
from envwright.spec.bases import bases
from envwright.spec.choice import WHEN, is_true
from envwright.spec.document import parse
from envwright.spec.merging import merge, settle
from envwright.spec.messages import quoted, value_in_words
from envwright.spec.shape import Shape, shape_of
from envwright.spec.trees import LayerFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from pydantic import BaseModel

    from envwright.spec.addresses import Address
    from envwright.spec.bases import Base
    from envwright.spec.source import Position
    from envwright.spec.tree import Node
    from envwright.spec.trees import Tree

    Find = Callable[[Address], Tree]
    """Returns the tree of an address, from the cache."""

POLICY = "policy"
"""The key of a layer that holds its policy."""
CHAIN_LIMIT = 32
"""How long a chain of files that extend each other may be."""


class Link(NamedTuple):
    """A file that is a layer, and who names it.

    Args:
        file: the file, as a person is shown it.
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
        trees: where the files are from that are not the user's.
        links: who names each file, in the order of reading: a file comes before those it extends.
    """

    roots: list[Node]
    checksums: dict[str, str]
    trees: list[Tree]
    links: list[Link]


def no_cache(address: Address) -> Tree:
    """Find no layer from elsewhere.

    Raises:
        SpecError: always.
    """
    raise SpecError(f"no layer is taken from elsewhere here, and {address} is one")


def load(files: Sequence[str], facts: Mapping[str, Any] | None, find: Find = no_cache) -> Layers:
    """Read files and those that they extend.

    A file that several files extend counts once, below the first of these: what it says does not
    hide what was laid over it. A file whose condition is false is left out, with the files that
    only it extends.

    Args:
        files: the file of the environment, then those that are laid over it.
        facts: the names that the condition of a whole file may use; None for the files of all
            machines, whatever their conditions are.
        find: returns the tree of an address; MissingLayer where it is not in the cache.

    Raises:
        SpecError, SpecErrors: a file cannot be read or parsed, or files extend each other.
        NotFetchedError: a layer is not in the cache.
        UnfitError: the condition of the environment's own file is false.
    """
    layers = _Layers(facts, find)
    own, *above = files
    layers.add(LayerFile(own, own), None)
    for name in above:
        layers.add_named(name)
    return Layers(layers.roots, layers.checksums, layers.trees, layers.links)


def load_policies(
    files: Sequence[str], facts: Mapping[str, Any], find: Find = no_cache
) -> list[Node]:
    """Return the trees of files with policies and of those that they extend, as `load` does.

    Raises:
        SpecError, SpecErrors: as of `load`, or a file has no policy.
        NotFetchedError: a layer is not in the cache.
    """
    layers = _Layers(facts, find)
    for name in files:
        before = len(layers.roots)
        layers.add_named(name)
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

    def __init__(self, facts: Mapping[str, Any] | None, find: Find) -> None:
        self._facts, self._find = facts, find
        self.roots: list[Node] = []
        self.checksums: dict[str, str] = {}
        self.links: list[Link] = []
        self.trees: list[Tree] = []
        self._done: set[str] = set()
        self._chain: dict[str, str] = {}

    def add(self, file: LayerFile, asked: Position | None, *, own: bool = True) -> None:
        """Add a file above the files that it extends, unless it is there.

        Args:
            file: the file.
            asked: where another file extends it; None where the command line or an inventory does.
            own: whether it is the environment itself, if no file extends it.
        """
        real = os.path.realpath(file.path) if "\0" not in file.path else file.path
        if real in self._done:
            self.links.append(Link(file.shown, asked, "it lies below already"))
            return
        if asked and real in self._chain:
            names = [*self._chain.values(), file.shown]
            raise asked.error(f"these files extend each other: {' -> '.join(names)}")
        if asked and len(self._chain) >= CHAIN_LIMIT:
            first, *_, last = self._chain.values()
            chain = f"{first} -> ... -> {last} -> {file.shown}"
            raise asked.error(f"more than {CHAIN_LIMIT} files extend each other in a row: {chain}")
        self._chain[real] = file.shown
        root = _read(file, asked)
        self.checksums[file.path] = root.at.source.checksum
        if file.tree and file.tree not in self.trees:
            self.trees.append(file.tree)
            self.checksums.update(file.tree.depends)
        fits = self._fits(root, required=own and asked is None)
        note = "" if fits else "its condition is false here"
        self.links.append(Link(file.shown, asked, note))
        if not fits:
            del self._chain[real]
            return
        for base in bases(root):
            self.add(self._extended(base, file), base.at)
        del self._chain[real]
        self._done.add(real)
        self.roots.append(root)

    def _fits(self, root: Node, *, required: bool) -> bool:
        """Tell whether the condition of a file holds; the environment's own must."""
        when = root.value.get(WHEN) if isinstance(root.value, Mapping) else None
        if when is None or self._facts is None or is_true(when.node, self._facts):
            return True
        if required:
            message = "the environment is for other machines: this condition is false"
            raise UnfitError([when.place.error(message)])
        return False

    def _extended(self, base: Base, file: LayerFile) -> LayerFile:
        """Return the file that another file names as its base."""
        try:
            return self.named(base.name, file, base.signers)
        except MissingLayer as missing:
            raise NotFetchedError([base.at.error(missing.message, missing.hint)]) from None
        except SpecError as error:
            secret = isinstance(error, CredentialsError)
            raise base.at.error(error.message, error.hint, secret=secret) from None

    def add_named(self, name: str) -> None:
        """Add a file that the command line or an inventory names above all others.

        Raises:
            NotFetchedError: it is not in the cache.
        """
        try:
            file = self.named(name)
        except MissingLayer as missing:
            raise NotFetchedError([missing]) from None
        self.add(file, None, own=False)

    def named(
        self, name: str, file: LayerFile | None = None, signers: tuple[str, ...] = ()
    ) -> LayerFile:
        """Return the file that a text names: an address, or a path beside another file.

        Args:
            name: the text.
            file: the file that has the text; None where the command line or an inventory has it.
            signers: whose signature it needs, if any.

        Raises:
            SpecError: the text names nothing that can be extended.
        """
        address = parse_address(name)
        if signers:
            if not isinstance(address, GitAddress):
                raise SpecError(
                    f"{quoted(name)} has no signature: only what git keeps can be signed",
                    hint="leave `signers` out, or take the file from a git repository",
                )
            address = replace(address, signers=signers)
        if name.startswith(presets.SCHEME):
            return presets.preset(name.removeprefix(presets.SCHEME))
        if address is None:
            return file.beside(name) if file else LayerFile(name, name)
        if file is None and not address.pinned:
            raise SpecError(
                f"{address}: a layer of an inventory names its commit or SHA-256",
                hint="or let an environment extend it, which `envwright lock` can lock",
            )
        if file and file.tree and address.local:
            raise SpecError(
                f"{file.shown} is a layer from elsewhere, and takes no repository of this computer",
                hint="name the repository by git+https or git+ssh",
            )
        return self._find(address).file(address.path)


def _read(file: LayerFile, asked: Position | None) -> Node:
    try:
        text = source.read(file.path, file.shown, file.tree)
    except LocatedError:
        raise
    except SpecError as error:
        raise asked.error(error.message, error.hint) if asked else error from None
    root = parse(text)
    if not isinstance(root.value, Mapping):
        actual = value_in_words(root.plain())
        raise root.at.error(f"an environment is a mapping of keys, not {actual}")
    return root
