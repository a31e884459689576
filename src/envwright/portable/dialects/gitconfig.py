"""Git's configuration files (`gitconfig`), as git-config(1), "Syntax", describes them.

Names of sections and keys are in any case, those of subsections are not. A value ends at a comment
outside of quotes; a backslash joins it with the next line. Of a key that is there several times git
takes one value or all, as the key has it: to set such a key is refused, by line. A bare tab within
a value is a tab, as git reads it since 2.46.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from . import DialectError, Problem
from .pointers import names_of, pointer
from .text import line_number, put_lines, require_writable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from . import Dialect, Value

_BLANK = re.compile(r"(?:[ \t\r\n\f\v]|[#;][^\n]*)*")
_HEADER = re.compile(
    r"\[(?P<name>[A-Za-z0-9.-]+)(?:[ \t\f\v]+\"(?P<sub>(?:[^\"\\\n\0]|\\[^\n\0])*)\")?\]"
)
_KEY = re.compile(r"([A-Za-z][A-Za-z0-9-]*)([ \t]*=[ \t\f\v\r]*|[ \t]*(?=\r?\n|\Z))")
_PIECE = re.compile(
    r'(?P<plain>[^"\\#;\n \t\r\f\v]+)|(?P<quoted>"(?:[^"\\\n]|\\["\\ntb]|\\\r?\n)*")'
    r'|\\(?P<escape>["\\ntb])|(?P<joined>\\\r?\n)|(?P<blank>[ \t\r\f\v]+)'
)
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_SECTION = re.compile(r"[A-Za-z0-9-]+")
_DEPTHS = (2, 3)
"""A section and a key, or a subsection between them."""


class _Entry(NamedTuple):
    """A key: its place in the file's tree, its value, and where the line and the value lie."""

    names: tuple[str, ...]
    value: str
    start: int
    value_start: int
    value_end: int


class _Section(NamedTuple):
    """A section's header, and where a new key goes: behind the header or the last key."""

    names: tuple[str, ...]
    behind: int


class GitConfigDialect:
    """A key is a pointer, `section/key` or `section/subsection/key`; a value is one text.

    true and 5 are written as text; a key without `=` is true. A new key goes behind the last one of
    its section, a new section to the end.
    """

    name = "gitconfig"

    def read(self, text: str) -> dict[str, Value]:
        """The last value of every key, under the name that the key has first."""
        entries = _parsed(text)[0]
        names: dict[tuple[str, ...], str] = {}
        for entry in entries:
            names.setdefault(_folded(entry.names), pointer(entry.names))
        return {names[_folded(entry.names)]: entry.value for entry in entries}

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """The wanted keys' values, as they are wanted where the text is the same."""
        found: dict[str, Value] = {}
        entries = _parsed(text)[0]
        for key, value in wanted.items():
            for entry in _of(entries, key):
                same = value is not None and entry.value == _text(key, value)
                found[key] = value if same else entry.value
        return found

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """The text with the keys set or removed."""
        for key, value in changes.items():
            entries, sections = _parsed(text)
            there = _of(entries, key)
            if value is None:
                for entry in reversed(there):
                    text = _without(text, entry)
            elif len(there) > 1:
                line = line_number(text, there[1].start)
                raise DialectError(f"{key} is there a second time: git may take both", line)
            elif not there:
                text = _added(text, sections, _names(key), _spelled(key, value))
            elif there[0].value != _text(key, value):
                entry = there[0]
                equals = "" if "=" in text[entry.start : entry.value_start] else " = "
                new = equals + _spelled(key, value)
                text = text[: entry.value_start] + new + text[entry.value_end :]
        return text

    def problems(self, text: str) -> list[Problem]:
        """The first line that git refuses."""
        try:
            _parsed(text)
        except DialectError as error:
            return [Problem(error.line or 1, error.reason)]
        return []


def _names(key: str) -> tuple[str, ...]:
    names = names_of(key)
    fits = len(names) in _DEPTHS and _SECTION.fullmatch(names[0]) and _NAME.fullmatch(names[-1])
    if not fits or re.search(r"[\n\0]", names[1]):
        raise DialectError(
            f"{key!r} is no key of git's: write a section, a subsection if there is one, and a name"
        )
    return tuple(names)


def _folded(names: Sequence[str]) -> tuple[str, ...]:
    """The names as git compares them."""
    first, *middle, last = names
    return (first.lower(), *middle, last.lower())


def _of(entries: Sequence[_Entry], key: str) -> list[_Entry]:
    wanted = _folded(_names(key))
    return [entry for entry in entries if _folded(entry.names) == wanted]


def _text(key: str, value: Value) -> str:
    if isinstance(value, list | dict):
        raise DialectError(f"{key}: a value in a configuration of git is one text")
    return value if isinstance(value, str) else json.dumps(value)


def _spelled(key: str, value: Value) -> str:
    text = _text(key, value)
    require_writable(text, without="\0\r")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("\n", "\\n").replace("\t", "\\t").replace("\b", "\\b")
    bare = text == text.strip() and not re.search(r"[#;\f\v]", text)
    return escaped if bare and text else f'"{escaped}"'


def _parsed(text: str) -> tuple[list[_Entry], list[_Section]]:
    """The keys and the sections of a text."""
    entries: list[_Entry] = []
    sections: list[_Section] = []
    offset = _skip(text, 0)
    while offset < len(text):
        if header := _HEADER.match(text, offset):
            sections.append(_Section(_header(header), header.end()))
            offset = header.end()
        elif sections and (key := _KEY.match(text, offset)):
            value, end = ("true", key.end()) if "=" not in key[0] else _value(text, key.end())
            start = key.end() if "=" in key[0] else key.end(1)
            names = (*sections[-1].names, key[1])
            entries.append(_Entry(names, value, offset, start, max(start, end)))
            sections[-1] = _Section(sections[-1].names, max(start, end))
            offset = end
        else:
            raise DialectError("git does not understand this line", line_number(text, offset))
        offset = _skip(text, offset)
    return entries, sections


def _skip(text: str, offset: int) -> int:
    blank = _BLANK.match(text, offset)
    return blank.end() if blank else offset


def _header(header: re.Match[str]) -> tuple[str, ...]:
    """The names of a section; a dot begins a subsection, which is in small letters then."""
    name, dot, old = header["name"].partition(".")
    if header["sub"] is not None:
        return (header["name"], re.sub(r"\\(.)", r"\1", header["sub"]))
    return (name, old.lower()) if dot else (name,)


def _value(text: str, offset: int) -> tuple[str, int]:
    """The value at an offset and where it ends, without the blanks behind it."""
    value, blanks, end = "", "", offset
    while piece := _PIECE.match(text, offset):
        offset = piece.end()
        if piece["blank"]:
            blanks += piece["blank"] if value else ""
            continue
        word = piece["plain"] or ""
        if piece["quoted"]:
            inner = re.sub(r"\\\r?\n", "", piece["quoted"][1:-1])
            word = re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), inner)
        elif piece["escape"]:
            word = _ESCAPES.get(piece["escape"], piece["escape"])
        if not piece["joined"]:
            value, blanks = value + blanks + word, ""
        end = offset
    if offset < len(text) and text[offset] not in "\n#;":
        raise DialectError("git does not understand this value", line_number(text, offset))
    return value, end


def _without(text: str, entry: _Entry) -> str:
    """The text without a key: its lines, or what stands behind a header in its line."""
    start = text.rfind("\n", 0, entry.start) + 1
    if text[start : entry.start].strip():
        return text[: entry.start] + text[entry.value_end :]
    end = text.find("\n", entry.value_end)
    return text[:start] + (text[end + 1 :] if end >= 0 else "")


def _added(text: str, sections: list[_Section], names: tuple[str, ...], spelled: str) -> str:
    """The text with a new key."""
    above, new = names[:-1], f"\t{names[-1]} = {spelled}"
    if sections and sections[-1].behind == len(text) and text.endswith("\n"):
        text += "\n"  # a backslash at the end joins the last line with what comes
    wanted = (above[0].lower(), *above[1:])
    for section in reversed(sections):
        if (section.names[0].lower(), *section.names[1:]) == wanted:
            end = text.find("\n", section.behind)
            return put_lines(text, len(text) if end < 0 else end + 1, [new])
    sub = "".join(' "' + re.sub(r'(["\\])', r"\\\1", name) + '"' for name in above[1:])
    return put_lines(text, len(text), [f"[{above[0]}{sub}]", new])


DIALECTS: Mapping[str, Dialect] = {"gitconfig": GitConfigDialect()}
