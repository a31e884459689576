"""Go's own environment file (`goenv`), which `go env -w` writes: raw KEY=value lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import DialectError, Problem
from .keywise import KeyWise
from .text import insert_lines, require_writable, split_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import Dialect, Value

_KEY = re.compile(r"[A-Z][A-Z0-9_]*")
_LINE = re.compile(r"([A-Z][^=\n]*)=([^\n]*)\n?")


class GoEnvDialect(KeyWise):
    r"""Keys are names of Go settings (GOPROXY, GOFLAGS, ...), values are strings.

    The go command (readEnvFile of its src/cmd/go/internal/cfg) takes every byte between "=" and
    "\n" as the value: no quotes, no escapes, no comment behind it, and a carriage return belongs
    to it. It ignores each line that does not start with A to Z or has no "="; comments are such
    lines. Of a key that stands twice the last counts: that one is read and edited; removing takes
    all of them.
    """

    name = "goenv"

    def read(self, text: str) -> dict[str, Value]:
        """Every key that the go command sees."""
        matches = (_LINE.fullmatch(line) for line in split_lines(text))
        return {match[1]: match[2] for match in matches if match}

    def put(self, text: str, key: str, value: Value) -> str:
        """As KeyWise."""
        return _set(text, key, value)

    def drop(self, text: str, key: str) -> str:
        """As KeyWise."""
        return _remove(text, key)

    def problems(self, text: str) -> list[Problem]:
        """Lines that the go command ignores, and values that end in a carriage return."""
        found: list[Problem] = []
        for number, line in enumerate(split_lines(text), start=1):
            match = _LINE.fullmatch(line)
            if match is None and line.strip() and not line.startswith("#"):
                found.append(Problem(number, "Go ignores it: expected KEY=value from column 1 on"))
            if match is not None and match[2].endswith("\r"):
                found.append(Problem(number, "Go takes the carriage return into the value"))
        return found


def _set(text: str, key: str, value: Value) -> str:
    lines = split_lines(text)
    matches = [_LINE.fullmatch(line) for line in lines]
    found = [index for index, match in enumerate(matches) if match and match[1] == key]
    match = matches[found[-1]] if found else None
    if match and match[2] == value:
        return text
    if not _KEY.fullmatch(key):
        raise DialectError(f"{key!r} is no name of a Go setting")
    if not isinstance(value, str):
        raise DialectError(f"{key}: a Go setting is a string")
    require_writable(value, without="\0\r\n")
    line = f"{key}={value}"
    if not match:
        # Whatever ends the file's other lines: Go takes a carriage return into the value.
        return insert_lines(text, len(text), [line], ending="\n")
    lines[found[-1]] = line + match.string[match.end(2) :]
    return "".join(lines)


def _remove(text: str, key: str) -> str:
    matches = ((line, _LINE.fullmatch(line)) for line in split_lines(text))
    return "".join(line for line, match in matches if not match or match[1] != key)


DIALECTS: Mapping[str, Dialect] = {"goenv": GoEnvDialect()}
