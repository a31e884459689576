"""Judges the locks of policies: what layers above a lock write, on whichever machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from envwright.errors import SpecError
from envwright.spec.choice import DEFAULTS, ELSE, THEN, WHEN
from envwright.spec.conditions import names_in
from envwright.spec.layers import merged
from envwright.spec.merging import whole
from envwright.spec.messages import quoted
from envwright.spec.policy import VARS, Lock
from envwright.spec.scope import uses
from envwright.spec.tree import Node, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import BaseModel

    from envwright.spec.paths import Keys
    from envwright.spec.policy import Rule
    from envwright.spec.scope import Scope
    from envwright.spec.shape import Shape
    from envwright.spec.source import Position
    from envwright.spec.tree import Entry


class Layers(NamedTuple):
    """The layers of an environment as they are written, before conditions.

    Args:
        roots: what each layer says, the lowest first.
        known: the models of the sections.
        shapes: the shapes of what a policy may name.
        variables: the values that the command line or an inventory gives to variables, by name.
        scope: the names of templates.
    """

    roots: Sequence[Node]
    known: Mapping[str, type[BaseModel]]
    shapes: Mapping[str, Shape]
    variables: Mapping[str, object]
    scope: Scope


def broken(rules: Sequence[Rule], layers: Layers) -> Iterator[SpecError]:
    """Yield an error for each place that breaks a lock.

    A layer breaks a lock where it writes anything about the locked key, even the same value, and
    where it sets a variable that the locked value depends on.

    Args:
        rules: the rules that hold.
        layers: the layers.
    """
    for rule in rules:
        if isinstance(rule.ruling, Lock):
            yield from _Judge(rule, layers).broken()


class _Judge:
    """Judges one lock."""

    def __init__(self, rule: Rule, layers: Layers) -> None:
        self._rule = rule
        self._layers = layers
        self._scope = layers.scope
        below = layers.roots[: rule.rank + 1]
        # What the lock makes final: nothing, where the policy is no layer.
        self._final = merged(below, layers.known) if below else None

    def broken(self) -> Iterator[SpecError]:
        """Yield an error for each place that breaks the lock."""
        path, why = self._rule.path, self._why()
        for at in self._written(self._rule.keys):
            yield at.error(f"{path} {why}", self._hint("remove it here"))
        for table, name in sorted(self._dependencies()):
            noun = "variable" if table == VARS else "secret"
            message = f"the {noun} {quoted(name)} decides {path}, which {why}"
            for at in self._written((table, name)):
                yield at.error(message, self._hint("remove it here"))
            if table == VARS and name in self._layers.variables:
                yield self._given(name, message)
        if self._rule.keys[0] == VARS:
            for name in self._rule.keys[1:] or self._layers.variables:
                if name in self._layers.variables:
                    yield self._given(name, f"{path} {why}")

    def _given(self, name: str, message: str) -> SpecError:
        """Return the error of a variable that the command line or an inventory sets."""
        return SpecError(message, hint=self._hint(f"set no {name} by --var or in an inventory"))

    def _written(self, keys: Keys) -> Iterator[Position]:
        """Yield the places where the layers above the lock say something of the value at a path."""
        for root in self._layers.roots[self._rule.rank + 1 :]:
            yield from self._writes(root, keys)

    def _why(self) -> str:
        until = f" until {self._rule.ruling.until}" if self._rule.ruling.until else ""
        return f"is locked by {self._rule.place}{until}: {self._rule.ruling.reason}"

    def _hint(self, remedy: str) -> str:
        return f"{remedy}; only {self._rule.at.source.file} can lift the lock"

    # --- What a layer writes -----------------------------------------------------------------

    def _writes(self, root: Node, keys: Keys) -> Iterator[Position]:
        """Yield the places where a layer says something of the value at a path."""
        name, *rest = keys
        entry = root.value.get(name) if isinstance(root.value, Mapping) else None
        if entry is not None:
            yield from self._said(entry, self._layers.shapes[name], tuple(rest), keys)

    def _said(self, entry: Entry, shape: Shape, rest: Keys, keys: Keys) -> Iterator[Position]:
        """Yield the places in an entry that say something of the value at a path.

        Args:
            entry: the entry.
            shape: the shape of its value.
            rest: the path to the value, from the entry on.
            keys: the whole path.
        """
        node = whole(entry.node, shape)
        if not rest or not isinstance(node.value, Mapping) or node.tag is Tag.REPLACE:
            yield entry.place
            return
        chosen = {THEN, ELSE} if WHEN in node.value and node.value.keys() <= _CHOICE else set()
        for key, inner in node.value.items():
            if key in chosen:
                yield from self._said(inner, shape, rest, keys)
            elif key == DEFAULTS and shape.element and not shape.properties:
                yield from self._filled(inner, shape.element, rest[1:], keys)
            elif self._rendered(key) == rest[0]:
                yield from self._said(inner, shape.step(rest[0]), rest[1:], keys)

    def _filled(self, entry: Entry, shape: Shape, rest: Keys, keys: Keys) -> Iterator[Position]:
        """Yield the places in the defaults of a table that fill the value at a path."""
        if rest:
            if not self._is_final(keys):
                yield from self._said(entry, shape, rest, keys)
            return
        node = entry.node
        written = node.value if isinstance(node.value, Mapping) else {}
        yield from (each.place for key, each in written.items() if not self._is_final((*keys, key)))
        # What takes the place of all defaults removes those that the layers below have.
        below = self._final_at((*keys[:-1], DEFAULTS))
        table = below.value if below and isinstance(below.value, Mapping) else {}
        hides = not isinstance(node.value, Mapping) or node.tag is Tag.REPLACE
        if hides and not all(self._is_final((*keys, key)) for key in table):
            yield entry.place

    def _is_final(self, keys: Keys) -> bool:
        """Tell whether a single value, which no default of a table fills, is locked at a path."""
        node = self._final_at(keys)
        return node is not None and not isinstance(node.value, Mapping)

    def _final_at(self, keys: Keys) -> Node | None:
        """Return what the layers up to the lock say of the value at a path; None for nothing."""
        node = self._final
        for key in keys:
            entry = node.value.get(key) if node and isinstance(node.value, Mapping) else None
            node = entry.node if entry else None
        return node

    def _rendered(self, key: str) -> str:
        try:
            return self._scope.text(key) if "{" in key else key
        except ValueError:
            return key

    # --- What a locked value depends on ------------------------------------------------------

    def _dependencies(self) -> set[Keys]:
        """Return the paths of the variables and secrets that the locked value depends on."""
        name, *rest = self._rule.keys
        final = self._final
        entry = final.value.get(name) if final and isinstance(final.value, Mapping) else None
        ahead = {*self._on_the_way(entry.node, tuple(rest))} if entry else set()
        found: set[Keys] = set()
        while ahead:
            keys = ahead.pop()
            variable = self._final_at(keys)
            if variable is not None and keys not in found:
                found.add(keys)
                ahead |= {*self._names(variable)}
        return {keys for keys in found if keys[: len(self._rule.keys)] != self._rule.keys}

    def _on_the_way(self, node: Node, keys: Keys) -> Iterator[Keys]:
        """Yield the names in the value at a path, and in the conditions that it stands below."""
        if not keys:
            yield from self._names(node)
        elif isinstance(node.value, Mapping):
            for key, entry in node.value.items():
                if key == WHEN:
                    yield from self._names(node, only=WHEN)
                elif key in {THEN, ELSE, DEFAULTS}:
                    yield from self._on_the_way(entry.node, keys[1:] if key == DEFAULTS else keys)
                elif self._rendered(key) == keys[0]:
                    yield from uses(key)
                    yield from self._on_the_way(entry.node, keys[1:])

    def _names(self, node: Node, only: str = "") -> Iterator[Keys]:
        """Yield the names that the templates and conditions of a value use."""
        if isinstance(node.value, Mapping):
            for key, entry in node.value.items():
                if key == WHEN and isinstance(entry.node.value, str):
                    yield from ((VARS, name) for name in names_in(entry.node.value))
                elif not only:
                    yield from uses(key)
                    yield from self._names(entry.node)
        elif isinstance(node.value, tuple):
            for item in node.value:
                yield from self._names(item)
        elif isinstance(node.value, str):
            yield from uses(node.value)


_CHOICE = {WHEN, THEN, ELSE}
