"""INI files (`ini`): sections of `key = value` lines, as far as their many readers agree.

What they agree on: `[section]`, `key = value` or `key: value`, whole lines of comments that begin
with `#` or `;`, keys in any case. Where they differ, the file is refused by line, and only where it
matters to a wanted key: a key that is there twice, an indented line, which goes on the line above
for some, and a `#` or `;` behind a blank, which begins a comment for some.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from . import DialectError, Problem
from .pointers import names_of, pointer
from .text import content_of, put_lines, require_writable, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from . import Dialect, Value

_SECTION = re.compile(r"[ \t]*\[([^\]]+)\][ \t]*([#;].*)?")
_ENTRY = re.compile(r"([^\s=:#;\[][^=:]*?)([ \t]*[=:][ \t]*)(.*?)[ \t]*")
_NAME = re.compile(r"[^\s=:#;\[]([^=:\n\r]*[^\s=:])?")
_COMMENT_BEHIND = re.compile(r"(^|[ \t])[#;]")
_DEPTH = 2
"""A section and a key."""


class _Entry(NamedTuple):
    """A key of a section, its place among the lines, what stands between it and its value."""

    position: int
    section: str
    key: str
    equals: str
    value: str


class IniDialect:
    """A key is a pointer, `section/key`, or `key` above the first section; a value is one line.

    true and 5 are written as text. A new key goes behind the last one of its section, spelled as
    the file's other lines are; a new section goes to the end.
    """

    name = "ini"

    def read(self, text: str) -> dict[str, Value]:
        """The last value of every key."""
        return {_pointer(entry.section, entry.key): entry.value for entry in _entries(text)}

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """The wanted keys' values, as they are wanted where the text is the same."""
        found: dict[str, Value] = {}
        for key, value in wanted.items():
            if entry := _find(text, key):
                same = value is not None and entry.value == _spelled(key, value)
                found[key] = value if same else entry.value
        return found

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """The text with the keys set or removed."""
        for key, value in changes.items():
            entry, lines = _find(text, key), split_lines(text)
            if value is None:
                if entry:
                    text = "".join(lines[: entry.position] + lines[entry.position + 1 :])
            elif entry is None:
                text = _add(text, key, _spelled(key, value))
            elif entry.value != (spelled := _spelled(key, value)):
                end = lines[entry.position][len(content_of(lines[entry.position])) :]
                lines[entry.position] = f"{entry.key}{entry.equals}{spelled}{end}"
                text = "".join(lines)
        return text

    def problems(self, text: str) -> list[Problem]:
        """Lines that are neither of a section, a key, a comment, nor go on."""
        return [
            Problem(number, "this line is neither a section, a key nor a comment")
            for number, line in enumerate(map(content_of, split_lines(text)), start=1)
            if line.strip(" \t")
            and not line.startswith((" ", "\t", "#", ";"))
            and not (_SECTION.fullmatch(line) or _ENTRY.fullmatch(line))
        ]


def _pointer(section: str, key: str) -> str:
    return pointer([section, key] if section else [key])


def _parts(key: str) -> tuple[str, str]:
    names = names_of(key)
    if len(names) > _DEPTH or not all(names):
        raise DialectError(f"{key}: an INI file has sections and keys, and nothing below these")
    section, name = names if len(names) == _DEPTH else ("", names[0])
    if not _NAME.fullmatch(name) or re.search(r"[\]\n\r]", section):
        raise DialectError(f"{key!r} is no name of a key in an INI file")
    return section, name


def _spelled(key: str, value: Value) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    if isinstance(value, list | dict):
        raise DialectError(f"{key}: a value in an INI file is one line of text")
    require_writable(text, without="\n\r\0")
    if text != text.strip() or _COMMENT_BEHIND.search(text):
        raise DialectError(f"{key}: the readers of INI files do not agree on the value {text!r}")
    return text


def _entries(text: str) -> Iterator[_Entry]:
    section = ""
    for position, line in enumerate(split_lines(text)):
        plain = content_of(line)
        if header := _SECTION.fullmatch(plain):
            section = header[1].strip(" \t")
        elif entry := _ENTRY.fullmatch(plain):
            yield _Entry(position, section, entry[1], entry[2], entry[3])


def _find(text: str, key: str) -> _Entry | None:
    """The entry of a key; DialectError where readers differ about it."""
    section, name = _parts(key)
    _require_flush(split_lines(text), section)
    found = [e for e in _entries(text) if e.section == section and e.key.lower() == name.lower()]
    if len(found) > 1:
        raise DialectError(f"the key {name!r} is here a second time", found[-1].position + 1)
    if found and _COMMENT_BEHIND.search(found[0].value):
        raise DialectError(
            f"some readers take the end of {found[0].value!r} for a comment: give it its own line",
            found[0].position + 1,
        )
    return found[0] if found else None


def _require_flush(lines: Sequence[str], section: str) -> None:
    """Refuse a section with an indented line: to some readers it goes on the line above."""
    here = ""
    for number, line in enumerate(map(content_of, lines), start=1):
        if header := _SECTION.fullmatch(line):
            here = header[1].strip(" \t")
        elif here == section and re.match(r"[ \t]+[^\s#;]", line):
            raise DialectError("readers of INI files do not agree on an indented line", number)


def _add(text: str, key: str, spelled: str) -> str:
    section, name = _parts(key)
    entries = list(_entries(text))
    equals = entries[0].equals if entries else " = "
    line = f"{name}{equals}{spelled}"
    lines = split_lines(text)
    own = [entry.position for entry in entries if entry.section == section]
    headers = _headers(lines)
    above = own or [at for at, found in headers if found == section]
    if above:
        return put_lines(text, len("".join(lines[: above[-1] + 1])), [line])
    if not section:
        first = headers[0][0] if headers else len(lines)
        return put_lines(text, len("".join(lines[:first])), [line])
    apart = [""] if text.strip() and lines[-1].strip() else []
    return put_lines(text, len(text), [*apart, f"[{section}]", line])


def _headers(lines: Sequence[str]) -> list[tuple[int, str]]:
    found = [(at, _SECTION.fullmatch(content_of(line))) for at, line in enumerate(lines)]
    return [(at, header[1].strip(" \t")) for at, header in found if header]


DIALECTS: Mapping[str, Dialect] = {"ini": IniDialect()}
