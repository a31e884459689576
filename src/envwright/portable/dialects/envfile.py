"""Environment files (`env`): KEY=VALUE lines that systemd and a POSIX shell read alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import DialectError, Problem
from .text import insert_lines, line_number, require_writable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import Dialect, Value

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BETWEEN = re.compile(r"(?:[ \t\r\n]|[#;][^\r\n]*)*")
# systemd takes the first character of a line for a part of the name, also where it is "=".
_KEY = re.compile(r"([^\r\n][^=\r\n]*)(=?)")
_SINGLE = r"'[^']*'"
_DOUBLE = r'"(?:[^"\\]|\\.)*"'
_BARE = r"(?:\\.|[^\\\r\n])*"
_VALUE = re.compile(rf"(?:[ \t]|{_SINGLE}|{_DOUBLE})*(?:(?!['\"]){_BARE})?", re.DOTALL)
_QUOTED_PART = re.compile(rf"[ \t]*({_SINGLE}|{_DOUBLE})", re.DOTALL)
_DOUBLE_ESCAPE = re.compile(r'\\(?:([\\"`$])|[\r\n])')
_TRIMMED = re.compile(r"((?:\\.|[^\\])*?)[ \t]*", re.DOTALL)
_BARE_ESCAPE = re.compile(r"\\(?:[\r\n]|(.))", re.DOTALL)
# systemd before 254 takes the line behind such a comment as a part of it.
_OPEN_COMMENT = re.compile(r"[#;][^\r\n]*\\(?=\r?\n|\Z)")
_ENDS_IN_OPEN_COMMENT = re.compile(rf"{_OPEN_COMMENT.pattern}[\r\n]*\Z")
_NOT_UTF8 = re.compile("[\ud800-\udfff]")

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")
_NEEDS_ESCAPE = re.compile(r'[\\"`$]')
# What a shell takes as one word and expands nothing in.
_SHELL_WORD = re.compile(
    r"""(?:'[^']*'|"(?:[^"\\`$]|\\.)*")*(?:(?!~)(?:\\.|[^\s'"\\;&|<>()`$])*)?""", re.DOTALL
)


class EnvDialect:
    r"""Keys are variable names, values are strings.

    What it promises: systemd (EnvironmentFile=, and environment.d for a value without "$", which
    expands there) and a POSIX shell that sources the file both read back exactly the value that
    an edit wrote. A value that needs it stands in double quotes with \ before \ " ` and $; it may
    hold newlines, but no NUL and no bytes that are not UTF-8, which systemd refuses.

    read() gives what systemd sees (parse_env_file of its src/basic/env-file.c); where a shell
    sees something else, `problems` says so. A variable that is assigned twice has the last value:
    that one is read and edited; removing takes all of them. An int is written in decimal.
    """

    name = "env"

    def read(self, text: str) -> dict[str, Value]:
        """Every variable that systemd would set."""
        return {entry.name: entry.value for entry in _scan(text) if entry.is_variable}

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """The wanted variables' values; a wanted int equals its decimal."""
        found = self.read(text)
        return {
            key: value if _means(found[key], value) else found[key]
            for key, value in wanted.items()
            if key in found
        }

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """The text with the variables set or removed."""
        _scan(text)
        for key, value in changes.items():
            text = _remove(text, key) if value is None else _set(text, key, value)
        return text

    def problems(self, text: str) -> list[Problem]:
        """What systemd ignores or refuses, and what a shell would read otherwise."""
        try:
            entries = _scan(text)
        except DialectError as error:
            return [Problem(error.line or 1, error.reason)]
        doubts = ((entry.start, _doubt(entry)) for entry in entries)
        found = [(start, doubt) for start, doubt in doubts if doubt]
        found += _doubts_between(text, entries)
        return [Problem(line_number(text, start), doubt) for start, doubt in sorted(found)]


@dataclass(frozen=True)
class _Entry:
    """What systemd takes as one assignment, or as a line without one (`equals` is "")."""

    start: int
    end: int
    raw_name: str
    equals: str
    raw_value: str

    @property
    def name(self) -> str:
        return self.raw_name.rstrip(" \t")

    @property
    def is_variable(self) -> bool:
        return bool(self.equals and _NAME.fullmatch(self.name))

    @property
    def value(self) -> str:
        return _decode(self.raw_value)


def _scan(text: str) -> list[_Entry]:
    """Every line that is neither blank nor a comment; DialectError for a quote left open."""
    entries: list[_Entry] = []
    offset = _behind(_BETWEEN, text, 0)
    while offset < len(text):
        key = _KEY.match(text, offset)
        if key is None:
            break
        value_start = key.end()
        end = _behind(_VALUE, text, value_start) if key[2] else value_start
        if text[end : end + 1] not in {"", "\r", "\n"}:
            reason = "a quote is not closed, or the file ends in a backslash"
            raise DialectError(reason, line_number(text, offset))
        entries.append(_Entry(offset, end, key[1], key[2], text[value_start:end]))
        offset = _behind(_BETWEEN, text, end)
    return entries


def _behind(pattern: re.Pattern[str], text: str, offset: int) -> int:
    match = pattern.match(text, offset)
    return offset if match is None else match.end()


def _decode(raw: str) -> str:
    parts: list[str] = []
    offset = 0
    while match := _QUOTED_PART.match(raw, offset):
        inner = match[1][1:-1]
        single = match[1].startswith("'")
        parts.append(inner if single else _DOUBLE_ESCAPE.sub(_escaped, inner))
        offset = match.end()
    bare = _TRIMMED.fullmatch(raw[offset:].lstrip(" \t"))
    return "".join(parts) + _BARE_ESCAPE.sub(_escaped, bare[1] if bare else "")


def _escaped(match: re.Match[str]) -> str:
    return match[1] or ""  # "" is a continued line


def _means(text: Value, value: Value) -> bool:
    return text == (str(value) if type(value) is int else value)


def _set(text: str, key: str, value: Value) -> str:
    lines = _scan(text)
    entries = [entry for entry in lines if entry.is_variable and entry.name == key]
    if entries and _means(entries[-1].value, value):
        return text
    line = f"{key}={_spell(key, value)}"
    if entries:
        return text[: entries[-1].start] + line + text[entries[-1].end :]
    goes_on = text.endswith("\n") and bool(lines) and lines[-1].end == len(text)
    ending = [""] if goes_on or _ENDS_IN_OPEN_COMMENT.search(text) else []
    return insert_lines(text, len(text), [*ending, line])


def _remove(text: str, key: str) -> str:
    for entry in reversed(_scan(text)):
        if entry.is_variable and entry.name == key:
            start = len(text[: entry.start].rstrip(" \t"))
            end = entry.end + (2 if text.startswith("\r\n", entry.end) else 1)
            text = text[:start] + text[end:]
    return text


def _spell(key: str, value: Value) -> str:
    if not _NAME.fullmatch(key):
        raise DialectError(f"{key!r} is no name of a variable")
    if type(value) is int:
        return str(value)
    if not isinstance(value, str):
        raise DialectError(f"{key}: a variable is a string or a whole number")
    require_writable(value, without="\0")
    if _NOT_UTF8.search(value):
        raise DialectError(f"{key}: systemd refuses a value that is not UTF-8")
    if _PLAIN.fullmatch(value):
        return value
    return f'"{_NEEDS_ESCAPE.sub(_with_backslash, value)}"'


def _with_backslash(match: re.Match[str]) -> str:
    return f"\\{match[0]}"


def _doubt(entry: _Entry) -> str:
    """What is wrong with an entry, "" for nothing."""
    if not entry.equals:
        return "systemd ignores a line without '='"
    if not entry.is_variable:
        return f"systemd ignores {entry.name!r}: it is no name of a variable"
    if _NOT_UTF8.search(entry.raw_value):
        return "systemd refuses the file: the value is not UTF-8"
    if entry.name != entry.raw_name:
        return "a shell takes no blank before '='"
    if not _SHELL_WORD.fullmatch(entry.raw_value.rstrip(" \t")):
        return "a shell reads this value otherwise: put it in double quotes"
    return ""


def _doubts_between(text: str, entries: list[_Entry]) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    if "\r" in text:
        found.append((text.index("\r"), "a shell takes the carriage return into the value"))
    starts = [0, *(entry.end for entry in entries)]
    ends = [*(entry.start for entry in entries), len(text)]
    reason = "systemd before 254 takes the next line into this comment: it ends in a backslash"
    for start, end in zip(starts, ends, strict=True):
        comments = _OPEN_COMMENT.finditer(text, start, end)
        found += [(comment.start(), reason) for comment in comments]
    return found


DIALECTS: Mapping[str, Dialect] = {"env": EnvDialect()}
