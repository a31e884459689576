"""JSON files (`json`), edited without touching the formatting of what stays."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import DialectError, Problem
from .jsonspans import Member, Node, parse
from .pointers import names_of, pointer, require_apart
from .text import line_ending

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from . import Dialect, Value

_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonDialect:
    """Keys are JSON pointers without the leading slash ("log-opts/max-size"); any JSON is a value.

    In a name "/" is written ~1 and "~" is written ~0 (RFC 6901). Pointers do not go into lists:
    a list is one value, and so is an empty object. An edit creates the objects that a new key
    needs and removes those that a removal leaves empty. A text of blanks alone, or of `null`, is
    an empty object, and so is a null where an edit needs an object: dockerd takes them for that.
    Two values are equal as JSON writes them: 1 is neither true nor 1.0, the order of
    names does not count. A null can be read and stand inside a value, but not be set as one.
    """

    name = "json"

    def plain(self, text: str) -> str:
        """The JSON of a text, with every offset as it is in the text."""
        return text

    def read(self, text: str) -> dict[str, Value]:
        """Every leaf of the object."""
        return dict(_leaves(self._root(text), ""))

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """The wanted keys' values, objects included."""
        found: dict[str, Value] = {}
        root = self._root(text)
        for key, value in wanted.items():
            path = _path(root, names_of(key))
            if path:
                node = path[-1].node
                found[key] = value if _canonical(node.value) == _canonical(value) else node.value
        return found

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """The text with the keys set or removed; "" becomes a file with two blanks of indent."""
        self._root(text)
        require_apart(changes)
        for value in changes.values():
            _dump(value)
        for key, value in changes.items():
            text = self._remove(text, key) if value is None else self._set(text, key, value)
        return text

    def problems(self, text: str) -> list[Problem]:
        """Where the text stops being a JSON object."""
        try:
            self._root(text)
        except DialectError as error:
            return [Problem(error.line or 1, error.reason)]
        return []

    def added(self, text: str, node: Node, name: str, value: Value, style: Style) -> str:
        """The text with a new last member of an object."""
        return style.add(text, node, name, value)

    def removed(self, text: str, parent: Node, member: Member) -> str:
        """The text without a member of an object."""
        start, end = _removal(parent, member)
        return text[:start] + text[end:]

    def _root(self, text: str) -> Node:
        plain = self.plain(text)
        return Node(0, 0, {}, ()) if _is_blank(plain) else parse(plain)

    def _set(self, text: str, key: str, value: Value) -> str:
        plain = self.plain(text)
        if _is_blank(plain):
            text = _begun(text, plain)
        names = names_of(key)
        node = root = self._root(text)
        style = Style.of(text, root)
        for depth, name in enumerate(names):
            if node.value is None:
                return self._set(f"{text[: node.start]}{{}}{text[node.end :]}", key, value)
            if node.members is None:
                raise _not_an_object(key, names[:depth])
            style = style.inside(text, node)
            member = _member(node, name)
            if member is None:
                for parent in reversed(names[depth + 1 :]):
                    value = {parent: value}
                return self.added(text, node, name, value, style)
            node = member.node
        if _canonical(node.value) == _canonical(value):
            return text
        indent = line_indent(text, node.start)
        return text[: node.start] + style.spell(value, indent) + text[node.end :]

    def _remove(self, text: str, key: str) -> str:
        names = names_of(key)
        node = self._root(text)
        path: list[tuple[Node, Member]] = []
        for depth, name in enumerate(names):
            if node.value is None:
                return text
            if node.members is None:
                raise _not_an_object(key, names[:depth])
            member = _member(node, name)
            if member is None:
                return text
            path.append((node, member))
            node = member.node
        while len(path) > 1 and len(path[-1][0].members or ()) == 1:
            path.pop()  # the parent would be left empty
        return self.removed(text, *path[-1])


def _is_blank(text: str) -> bool:
    return text.strip(" \t\r\n") in {"", "null"}


def _begun(text: str, plain: str) -> str:
    """A text without a value, with an empty object; comments stay above the object."""
    rest = text.replace("null", "", 1) if plain.strip(" \t\r\n") else text
    comments, ending = rest.rstrip(" \t\r\n"), line_ending(text)
    return f"{comments}{ending}{{}}{ending}" if comments else "{}" + (rest or "\n")


def _leaves(node: Node, prefix: str) -> Iterator[tuple[str, Value]]:
    for member in node.members or ():
        key = prefix + pointer([member.name])
        if member.node.members:
            yield from _leaves(member.node, f"{key}/")
        else:
            yield key, member.node.value


def _canonical(value: Value) -> str:
    return json.dumps(value, sort_keys=True)


def _path(root: Node, names: list[str]) -> list[Member]:
    """The members from the root to the key; empty where the key is absent."""
    path: list[Member] = []
    node = root
    for name in names:
        member = _member(node, name)
        if member is None:
            return []
        path.append(member)
        node = member.node
    return path


def _member(node: Node, name: str) -> Member | None:
    return next((member for member in node.members or () if member.name == name), None)


def _removal(parent: Node, member: Member) -> tuple[int, int]:
    """The offsets to cut so that the member goes with one comma."""
    members = parent.members or ()
    index = members.index(member)
    if index + 1 < len(members):
        return member.start, members[index + 1].start
    if index:
        return members[index - 1].node.end, member.node.end
    return parent.start + 1, parent.end - 1


def _not_an_object(key: str, names: list[str]) -> DialectError:
    return DialectError(f"{key} cannot be: {'/'.join(names)} is not an object")


@dataclass(frozen=True)
class Style:
    """How the file lays out an object.

    Attributes:
        newline: the file's line ending.
        unit: one step of indentation; None where members stand on one line.
        colon: what stands between a name and its value.
    """

    newline: str
    unit: str | None
    colon: str

    @classmethod
    def of(cls, text: str, root: Node) -> Style:
        """The layout of a file, by its outermost object."""
        unit = "  "
        if root.members:
            gap = _gap(text, root, 0)
            unit = gap.rpartition("\n")[2] or unit
        return cls(line_ending(text), unit, ": ")

    def inside(self, text: str, node: Node) -> Style:
        """The layout of one object: its own members', or its parent's where it has none."""
        if not node.members:
            return self
        last = node.members[-1]
        colon = text[last.name_end : last.node.start]
        unit = (self.unit or "  ") if "\n" in _gap(text, node, -1) else None
        return Style(self.newline, unit, ": " if "\n" in colon else colon)

    def add(self, text: str, node: Node, name: str, value: Value) -> str:
        """The text with a new last member."""
        if not node.members:
            whole = self.spell({name: value}, line_indent(text, node.start))
            return text[: node.start] + whole + text[node.end :]
        gap = _gap(text, node, -1)
        if self.unit is None and len(node.members) == 1:
            gap = " " if self.colon.endswith(" ") else ""
        indent = gap.rpartition("\n")[2]
        end = node.members[-1].node.end
        return f"{text[:end]},{gap}{self.member(name, value, indent)}{text[end:]}"

    def member(self, name: str, value: Value, indent: str) -> str:
        """A name and its value as text."""
        return f"{_dump(name)}{self.colon}{self.spell(value, indent)}"

    def spell(self, value: Value, indent: str) -> str:
        """A value as text, its further lines indented as the line that it starts on."""
        if self.unit is None:
            comma = ", " if self.colon.endswith(" ") else ","
            return _dump(value, separators=(comma, self.colon))
        lines = _dump(value, indent=self.unit, separators=(",", self.colon))
        return lines.replace("\n", self.newline + indent)


def _dump(
    value: Value, *, indent: str | None = None, separators: tuple[str, str] | None = None
) -> str:
    try:
        text = json.dumps(
            value, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise DialectError(f"{value!r} is no JSON value: {error}") from error
    text = _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    if json.loads(text) != value:
        raise DialectError(f"{value!r} is no JSON value")
    return text


def _gap(text: str, node: Node, index: int) -> str:
    """The blanks before a member's name."""
    start = (node.members or ())[index].start
    return text[len(text[:start].rstrip(" \t\r\n")) : start]


def line_indent(text: str, offset: int) -> str:
    """The blanks before the first word of the line that holds `offset`."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    return line[: len(line) - len(line.lstrip(" \t"))]


DIALECTS: Mapping[str, Dialect] = {"json": JsonDialect()}
