"""Provenance: which layer an environment has each value from, and which layers it hides."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from envwright.errors import EnvwrightError
from envwright.spec.choice import DEFAULTS, ELSE, THEN, WHEN
from envwright.spec.merging import identity, whole
from envwright.spec.messages import quoted, suggestion
from envwright.spec.paths import Path, written
from envwright.spec.policy import VARS, today
from envwright.spec.shape import Shape, shape_of
from envwright.spec.tree import Entry, Node, Tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envwright.model.resource import Resource
    from envwright.spec.environment import Environment
    from envwright.spec.source import Position

HEAD = ("name", "description")
"""The keys of an environment whose values are no sections."""


class Said(NamedTuple):
    """What one layer says of a value, and why that does not count.

    Args:
        at: where the layer says so.
        node: what it says.
        why: why that does not count, to follow what the layer says in a sentence; "" where it does.
    """

    at: Position
    node: Node
    why: str = ""

    @property
    def place(self) -> str:
        """The file and line."""
        return f"{self.at.source.file}:{self.at.line}"

    @property
    def file(self) -> str:
        """The file alone."""
        return self.at.source.file

    def line(self) -> str:
        """Return a sentence: the place, what is said there, and why it does not count."""
        node = self.node
        tag = f"{node.tag.value} " if node.tag in {Tag.APPEND, Tag.REMOVE} and node.tag else ""
        plain = tag + json.dumps(node.plain(), ensure_ascii=False)
        return f"{self.place} says {'removes it' if node.value is None else plain}, {self.why}"


class Value(NamedTuple):
    """A value of an environment, and where it comes from.

    Args:
        path: the keys and list indices that lead to the value.
        value: the value itself, its templates rendered.
        origin: the file and line from which the value is.
        hidden: what layers say of the value that does not count, the highest layer first. Of an
            item of a list, that is the same item of lower layers; a list has a value of its own
            where layers say of it what none of its items does.
    """

    path: Path
    value: Any
    origin: str
    hidden: tuple[Said, ...]


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


def variables(environment: Environment) -> list[Value]:
    """Return the variables of an environment, each with its value for the machine."""
    top = environment.tree.node.value
    entry = top.get(VARS) if isinstance(top, Mapping) else None
    declared = entry.node.value if entry and isinstance(entry.node.value, Mapping) else {}
    find = _Finder(environment, Shape({}, {})).single
    return [find((VARS, name), each, environment.names[name]) for name, each in declared.items()]


def _is_below(path: str, key: str) -> bool:
    return path == key or path.startswith((f"{key}.", f"{key}["))


def lines(environment: Environment, found: Sequence[Value]) -> Iterator[str]:
    """Yield lines of text that tell values of an environment, with their origins and rules."""
    day = today()
    for value in found:
        text = json.dumps(value.value, ensure_ascii=False)
        yield f"{written(value.path)} = {text}"
        yield f"    {value.origin}"
        yield from (f"    {said.line()}" for said in value.hidden)
        for rule in environment.rules:
            if rule.concerns(value.path):
                yield f"    {rule.ended().summary if rule.is_void(day) else rule.sentence()}"


def concerned(found: Sequence[Value], resources: Iterable[Resource]) -> list[Resource]:
    """Return the resources that some values of an environment ask for, in their order."""
    lines = {(value.path[0], value.origin) for value in found}
    paths = {value.path for value in found}
    return [
        resource
        for resource in resources
        if any((each.capability, f"{each.file}:{each.line}") in lines for each in resource.origins)
        or any(_meet((resource.origins[0].capability, *resource.at), path) for path in paths)
    ]


def _meet(one: Path, other: Path) -> bool:
    """Tell whether one path is the other, or leads to it."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _leaves(environment: Environment) -> Iterator[Value]:
    top = environment.tree.node.value
    entries = top if isinstance(top, Mapping) else {}
    models = {section.section: type(section) for section in environment.sections}
    for key, entry in entries.items():
        if key in environment.values or key in HEAD:
            shape = shape_of(models[key]) if key in models else Shape({}, {})
            plain = environment.values.get(key, entry.node.plain())
            yield from _Finder(environment, shape).below((key,), entry, plain, shape)


class _Finder:
    """Finds the values of a section, and what the layers say of each."""

    def __init__(self, environment: Environment, section: Shape) -> None:
        self._layers = environment.layers
        self._written = environment.written
        self._section = section

    def below(self, path: Path, entry: Entry, plain: Any, shape: Shape) -> Iterator[Value]:
        """Yield the values at and below an entry."""
        node = entry.node
        if isinstance(node.value, Mapping) and node.value and isinstance(plain, dict):
            for key, inner in node.value.items():
                yield from self.below((*path, key), inner, plain[key], shape.step(key))
        elif shape.short and node.value is not None and not isinstance(node.value, Mapping):
            yield from self.below((*path, shape.short), entry, plain, shape.step(shape.short))
        elif isinstance(node.value, tuple) and node.value and isinstance(plain, list):
            yield from self._items(path, entry, plain, shape.adds)
        else:
            yield self.single(path, entry, plain)

    def single(self, path: Path, entry: Entry, plain: Any) -> Value:
        """Return a value as a whole."""
        said = [*self._said(path)]
        return Value(path, plain, _place(entry.place), tuple(self._lost(path, said, entry)))

    def _items(self, path: Path, entry: Entry, plain: Any, adds: str | None) -> Iterator[Value]:
        """Yield the items of a list, and the list itself where more is said of it."""
        items = entry.node.value if isinstance(entry.node.value, tuple) else ()
        winners = {item.at for item in items}
        said = [*self._said(path)]
        lost = [
            Said(item.at, item)
            for each in said
            if isinstance(each.node.value, tuple) and each.node.tag is not Tag.REMOVE
            for item in each.node.value
            if item.at not in winners
        ]
        replaced: set[Position] = set()
        for index, item in enumerate(items):
            # Only a list that adds has items that are the same as others.
            same = [each for each in lost if adds is not None and _is_same(each.node, item, adds)]
            replaced |= {each.at for each in same}
            why = f"which {_place(item.at)} replaces"
            hidden = tuple(each._replace(why=why) for each in same)
            yield Value((*path, index), plain[index], _place(item.at), hidden)
        # A list of which each item is told with the item that replaces it says no more.
        lists = [
            each
            for each in said
            if winners.isdisjoint(_places(each.node))
            and not replaced.issuperset(_places(each.node) or [each.at])
        ]
        gone = {at for each in lists for at in _places(each.node)} | replaced
        partly = [each for each in lost if each.at not in gone]
        hidden = (*self._lost(path, lists, entry), *self._taken(partly, said, entry))
        if hidden or lists:
            yield Value(path, plain, _place(entry.place), hidden)

    def _taken(self, items: Sequence[Said], said: Sequence[Said], entry: Entry) -> Iterator[Said]:
        """Yield items that are gone, each with the list that removes it, or that hides its list."""
        for item in items:
            removing = [
                each
                for each in said
                if each.node.tag is Tag.REMOVE and item.node.plain() in each.node.plain()
            ]
            at = removing[0].place if removing else _place(entry.place)
            yield item._replace(why=f"which {at} {'removes' if removing else 'hides'}")

    def _lost(self, path: Path, said: Sequence[Said], entry: Entry) -> Iterator[Said]:
        """Yield what does not count of what is said, and what is said for other machines."""
        origin = entry.place
        for each in said:
            if each.at != origin and not (
                each.at.line == origin.line and each.file == _file(origin)
            ):
                yield each._replace(why=f"which {_file(origin)} hides")
        chosen = {each.at for each in said} | {at for each in said for at in _places(each.node)}
        for root in reversed(self._written):
            for each in self._of(root, path, _conditional):
                if each.why and each.at not in chosen and chosen.isdisjoint(_places(each.node)):
                    yield each

    def _said(self, path: Path) -> Iterator[Said]:
        """Yield what each layer says of the value at a path of keys, the highest first.

        What the defaults of a table say comes last, for it lies below all entries.
        """
        for find in (_at, _filled):
            for layer in reversed(self._layers):
                yield from self._of(layer, path, find)

    def _of(self, root: Node, path: Path, find: _Find) -> Iterator[Said]:
        """Yield what is found at a path in a layer, if the layer has the section."""
        entry = root.value.get(str(path[0])) if isinstance(root.value, Mapping) else None
        return find(entry, self._section, path[1:]) if entry else iter(())


_Find = Callable[[Entry, Shape, Path], Iterator[Said]]


def _at(entry: Entry, shape: Shape, path: Path) -> Iterator[Said]:
    """Yield what an entry of a layer says at a path below it."""
    if not path:
        yield Said(entry.place, entry.node)
    elif (inner := _table(entry.node, shape).get(str(path[0]))) is not None:
        yield from _at(inner, shape.step(path[0]), path[1:])


def _filled(entry: Entry, shape: Shape, path: Path) -> Iterator[Said]:
    """Yield what the defaults of a table in an entry say at a path."""
    if not path:
        return
    table, below = _table(entry.node, shape), shape.step(path[0])
    if shape.element and not shape.properties and DEFAULTS in table:
        yield from _at(table[DEFAULTS], below, path[1:])
    if (inner := table.get(str(path[0]))) is not None:
        yield from _filled(inner, below, path[1:])


def _conditional(entry: Entry, shape: Shape, path: Path, why: str = "") -> Iterator[Said]:
    """Yield what an entry says at a path as it is written, each with the last condition for it."""
    table = _table(entry.node, shape)
    when = table.get(WHEN)
    words = json.dumps(when.node.plain(), ensure_ascii=False) if when else ""
    if when and table.keys() <= {WHEN, THEN, ELSE}:
        for branch, state in ((THEN, "true"), (ELSE, "false")):
            if branch in table:
                here = f"for machines where {words} is {state}"
                yield from _conditional(table[branch], shape, path, here)
        return
    here = f"for machines where {words} is true" if when else why
    if not path:
        yield Said(entry.place, entry.node, why)
        for item in entry.node.value if isinstance(entry.node.value, tuple) else ():
            if isinstance(item.value, Mapping) and WHEN in item.value:
                yield from _conditional(Entry(item.at, item), Shape({}, {}), ())
    elif (inner := table.get(str(path[0]))) is not None:
        yield from _conditional(inner, shape.step(path[0]), path[1:], here)


def _table(node: Node, shape: Shape) -> Mapping[str, Entry]:
    value = whole(node, shape).value
    return value if isinstance(value, Mapping) else {}


def _is_same(one: Node, other: Node, adds: str) -> bool:
    return bool(identity(one.plain(), adds) == identity(other.plain(), adds))


def _place(at: Position) -> str:
    return f"{at.source.file}:{at.line}"


def _file(at: Position) -> str:
    return at.source.file


def _places(node: Node) -> list[Position]:
    """Return the places of the items of a list."""
    return [item.at for item in node.value] if isinstance(node.value, tuple) else []
