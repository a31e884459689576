"""The scanner of WSL's ini dialect: which keys WSL's own parser takes from a text, and where.

The facts are those of src/shared/configfile/configfile.cpp in microsoft/WSL, version 2.9. It
resembles git's configuration files rather than Python's configparser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from . import Problem
from .text import line_number

_NAME = r"[A-Za-z][A-Za-z0-9]*"
_BLANKS = re.compile(r"[ \t]*")
_HEADER = re.compile(rf"\[({_NAME})\][ \t]*(?=[#\r\n]|\Z)")
_BROKEN_HEADER = re.compile(rf"\[({_NAME})?")
_KEY = re.compile(rf"({_NAME})[ \t]*(=?)[ \t]*")
# On Windows the file is opened in text mode: there the parser sees no carriage return of a line
# ending, so that a backslash before one continues the line. On Linux it eats the carriage return.
_ESCAPE = {
    True: r"\\(?:[\\\"bnt]|\r\n|\n|\r)",
    False: r"\\(?:[\\\"bnt]|\n|\r)",
}
_QUOTED = {on: re.compile(rf'"(?:[^"\\\r\n]|{escape})*') for on, escape in _ESCAPE.items()}
_VALUE = {
    on: re.compile(rf'(?:[^"\\#\r\n]|{escape}|"(?:[^"\\\r\n]|{escape})*")*')
    for on, escape in _ESCAPE.items()
}
_PIECE = {on: re.compile(rf'{escape}|"', re.DOTALL) for on, escape in _ESCAPE.items()}
_MEANING = {'"': "", r"\\": "\\", r"\"": '"', r"\b": "\b", r"\n": "\n", r"\t": "\t"}


@dataclass(frozen=True)
class Header:
    """A line `[section]`; `end` is the offset behind the line."""

    section: str
    end: int


@dataclass(frozen=True)
class Assignment:
    """A line `key = value # comment`.

    Attributes:
        section: as its header spells it; "" before the first header.
        name: "section.key", or "key" before the first header.
        value: the string that WSL gets.
        line: its number, from 1.
        span: offsets of the whole line(s), the line ending included.
        value_span: offsets of the value as it is written, without blanks around it.
    """

    section: str
    name: str
    value: str
    line: int
    span: tuple[int, int]
    value_span: tuple[int, int]


@dataclass
class Scan:
    """What WSL takes from a text: its lines of meaning in file order, and the lines it refuses."""

    lines: list[Header | Assignment] = field(default_factory=list)
    faults: list[Problem] = field(default_factory=list)

    @property
    def assignments(self) -> list[Assignment]:
        """The assignments alone."""
        return [line for line in self.lines if isinstance(line, Assignment)]


def scan(text: str, *, windows: bool) -> Scan:
    """Scan a text without a byte order mark.

    Args:
        text: the whole file.
        windows: .wslconfig, which WSL reads in text mode and whose bad lines it skips; else
            wsl.conf, of which it reads nothing from the first bad line on.
    """
    return _Scanner(text, windows=windows).run()


class _BadLineError(Exception):
    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(reason)
        self.offset = offset
        self.reason = reason


class _Scanner:
    def __init__(self, text: str, *, windows: bool) -> None:
        self.text = text
        self.windows = windows
        self.section: str | None = ""
        self.section_length = 0
        self.result = Scan()

    def run(self) -> Scan:
        offset = 0
        while offset < len(self.text):
            try:
                offset = self._line(offset)
            except _BadLineError as bad:
                number = line_number(self.text, bad.offset)
                self.result.faults.append(Problem(number, bad.reason))
                if not self.windows:
                    break
                offset = self._next_line(bad.offset)
        return self.result

    def _line(self, start: int) -> int:
        offset = self._behind(_BLANKS, start)
        first = self.text[offset : offset + 1]
        if first == "[":
            return self._header(offset)
        if first.isascii() and first.isalpha():
            return self._assignment(start, offset)
        if first in {"#", "\r", "\n", ""}:
            return self._line_end(offset)
        raise _BadLineError(offset, f"expected a letter, '[' or '#', not {first!r}")

    def _header(self, offset: int) -> int:
        match = _HEADER.match(self.text, offset)
        if match is None:
            self._take_broken_header(offset)
            raise _BadLineError(offset, "expected [name], its name of letters and digits only")
        end = self._line_end(match.end())
        self.section = match[1]
        self.section_length = len(match[1])
        self.result.lines.append(Header(match[1], end))
        return end

    def _take_broken_header(self, offset: int) -> None:
        """Follow WSL, which skips the line but keeps its name, cut to the last section's length.

        A shorter name is filled with NUL: no key behind it is ever seen.
        """
        match = _BROKEN_HEADER.match(self.text, offset)
        if match is not None and match[1]:
            name = match[1]
            long_enough = len(name) >= self.section_length
            self.section = name[: self.section_length] if long_enough else None

    def _assignment(self, start: int, offset: int) -> int:
        key = _KEY.match(self.text, offset)
        if key is None or not key[2]:
            behind = offset if key is None else key.end()
            raise _BadLineError(behind, "expected key = value, the key of letters and digits only")
        value_start = key.end()
        raw_end = self._behind(_VALUE[self.windows], value_start)
        self._require_value_end(raw_end)
        raw = self.text[value_start:raw_end].rstrip(" \t")
        value = self._decode(raw)
        if raw.endswith("\\\r") and self.text.startswith("\n", raw_end):
            raw = raw[:-1]  # the line ending's own carriage return, eaten by the escape
        end = self._line_end(raw_end)
        if self.section is not None:
            assignment = Assignment(
                section=self.section,
                name=f"{self.section}.{key[1]}" if self.section else key[1],
                value=value,
                line=line_number(self.text, offset),
                span=(start, end),
                value_span=(value_start, value_start + len(raw)),
            )
            self.result.lines.append(assignment)
        return end

    def _require_value_end(self, offset: int) -> None:
        stop = self.text[offset : offset + 1]
        if stop == '"':
            offset = self._behind(_QUOTED[self.windows], offset)
            if not self.text.startswith("\\", offset):
                raise _BadLineError(offset, "a quote is not closed")
            stop = "\\"
        if stop == "\\":
            escaped = self.text[offset + 1 : offset + 2]
            what = rf"'\{escaped}'" if escaped else "a backslash at the end of the file"
            raise _BadLineError(offset, rf"{what} is no escape: only \\ \" \b \n \t are")

    def _decode(self, raw: str) -> str:
        def meaning(piece: re.Match[str]) -> str:
            return _MEANING.get(piece[0], "")  # "" is a continued line

        whole = _PIECE[self.windows].sub(meaning, raw)
        return whole.split("\0", 1)[0]

    def _line_end(self, offset: int) -> int:
        """The offset behind a comment, if one starts here, and the line ending."""
        if self.text.startswith("#", offset):
            return self._next_line(offset)
        if self.text.startswith("\r\n", offset):
            return offset + 2
        return min(offset + 1, len(self.text))

    def _next_line(self, offset: int) -> int:
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end + 1

    def _behind(self, pattern: re.Pattern[str], offset: int) -> int:
        match = pattern.match(self.text, offset)
        return offset if match is None else match.end()
