"""Where the values of a JSON text stand: a tree of spans, for edits that keep everything else."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from . import DialectError
from .text import line_number

if TYPE_CHECKING:
    from . import Value

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SCALAR = re.compile(r"[^\s,\]}]+")


@dataclass(frozen=True)
class Node:
    """A value: its offsets, its members where it is an object (else None), and what it means."""

    start: int
    end: int
    value: Value
    members: tuple[Member, ...] | None = None


@dataclass(frozen=True)
class Member:
    """A name and a value of an object; `start` is the offset of the name's quote."""

    name: str
    start: int
    name_end: int
    node: Node


def parse(text: str) -> Node:
    """The object that a text holds; DialectError for anything else, or for a name that is twice."""
    _require_json(text)
    root = _Spans(text).root()
    if root.members is None:
        raise DialectError("not a JSON object", line_number(text, root.start))
    return root


def _require_json(text: str) -> None:
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise DialectError(f"not JSON: {_reason(text, error)}", error.lineno) from error
    except RecursionError as error:
        raise DialectError("nested too deeply") from error
    except ValueError as error:  # a number of thousands of digits, or one that JSON has not
        raise DialectError(f"not JSON: {error}") from error


def _reason(text: str, error: json.JSONDecodeError) -> str:
    """Say what people write into JSON that it does not have; else what the parser says."""
    before, here = text[: error.pos].rstrip(), text[error.pos :].lstrip()
    if here.startswith(("//", "/*", "#")):
        return "it has no comments, remove this one"
    # The parser complains of the comma, or of what stands behind it.
    if re.match(r",?\s*[}\]]", here) and (before.endswith(",") or here.startswith(",")):
        return "a comma before the closing bracket, remove it"
    return error.msg


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


class _Spans:
    """Walks a text that is known to be JSON."""

    def __init__(self, text: str) -> None:
        self.text = text

    def root(self) -> Node:
        try:
            return self._node(self._skip(0))
        except RecursionError as error:
            raise DialectError("nested too deeply") from error

    def _node(self, start: int) -> Node:
        first = self.text[start]
        if first == "{":
            return self._object(start)
        if first == "[":
            return self._list(start)
        end = self._string_end(start) if first == '"' else self._behind(_SCALAR, start)
        return Node(start, end, json.loads(self.text[start:end]))

    def _object(self, start: int) -> Node:
        members: list[Member] = []
        values: dict[str, Value] = {}
        offset = self._skip(start + 1)
        while self.text[offset] != "}":
            if self.text[offset] == ",":
                offset = self._skip(offset + 1)
            name_end = self._string_end(offset)
            name = json.loads(self.text[offset:name_end])
            if name in values:
                reason = f"the name {name!r} is twice, remove one of them"
                raise DialectError(reason, line_number(self.text, offset))
            node = self._node(self._skip(self._skip(name_end) + 1))
            members.append(Member(name, offset, name_end, node))
            values[name] = node.value
            offset = self._skip(node.end)
        return Node(start, offset + 1, values, tuple(members))

    def _list(self, start: int) -> Node:
        items: list[Value] = []
        offset = self._skip(start + 1)
        while self.text[offset] != "]":
            if self.text[offset] == ",":
                offset = self._skip(offset + 1)
            node = self._node(offset)
            items.append(node.value)
            offset = self._skip(node.end)
        return Node(start, offset + 1, items)

    def _skip(self, offset: int) -> int:
        return self._behind(_SPACE, offset)

    def _string_end(self, offset: int) -> int:
        return self._behind(_STRING, offset)

    def _behind(self, pattern: re.Pattern[str], offset: int) -> int:
        match = pattern.match(self.text, offset)
        return offset if match is None else match.end()
