"""/etc/environment (`pamenv`): KEY=VALUE lines, which pam_env reads for each session."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from . import DialectError, Problem
from .keywise import KeyWise
from .text import insert_lines, line_number, require_writable, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from . import Dialect, Value

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[A-Za-z0-9_@%+:,./=-]*")
_CONTINUED = re.compile(r"[^#]*\\[ \t]*")
_EXPANDED = re.compile(r'["$`\\]')
_LIMIT = 1000
"""Bytes: pam_env cuts a line with more (BUF_SIZE)."""


class PamEnvDialect(KeyWise):
    r"""Keys are variable names, values are strings.

    pam_env (`_parse_env_file` and `_assemble_line` of Linux-PAM's modules/pam_env/pam_env.c)
    expands nothing and knows no escapes. A `#` anywhere ends the line, also between quotes. A quote
    at the begin of a value, and then one at its very end, are taken away; all others stay. A
    backslash at the end of a line without `#` joins the next line to it. A name alone unsets the
    variable. Of a variable that stands twice the last line counts: that one is edited; removing
    takes all.

    The managers of users' services read the file, too, as environment.d(5) says, by a link in
    /usr/lib/environment.d. They expand variables and know escapes. So an edit writes only values
    that both read alike.
    """

    name = "pamenv"

    def read(self, text: str) -> dict[str, Value]:
        """Every variable that a session gets."""
        found: dict[str, Value] = {}
        for line in _scan(text):
            if line.value is None:
                found.pop(line.name, None)
            elif line.name:
                found[line.name] = line.value
        return found

    def put(self, text: str, key: str, value: Value) -> str:
        """As KeyWise."""
        return _set(text, key, value)

    def drop(self, text: str, key: str) -> str:
        """As KeyWise."""
        return _remove(text, key)

    def problems(self, text: str) -> list[Problem]:
        """Lines that pam_env ignores, and those that it cuts."""
        found: list[Problem] = []
        for line in _scan(text):
            if not line.name:
                found.append(Problem(line_number(text, line.start), "pam_env ignores this line"))
            elif len(text[line.start : line.end].encode(errors="surrogateescape")) > _LIMIT:
                reason = f"pam_env cuts a line of more than {_LIMIT} bytes"
                found.append(Problem(line_number(text, line.start), reason))
        return found


class _Line(NamedTuple):
    """A line, joined with those that it continues in.

    Args:
        start: where its first part begins.
        end: where its last part ends, the line's ending included.
        comment: where the comment behind it begins; else where its content ends.
        content: without the comment.
        is_open: whether the file ends where it would continue.
    """

    start: int
    end: int
    comment: int
    content: str
    is_open: bool

    @property
    def name(self) -> str:
        """The variable; "" where pam_env ignores the line."""
        name = self._parts[0]
        return name if re.fullmatch("[A-Za-z0-9_]+", name) and not self.is_open else ""

    @property
    def value(self) -> str | None:
        """The value; None where the line unsets the variable."""
        _, equals, value = self._parts
        if value[:1] in {'"', "'"}:
            value = value[1:-1] if value[1:] and value[-1] in "\"'" else value[1:]
        return value if equals else None

    @property
    def _parts(self) -> tuple[str, str, str]:
        return self.content.lstrip(" \t").removeprefix("export ").partition("=")


def _scan(text: str) -> Iterator[_Line]:
    start, offset, parts = 0, 0, list[str]()
    for physical in split_lines(text):
        part = physical.removesuffix("\n")
        content = part.partition("#")[0]
        if not parts:
            start = offset
        end = offset + len(physical)
        if _CONTINUED.fullmatch(part):
            parts.append(part.rstrip(" \t")[:-1])
        elif content.strip(" \t"):  # a comment between two parts is no part
            whole = "".join([*parts, content])
            yield _Line(start, end, offset + len(content), whole, is_open=False)
            parts = []
        offset = end
    if parts:
        yield _Line(start, offset, offset, "".join(parts), is_open=True)


def _set(text: str, key: str, value: Value) -> str:
    lines = list(_scan(text))
    own = [line for line in lines if line.name == key]
    last = own[-1] if own else None
    if last and last.value == value:
        return text
    written = _written(key, value)
    if last and last.value is not None and not _has_comment(text, last):
        return text[: last.start] + written + text[last.comment :]
    if lines and lines[-1].is_open:  # it would join the new line to itself
        return insert_lines(text, lines[-1].start, [written], ending="\n")
    # A program that adds to the file by `>>` would go on in a last line without an ending.
    between = "\n" if text and not text.endswith("\n") else ""
    return f"{text}{between}{written}\n"


def _remove(text: str, key: str) -> str:
    lines = [line for line in _scan(text) if line.name == key]
    if not lines or lines[-1].value is None:
        return text
    for line in reversed(lines):
        if _has_comment(text, line):
            reason = f"{key} goes on behind a comment: write the line as one"
            raise DialectError(reason, line_number(text, line.start))
        if line.value is not None:
            text = text[: line.start] + text[line.end :]
    return text


def _has_comment(text: str, line: _Line) -> bool:
    """Tell whether a comment stands between the parts of a line."""
    return "#" in text[line.start : line.comment]


def _written(key: str, value: Value) -> str:
    if not _NAME.fullmatch(key):
        raise DialectError(f"{key!r} is no name of a variable")
    if not isinstance(value, str):
        raise DialectError(f"{key}: a variable is a string")
    require_writable(value, without="\0\r\n")
    if "#" in value:
        raise DialectError(f"{key}: pam_env takes a # for the begin of a comment, even in quotes")
    if odd := _EXPANDED.search(value):
        raise DialectError(f"{key}: pam_env and systemd read a {odd[0]} in a value differently")
    line = f"{key}={value}" if _PLAIN.fullmatch(value) else f'{key}="{value}"'
    if len(line.encode(errors="surrogateescape")) > _LIMIT:
        raise DialectError(f"{key}: pam_env reads no line of more than {_LIMIT} bytes")
    return line


DIALECTS: Mapping[str, Dialect] = {"pamenv": PamEnvDialect()}
