"""WSL's ini dialect: /etc/wsl.conf (`wsl`) and the Windows user's .wslconfig (`wslconfig`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import DialectError, Problem
from .text import insert_lines, line_number, require_writable
from .wslscan import Assignment, Header, Scan, scan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import Dialect, Value

# Keys that left [experimental]: WSL still takes them there, as one key of two names
# (src/windows/common/WslCoreConfig.cpp in microsoft/WSL).
_NAMED_TWICE = ("networkingMode", "dnsTunneling", "firewall", "autoProxy")
_ALIASES = {f"experimental.{key}".lower(): f"wsl2.{key}".lower() for key in _NAMED_TWICE}
_SHARED = "in [wsl2] and [experimental] WSL takes it for the same key"
_BYTE_ORDER_MARK = "\ufeff"
_ENUMERATIONS = {"wsl2.networkingmode", "experimental.automemoryreclaim"}
"""Keys whose words WSL takes whatever their case (WslCoreConfig.h of microsoft/WSL)."""
_SIZES = {"wsl2.memory", "wsl2.swap", "wsl2.defaultvhdsize", "experimental.swiotlb"}
"""Keys whose values are sizes."""
_SIZE = re.compile(r"(0|0*[1-9][0-9]*)(?:B|([KMGT])B?)?")
"""A size as WSL reads it: its units are capital letters (ParseMemorySize of microsoft/WSL)."""
_KEY = re.compile(r"([A-Za-z][A-Za-z0-9]*)\.([A-Za-z][A-Za-z0-9]*)")
_NEEDS_QUOTES = re.compile(r'[#"\\\b\n\t]|^ | $')
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\b": r"\b", "\n": r"\n", "\t": r"\t"})
_ENDS_IN_BLANK_LINE = re.compile(r"(?:\A|\n)[ \t]*\r?\n\Z")
_LOST_ON_WINDOWS = re.compile(r"[^ -~\b\n\t]")


class WslDialect:
    """Keys are "section.key", whatever their case; read() gives strings, as WSL sees them.

    A value to write is a str, a bool (true, false) or an int (decimal). Of a key that stands
    twice WSL takes the first: that one is read and edited; removing takes all of them. A text at
    which WSL would stop reading (`wsl`: a bad line, a byte order mark) is a DialectError;
    `wslconfig` skips bad lines as WSL does, and refuses to write what WSL would mangle there
    (it keeps one byte of every character). Its keys that [experimental] had once are the same key
    in [wsl2] and there: whichever stands first is read and edited, where it stands.
    """

    def __init__(self, name: str, *, windows: bool) -> None:
        self.name = name
        self._windows = windows

    def _means(self, key: str, text: str, value: Value) -> bool:
        """Tell whether a text stands for a value."""
        if isinstance(value, bool):
            return text.lower() in ({"true", "1"} if value else {"false", "0"})
        wanted = str(value)
        if self._windows and self._key(key) in _ENUMERATIONS:
            return text.lower() == wanted.lower()
        if self._windows and is_size(key):
            size = size_in_bytes(text)
            return size is not None and size == size_in_bytes(wanted)
        return text == wanted

    def _key(self, name: str) -> str:
        """What WSL takes for the same key has the same."""
        return one_name(name) if self._windows else name.lower()

    def _effective(self, result: Scan) -> dict[str, Assignment]:
        """The first assignment of each key."""
        first: dict[str, Assignment] = {}
        for entry in result.assignments:
            first.setdefault(self._key(entry.name), entry)
        return first

    def read(self, text: str) -> dict[str, Value]:
        """Every key as the text spells it, with the string that WSL gets."""
        _, body = self._split(text)
        return {found.name: found.value for found in self._effective(self._scan(body)).values()}

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """The wanted keys' values; strings that WSL takes for the wanted bool or int are it."""
        _, body = self._split(text)
        effective = self._effective(self._scan(body))
        found = {key: effective[self._key(key)] for key in wanted if self._key(key) in effective}
        return {
            key: wanted[key] if self._means(key, entry.value, wanted[key]) else entry.value
            for key, entry in found.items()
        }

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """The text with the keys set or removed."""
        mark, body = self._split(text)
        self._scan(body)
        for alike, why in ((str.lower, "WSL ignores case"), (self._key, _SHARED)):
            names = [alike(key) for key in changes]
            for key in changes:
                if names.count(alike(key)) > 1:
                    raise DialectError(f"{key} is to be changed twice: {why}")
        for key, value in changes.items():
            body = self._remove(body, key) if value is None else self._set(body, key, value)
        return mark + body

    def problems(self, text: str) -> list[Problem]:
        """Where WSL stops reading, or the lines that it skips or ignores."""
        if text.startswith(_BYTE_ORDER_MARK) and not self._windows:
            return [_mark_problem()]
        result = scan(text.removeprefix(_BYTE_ORDER_MARK), windows=self._windows)
        effective = self._effective(result)
        found = list(result.faults)
        for entry in result.assignments:
            first = effective[self._key(entry.name)]
            if not entry.section:
                found.append(Problem(entry.line, f"{entry.name} stands before any [section]"))
            if first is not entry:
                reason = f"{entry.name} is ignored: line {first.line} has set it already"
                found.append(Problem(entry.line, reason))
            if self._windows and _LOST_ON_WINDOWS.search(entry.value):
                reason = f"WSL mangles the value of {entry.name}: it is not plain ASCII"
                found.append(Problem(entry.line, reason))
        return sorted(found)

    def _split(self, text: str) -> tuple[str, str]:
        if not text.startswith(_BYTE_ORDER_MARK):
            return "", text
        if not self._windows:
            problem = _mark_problem()
            raise DialectError(problem.reason, problem.line)
        return _BYTE_ORDER_MARK, text.removeprefix(_BYTE_ORDER_MARK)

    def _scan(self, body: str) -> Scan:
        result = scan(body, windows=self._windows)
        if result.faults and not self._windows:
            line, reason = result.faults[0]
            raise DialectError(f"{reason}; WSL reads nothing from here on", line)
        return result

    def _set(self, body: str, key: str, value: Value) -> str:
        result = self._scan(body)
        entry = self._effective(result).get(self._key(key))
        if entry is None:
            return self._add(body, result, key, value)
        if self._means(key, entry.value, value):
            return body
        start, end = entry.value_span
        return body[:start] + self._spell(key, value) + body[end:]

    def _add(self, body: str, result: Scan, key: str, value: Value) -> str:
        match = _KEY.fullmatch(key)
        if match is None:
            raise DialectError(f"{key!r} is no key: expected section.key of letters and digits")
        line = f"{match[2]}={self._spell(key, value)}"
        offset = _section_end(result, match[1])
        if offset is not None:
            ending = [""] if offset == len(body) and _ends_in_continuation(body, result) else []
            return insert_lines(body, offset, [*ending, line])
        last = line_number(body, len(body))
        if body.endswith("\\") and any(fault.line == last for fault in result.faults):
            raise DialectError("the last line ends in a backslash and would take up the next", last)
        gap = [] if not body or _ENDS_IN_BLANK_LINE.search(body) else [""]
        return insert_lines(body, len(body), [*gap, f"[{match[1]}]", line])

    def _remove(self, body: str, key: str) -> str:
        for entry in reversed(self._scan(body).assignments):
            if self._key(entry.name) == self._key(key):
                start, end = entry.span
                body = body[:start] + body[end:]
        return body

    def _spell(self, key: str, value: Value) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int):
            return str(value)
        if not isinstance(value, str):
            raise DialectError(f"{key}: WSL has strings, true, false and whole numbers only")
        require_writable(value, without="\r\0")
        if self._windows and _LOST_ON_WINDOWS.search(value):
            raise DialectError(f"{key}: WSL cannot read {value!r}, which is not plain ASCII")
        return f'"{value.translate(_ESCAPES)}"' if _NEEDS_QUOTES.search(value) else value


def one_name(key: str) -> str:
    """The same for all names that WSL takes for one key of .wslconfig."""
    return _ALIASES.get(key.lower(), key.lower())


def is_size(key: str) -> bool:
    """Whether the value of a key of .wslconfig is a size."""
    return one_name(key) in _SIZES


def size_in_bytes(text: str) -> int | None:
    """The bytes of a size like `8GB`; None where the text is none."""
    found = _SIZE.fullmatch(text)
    return int(found[1]) << 10 * " KMGT".index(found[2] or " ") if found else None


def _mark_problem() -> Problem:
    return Problem(1, "the file starts with a byte order mark: WSL ignores the whole file")


def _ends_in_continuation(body: str, result: Scan) -> bool:
    """Whether the last value goes on at the end of the file and would take up a new line."""
    assignments = result.assignments
    return body.endswith("\n") and bool(assignments) and assignments[-1].value_span[1] == len(body)


def _section_end(result: Scan, section: str) -> int | None:
    """The offset behind the last key of the first section of that name, or behind its header."""
    end = None
    for line in result.lines:
        inside = line.section.lower() == section.lower()
        if isinstance(line, Header):
            if end is not None:
                break
            end = line.end if inside else None
        elif end is not None and inside:
            end = line.span[1]
    return end


DIALECTS: Mapping[str, Dialect] = {
    "wsl": WslDialect("wsl", windows=False),
    "wslconfig": WslDialect("wslconfig", windows=True),
}
