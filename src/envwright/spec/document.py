"""Parses a text of YAML 1.2 into a tree, with errors that say where and how to repair it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from envwright.errors import LocatedError, SpecErrors
from envwright.spec import syntax
from envwright.spec.messages import quoted, value_in_words
from envwright.spec.scalar import Scalar, objection, resolve
from envwright.spec.source import Position, read
from envwright.spec.tree import Entry, Node, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from envwright.spec.source import Source

DEPTH_LIMIT = 64
"""How deep values may be nested."""
VALUE_LIMIT = 50_000
"""How many values a file may hold; an alias counts as the values that it stands for."""

_TAG = "tag:yaml.org,2002:"
_MERGE = "<<"
_TEXT = "put text in quotes"


def read_document(path: str | Path) -> Node:
    """Read and parse a file.

    Raises:
        SpecError, SpecErrors: the file cannot be read, or not parsed.
    """
    return parse(read(path))


def parse(source: Source) -> Node:
    """Parse the one document of a text.

    Aliases share nodes; merge keys (`<<`) are merged; scalars are those of YAML 1.2's core schema.

    Raises:
        SpecErrors: the mistakes of the text as YAML, in the order of lines.
    """
    composer = _Composer(source)
    try:
        root = composer.document()
    except LocatedError as fault:
        composer.report(fault)
    except YAMLError as error:
        composer.report(syntax.explain(error, source, composer.last))
    except Exception as error:  # noqa: BLE001 - some texts make ruamel.yaml raise other exceptions
        composer.report(syntax.explain(error, source, composer.last))
    if composer.faults:
        composer.faults.sort(key=LocatedError.order)
        raise SpecErrors(composer.faults)
    return root


class _Branch(NamedTuple):
    """A node, with the number of its values and their depth, aliases counted as their values."""

    node: Node
    size: int
    depth: int


class _Composer:
    """Builds the tree from the parser events of ruamel.yaml, whose own nodes cost a third more."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._events: Iterator[Any] = YAML(typ="safe", pure=True).parse(source.text)
        self._anchors: dict[str, _Branch | None] = {}
        self._values = 0
        self.last = Position(source, 1, 1)
        self.faults: list[LocatedError] = []

    def report(self, fault: LocatedError) -> None:
        """Keep a fault, unless its line has one already: the second is mostly a consequence."""
        if all(fault.line != other.line for other in self.faults):
            self.faults.append(fault)

    def document(self) -> Node:
        self._next()
        start = self._next()
        if isinstance(start, StreamEndEvent):
            raise self._empty()
        if start.version not in {None, (1, 2)}:
            version = ".".join(map(str, start.version))
            raise self.last.error(
                f"this document says it is YAML {version}; environments are YAML 1.2",
                hint="remove the line that begins with '%YAML'",
            )
        node = self._branch(self._next(), 1).node
        if node.value is None:
            raise self._empty()
        self._next()
        if not isinstance(self._next(), StreamEndEvent):
            raise self.last.error(
                "a second document begins here; an environment is one document",
                hint="put the second document into a file of its own",
            )
        return node

    def _empty(self) -> LocatedError:
        return Position(self._source, 1, 1).error(
            "this file is empty", hint="begin an environment with its name: `name: dev`"
        )

    def _next(self) -> Any:
        event = next(self._events)
        mark = event.start_mark
        self.last = Position(self._source, mark.line + 1, mark.column + 1)
        return event

    def _branch(self, event: Any, depth: int) -> _Branch:
        at = self.last
        if depth > DEPTH_LIMIT:
            raise at.error(f"values are nested more than {DEPTH_LIMIT} deep")
        if isinstance(event, AliasEvent):
            return self._alias(event.anchor, at, depth)
        self._count(1, at)
        if event.anchor:
            self._anchors[event.anchor] = None
        if isinstance(event, ScalarEvent):
            branch = _Branch(Node(self._scalar(event, at), at), 1, 1)
        elif isinstance(event, SequenceStartEvent):
            branch = self._tagged(self._sequence(at, depth), event, "seq")
        else:
            branch = self._tagged(self._mapping(at, depth), event, "map")
        if event.anchor:
            self._anchors[event.anchor] = branch
        return branch

    def _count(self, values: int, at: Position) -> None:
        self._values += values
        if self._values > VALUE_LIMIT:
            raise at.error(
                f"the file has more than {VALUE_LIMIT} values up to here, with those of aliases",
                hint="check that this file is an environment",
            )

    def _alias(self, name: str, at: Position, depth: int) -> _Branch:
        branch = self._anchors.get(name)
        if branch is None:
            if name in self._anchors:
                raise at.error(f"the alias *{name} is inside of its own anchor")
            raise at.error(
                f"no anchor {quoted('&' + name)} stands above this alias",
                hint="put text that begins with '*' in quotes",
            )
        self._count(branch.size, at)
        if depth + branch.depth - 1 > DEPTH_LIMIT:
            raise at.error(f"with this alias values are nested more than {DEPTH_LIMIT} deep")
        return branch

    def _sequence(self, at: Position, depth: int) -> _Branch:
        items = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            items.append(self._branch(event, depth + 1))
        return self._collection(Node(tuple(item.node for item in items), at), items)

    def _mapping(self, at: Position, depth: int) -> _Branch:
        entries: dict[str, Entry] = {}
        merged: list[tuple[Position, Node]] = []
        branches: list[_Branch] = []
        while not isinstance(event := self._next(), MappingEndEvent):
            place = self.last
            merge = isinstance(event, ScalarEvent) and event.value == _MERGE and not event.style
            key = self._branch(event, depth + 1).node.value
            value = self._branch(self._next(), depth + 1)
            branches.append(value)
            if merge:
                merged.append((place, value.node))
            elif not isinstance(key, str):
                self.report(_bad_key(key, place))
            elif key in entries:
                first = entries[key].at.line
                message = f"the key {quoted(key)} is here twice; the first is in line {first}"
                self.faults.append(place.error(message, hint="keep one of them"))
            else:
                entries[key] = Entry(place, value.node)
        for place, node in merged:
            self._merge(entries, node, place)
        return self._collection(Node(MappingProxyType(entries), at), branches)

    def _tagged(self, branch: _Branch, event: Any, kind: str) -> _Branch:
        """Return a branch with the tag of its event, which says what it does in a layer."""
        tag = str(event.ctag) if event.ctag else ""
        known = tuple(Tag) if kind == "seq" else (Tag.REPLACE,)
        if tag in {each.value for each in known}:
            return branch._replace(node=replace(branch.node, tag=Tag(tag)))
        self._check_tag(event, kind, branch.node.at)
        return branch

    @staticmethod
    def _collection(node: Node, parts: list[_Branch]) -> _Branch:
        size = 1 + sum(part.size for part in parts)
        return _Branch(node, size, 1 + max((part.depth for part in parts), default=0))

    def _merge(self, entries: dict[str, Entry], node: Node, place: Position) -> None:
        """Add the keys of the mappings that `<<` names; existing keys and earlier mappings win."""
        for one in node.value if isinstance(node.value, tuple) else (node,):
            if isinstance(one.value, Mapping):
                for key, entry in one.value.items():
                    entries.setdefault(key, entry)
            else:
                actual = value_in_words(one.plain())
                self.report(place.error(f"'<<' merges mappings, but this is {actual}"))

    def _scalar(self, event: Any, at: Position) -> Scalar:
        value = self._meaning(event, at)
        if fault := objection(value):
            hint = "" if isinstance(value, str) else _TEXT
            raise at.error(fault, hint)
        return value

    def _meaning(self, event: Any, at: Position) -> Scalar:
        text: str = event.value
        tag = str(event.ctag) if event.ctag else ""
        if tag in {"!", f"{_TAG}str"} or (not tag and not event.implicit[0]):
            return text
        try:
            value = resolve(text)
        except ValueError:
            raise at.error("this number has too many digits", _TEXT) from None
        if not tag:
            return value
        kinds = {"int": int, "float": float, "bool": bool, "null": type(None)}
        if tag == f"{_TAG}float" and type(value) is int:
            return float(value) if not objection(value) else value
        if type(value) is not kinds.get(tag.removeprefix(_TAG)):
            self._check_tag(event, "", at)
        return value

    def _check_tag(self, event: Any, known: str, at: Position) -> None:
        tag = str(event.ctag) if event.ctag else "!"
        if tag not in {"!", f"{_TAG}{known}"}:
            shown = at.rest.split()[0] if at.rest.split() else tag
            self.report(
                at.error(
                    f"the tag {quoted(shown)} does not fit here",
                    hint="remove it, or put text that begins with '!' in quotes",
                )
            )


def _bad_key(key: Any, at: Position) -> LocatedError:
    if at.rest.startswith("{") and (at.before.endswith("{") or at.rest.startswith("{{")):
        return syntax.unquoted_template(at if at.rest.startswith("{{") else at.shift(-1))
    if key is None:
        return at.error("a key is missing before ':'")
    if isinstance(key, (bool, int, float)):
        written = at.rest.partition(":")[0].strip()
        return at.error(
            f"a key must be text, not {value_in_words(key)}", hint=f'put it in quotes: "{written}"'
        )
    kind = "a mapping" if isinstance(key, Mapping) else "a list"
    return at.error(f"a key must be text, not {kind}")
