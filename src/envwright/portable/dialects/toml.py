"""TOML files (`toml`), edited in place: comments, order and spelling of everything else stay.

Python's tomllib (3.11 and later) reads the file before and after an edit. An edit after which the
file does not say exactly what it should is not written, but refused.
"""

from __future__ import annotations

import importlib
import json
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from . import DialectError, Problem
from .pointers import leaves, names_of, pointer, require_apart, same_values, value_at, with_value
from .text import line_number, put_lines, require_writable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import Dialect, Value

_QUOTED = r'"""(?:[^\\]|\\.)*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:[^"\\\n]|\\.)*"|' r"'[^'\n]*'"
_TOKEN = re.compile(rf"{_QUOTED}|#[^\n]*|[\[{{]|[\]}}]|\n|.", re.DOTALL)
_HEADER = re.compile(rf"\[\[?((?:{_QUOTED}|[^\]\n#])*)\]\]?[ \t]*(#[^\n]*)?")
_KEY = re.compile(rf"((?:{_QUOTED}|[A-Za-z0-9_.\- \t])+?)[ \t]*=[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class _Statement(NamedTuple):
    """A key with its value: the names of both, and where the line and the value begin and end."""

    names: tuple[str, ...]
    start: int
    value: int
    value_end: int
    end: int


class _Table(NamedTuple):
    """A table with a header, or the file's beginning: its names, the end of its last key's line."""

    names: tuple[str, ...]
    end: int


class TomlDialect:
    """Keys are pointers without the leading slash ("tool/ruff/line-length"); any JSON is a value.

    Pointers do not go into lists, inline tables and `[[tables]]`: these are one value. A new key
    goes behind the last key of its table, a new table to the end of the file.
    """

    name = "toml"

    def read(self, text: str) -> dict[str, Value]:
        """Every leaf of the tables; a date is the text that Python writes for it."""
        return dict(leaves(_plain(_loads(text))))

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """The wanted keys' values, tables included."""
        found: dict[str, Value] = {}
        root = _loads(text)
        for key in wanted:
            if (value := value_at(root, names_of(key))) is not None:
                found[key] = _plain(value)
        return found

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """The text with the keys set or removed."""
        require_apart(changes)
        for key, value in changes.items():
            before, names = _loads(text), names_of(key)
            if same_values(value_at(before, names), value):
                continue
            after = _removed(text, names) if value is None else _set(text, names, value)
            found, expected = _loads(after, again=True), with_value(before, names, value, "table")
            if value is None:  # a table that dotted keys make goes with the last of them
                found, expected = _without_empty(found), _without_empty(expected)
            if not same_values(found, expected):
                raise DialectError(f"{key} cannot be edited without harm to what stands around it")
            text = after
        return text

    def problems(self, text: str) -> list[Problem]:
        """Where the text stops being TOML."""
        try:
            _loads(text)
        except DialectError as error:
            return [Problem(error.line or 1, error.reason)]
        return []


def _loads(text: str, *, again: bool = False) -> dict[str, Any]:
    """Read a text; `again`: what cannot be read is our own doing."""
    try:
        tomllib: Any = importlib.import_module("tomllib")
    except ImportError:
        raise DialectError("TOML files can be edited by Python 3.11 or newer alone") from None
    try:
        loaded: dict[str, Any] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        if again:
            return {}
        at = re.search(r" \(at line (\d+), column \d+\)$", str(error))
        reason = str(error)[: at.start()] if at else str(error)
        raise DialectError(f"not TOML: {reason}", int(at[1]) if at else None) from error
    return loaded


def _plain(value: Any) -> Any:
    """The value as JSON has it; dates as text."""
    plain: Any = json.loads(json.dumps(value, default=str))
    return plain


def _without_empty(value: Any) -> Any:
    """The tables without those that hold nothing."""
    if not isinstance(value, dict):
        return value
    inner = {name: _without_empty(part) for name, part in value.items()}
    return {name: part for name, part in inner.items() if part != {}}


def _names(spelled: str) -> tuple[str, ...]:
    """The names of a dotted key, as TOML spells it."""
    table, names = _loads(f"{spelled} = 0"), []
    while isinstance(table, dict):
        ((name, table),) = table.items()
        names.append(name)
    return tuple(names)


def _parsed(text: str) -> tuple[list[_Statement], list[_Table]]:
    """The keys and the tables of a text that is known to be TOML; none of `[[tables]]`."""
    statements: list[_Statement] = []
    tables = [_Table((), 0)]
    above: tuple[str, ...] | None = ()
    offset = 0
    while offset < len(text):
        start = offset
        offset += len(text[offset:]) - len(text[offset:].lstrip(" \t\r\n"))
        if header := _HEADER.match(text, offset):
            end = _line_end(text, header.end())
            names = _names(header[1].strip(" \t"))
            above = None if header[0].startswith("[[") else names
            if above is not None:
                tables.append(_Table(above, end))
            offset = end
        elif key := _KEY.match(text, offset):
            value_end = _value_end(text, key.end())
            end = _line_end(text, value_end)
            if above is not None:
                names = (*above, *_names(key[1].strip(" \t")))
                line = text.rfind("\n", 0, offset) + 1
                statements.append(_Statement(names, line, key.end(), value_end, end))
                tables[-1] = _Table(above, end)
            offset = end
        else:
            offset = _line_end(text, max(offset, start + 1))
    return statements, tables


def _value_end(text: str, offset: int) -> int:
    depth, end = 0, offset
    for token in _TOKEN.finditer(text, offset):
        word = token[0]
        depth += (word in {"[", "{"}) - (word in {"]", "}"})
        if not depth and (word == "\n" or word.startswith("#")):
            break
        if not word.startswith("#") and word.strip(" \t\r\n"):
            end = token.end()
    return end


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    return len(text) if end < 0 else end + 1


def _find(text: str, names: list[str]) -> _Statement | None:
    return next((s for s in _parsed(text)[0] if s.names == tuple(names)), None)


def _set(text: str, names: list[str], value: Value) -> str:
    if found := _find(text, names):
        return text[: found.value] + _spelled(value) + text[found.value_end :]
    for end in range(1, len(names)):
        if inline := _find(text, names[:end]):
            line = line_number(text, inline.start)
            raise DialectError(
                f"{pointer(names[:end])} is one value here, of which no part can be set alone", line
            )
    tables = {table.names: table for table in _parsed(text)[1]}
    above = next(
        tuple(names[:end]) for end in range(len(names) - 1, -1, -1) if tuple(names[:end]) in tables
    )
    rest = names[len(above) :]
    if len(rest) == 1:
        return put_lines(text, tables[above].end, [f"{_key(rest[0])} = {_spelled(value)}"])
    # The table may have been begun by dotted keys of a table above it.
    dotted = f"{'.'.join(map(_key, rest))} = {_spelled(value)}"
    apart = [""] if text.strip() and not text.endswith("\n\n") else []
    new = [*apart, f"[{'.'.join(map(_key, names[:-1]))}]", f"{_key(names[-1])} = {_spelled(value)}"]
    with_header = put_lines(text, len(text), new)
    return (
        with_header
        if _loads(with_header, again=True)
        else put_lines(text, tables[above].end, [dotted])
    )


def _removed(text: str, names: list[str]) -> str:
    found = _find(text, names)
    if found is None:
        raise DialectError(f"{pointer(names)} is a table, or a part of a value: remove it by hand")
    return text[: found.start] + text[found.end :]


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _string(name)


def _string(text: str) -> str:
    require_writable(text, without="")
    return json.dumps(text, ensure_ascii=False).replace("\x7f", r"\u007f")


def _spelled(value: Value) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool | int | float) and math.isfinite(value):
        return json.dumps(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_spelled, value))}]"
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(name)} = {_spelled(part)}" for name, part in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    raise DialectError(f"{value!r} is no value of TOML")


DIALECTS: Mapping[str, Dialect] = {"toml": TomlDialect()}
