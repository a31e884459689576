"""YAML files (`yaml`), edited in place: comments, order and spelling of everything else stay.

ruamel.yaml reads the file (YAML 1.2) and tells where each value stands. An edit after which the
file does not say exactly what it should is not written, but refused. What is written is read alike
by programs that still read YAML 1.1, to which `yes` and `on` are true.
"""

from __future__ import annotations

import functools
import importlib
import json
import math
import re
from typing import TYPE_CHECKING, Any

from . import DialectError, Problem
from .pointers import leaves, names_of, pointer, require_apart, same_values, value_at, with_value
from .text import line_number, put_lines, require_writable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import Dialect, Value

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./+-]*")
_WORDS = re.compile(r"y|n|yes|no|on|off|true|false|null|nan|inf", re.IGNORECASE)
"""Words that are something else than text to a reader of YAML 1.1 or 1.2."""
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON leaves in a text and YAML takes for the end of a line, or for no text at all."""
_ALIAS = re.compile(r"[ \t]*(\*[^\s,\]}]+)")
_ITEM = re.compile(r"^[ \t]*(?:-[ \t]+)+\*\S+", re.MULTILINE)
"""An alias as the value of a key, and as an item of a list in a line of its own."""
_MOST = 100_000
"""How many values a file may have, with those that aliases repeat."""


class YamlDialect:
    """Keys are pointers without the leading slash ("services/web/image"); any JSON is a value.

    Pointers do not go into lists: a list is one value, and so is one with a tag of a program's own
    (`!ENV`, `!secret`). A new key goes behind the last key of its
    mapping, and a value that is replaced is written in one line.
    """

    name = "yaml"

    def read(self, text: str) -> dict[str, Value]:
        """Every leaf of the mappings; a date is the text that Python writes for it."""
        return dict(leaves(_loads(text)))

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """The wanted keys' values, mappings included."""
        root = _loads(text)
        found = {key: value_at(root, names_of(key)) for key in wanted}
        return {key: value for key, value in found.items() if value is not None}

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """The text with the keys set or removed."""
        require_apart(changes)
        for key, value in changes.items():
            before, names = _loads(text), names_of(key)
            if same_values(value_at(before, names), value):
                continue
            expected = with_value(before, names, value, "mapping")
            after = _removed(text, names) if value is None else _set(text, names, value)
            try:
                found = _loads(after)
            except DialectError:
                found = {}
            if not same_values(found, expected):
                raise DialectError(f"{key} cannot be edited without harm to what stands around it")
            text = after
        return text

    def problems(self, text: str) -> list[Problem]:
        """Where the text stops being YAML."""
        try:
            _loads(text)
        except DialectError as error:
            return [Problem(error.line or 1, error.reason)]
        return []


@functools.cache
def _library() -> Any:
    try:
        return importlib.import_module("ruamel.yaml")
    except ImportError:
        raise DialectError("YAML files can be edited with the package ruamel.yaml alone") from None


@functools.cache
def _constructor() -> Any:
    """What makes values of nodes: one with a tag of a program's own is `{tag: value}`."""
    made: Any = type("Constructor", (_library().constructor.SafeConstructor,), {})

    def tagged(constructor: Any, node: Any) -> dict[str, Any]:
        more = {} if node.id == "scalar" else {"deep": True}
        return {str(node.tag): getattr(constructor, f"construct_{node.id}")(node, **more)}

    made.add_constructor(None, tagged)
    return made


def _reader() -> Any:
    reader = _library().YAML(typ="safe", pure=True)
    reader.Constructor = _constructor()
    return reader


def _parsed(text: str, what: str) -> Any:
    """Read a text by a method of the reader: `load` its values, or `compose` its nodes."""
    reader = _reader()
    try:
        return getattr(reader, what)(text)
    except Exception as error:  # whatever the library raises, the text is no YAML to it
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        reason = getattr(error, "problem", None) or str(error) or type(error).__name__
        line = mark.line + 1 if mark else None
        raise DialectError(f"not YAML: {reason.splitlines()[0]}", line) from error


def _loads(text: str) -> dict[str, Any]:
    """The values of a text as JSON has them: dates as text, names of other kinds by their text."""
    loaded = _parsed(text, "load")
    _require_bounded(loaded)
    try:
        plain = json.loads(json.dumps(loaded, default=str))
    except (TypeError, ValueError) as error:
        raise DialectError(f"has a name or a value that JSON cannot have: {error}") from error
    if plain is not None and not isinstance(plain, dict):
        raise DialectError("is not a mapping of keys")
    return plain or {}


def _require_bounded(loaded: Any) -> None:
    """Refuse values that aliases repeat without measure, or that hold themselves."""
    values, count = [loaded], 0
    while values:
        value, count = values.pop(), count + 1
        if count > _MOST:
            raise DialectError(f"has more than {_MOST} values, with those that aliases repeat")
        if isinstance(value, dict | list):
            values.extend(value.values() if isinstance(value, dict) else value)


def _way(text: str, names: list[str]) -> list[tuple[Any, tuple[Any, Any]]]:
    """The mappings that lead to a key, as far as they go: each with the key and value in it."""
    node, found = _parsed(text, "compose"), []
    for name in names:
        pair = next((p for p in getattr(node, "value", ()) if _is(p, name)), None)
        if pair is None:
            break
        found.append((node, pair))
        node = pair[1]
    return found


def _is(pair: Any, name: str) -> bool:
    return isinstance(pair, tuple) and pair[0].value == name


def _end(node: Any, text: str) -> int:
    """Where the text of a node ends; behind a collection of lines the reader's mark is far off."""
    start: int = node.start_mark.index
    end: int = node.end_mark.index
    if not isinstance(node.value, list) or node.flow_style:
        return start + len(text[start:end].rstrip())
    if isinstance(node.value[-1], tuple):
        return _span(node.value[-1], text)[1]
    behind = start
    for item in node.value:
        if item.start_mark.index >= behind:
            behind = _end(item, text)
        elif alias := _ITEM.search(text, behind):  # its marks are those of what it stands for
            behind = alias.end()
    return behind


def _span(pair: tuple[Any, Any], text: str) -> tuple[int, int]:
    """Where the value of a key stands; a value that is not there stands behind the colon."""
    key, value = pair
    colon = _colon(key, text)
    if value.start_mark.index < colon:
        alias = _ALIAS.match(text, colon + 1)
        return alias.span(1) if alias else (colon + 1, colon + 1)
    if value.start_mark.index == value.end_mark.index:
        return colon + 1, colon + 1
    return value.start_mark.index, _end(value, text)


def _colon(key: Any, text: str) -> int:
    end: int = key.end_mark.index
    return text.find(":", end)


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end + 1


def _line_start(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _set(text: str, names: list[str], value: Value) -> str:
    way = _way(text, names)
    if len(way) == len(names):
        return _replaced(text, way[-1][1], value)
    node, rest = _parsed(text, "compose"), names
    if way:
        node, rest = way[-1][1][1], names[len(way) :]
        if node.id == "scalar":  # a name without a value
            for name in reversed(rest):
                value = {name: value}
            return _replaced(text, way[-1][1], value)
    if node is None or node.id == "scalar":
        return put_lines(text, _behind_all(text), _nested(rest, value, 0))
    if node.id != "mapping":
        raise DialectError(f"{pointer(names)} would be a part of a value with a tag")
    if node.flow_style:
        return _added_inside(text, node, rest, value)
    behind = _line_end(text, _span(node.value[-1], text)[1])
    return put_lines(text, behind, _nested(rest, value, node.value[0][0].start_mark.column))


def _behind_all(text: str) -> int:
    """Where a first key goes: behind all, but before a line that ends the document."""
    ended = re.search(r"^\.\.\.[ \t]*\r?$", text, re.MULTILINE)
    return ended.start() if ended else len(text)


def _nested(names: list[str], value: Value, column: int) -> list[str]:
    """The lines of a new key, each name in a line of its own."""
    lines = [f"{' ' * (column + 2 * i)}{_spelled(name)}:" for i, name in enumerate(names)]
    lines[-1] += f" {_spelled(value)}"
    return lines


def _added_inside(text: str, node: Any, names: list[str], value: Value) -> str:
    """The text with a new key in a mapping between braces."""
    for name in reversed(names[1:]):
        value = {name: value}
    new = f"{_spelled(names[0])}: {_spelled(value)}"
    if node.value:
        behind = _span(node.value[-1], text)[1]
        return f"{text[:behind]}, {new}{text[behind:]}"
    return f"{text[: node.start_mark.index]}{{{new}}}{text[node.end_mark.index :]}"


def _replaced(text: str, pair: tuple[Any, Any], value: Value) -> str:
    start, end = _span(pair, text)
    colon = _colon(pair[0], text)
    if start < end and "\n" not in text[colon:start]:
        return text[:start] + _spelled(value) + text[end:]
    above = text[: colon + 1] + f" {_spelled(value)}"
    if start >= end:  # no value
        return above + text[colon + 1 :]
    return above + text[colon + 1 : _line_start(text, start)] + text[_line_end(text, end) :]


def _removed(text: str, names: list[str]) -> str:
    way = _way(text, names)
    if len(way) < len(names):
        raise DialectError(f"{pointer(names)} is a part of a value with a tag: remove it by hand")
    node, (key, value) = way[-1]
    if len(node.value) == 1 and len(way) > 1:
        return _replaced(text, way[-2][1], {})
    start, end = key.start_mark.index, _span((key, value), text)[1]
    if not node.flow_style:
        return text[: _line_start(text, start)] + text[_line_end(text, end) :]
    position = [pair[0] for pair in node.value].index(key)
    if position + 1 < len(node.value):
        end = node.value[position + 1][0].start_mark.index
    elif position:
        start = _span(node.value[position - 1], text)[1]
    if "#" in text[start:end]:
        raise DialectError(f"{pointer(names)} stands by a comment", line_number(text, start))
    return text[:start] + text[end:]


def _spelled(value: Value) -> str:
    """A value in one line, as JSON but for words that need no quotes."""
    if isinstance(value, str):
        require_writable(value, without="")
        if _PLAIN.fullmatch(value) and not _WORDS.fullmatch(value):
            return value
        quoted = json.dumps(value, ensure_ascii=False)
        return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
    if value is None or (isinstance(value, bool | int | float) and math.isfinite(value)):
        return json.dumps(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_spelled, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_spelled(name)}: {_spelled(v)}' for name, v in value.items())}}}"
    raise DialectError(f"{value!r} is no value of YAML")


DIALECTS: Mapping[str, Dialect] = {"yaml": YamlDialect()}
