r"""The passwords of local accounts (`shadow`): /etc/shadow, as the C library reads it.

The grammar, after shadow(5) and sgetspent_r.c of glibc: a line is `NAME:HASH:` and seven numbers,
which may be left out, with colons between them. A line that begins with `#`, `+` or `-` is no
account; a line that does not have this form is passed over. Of two lines with a name the first
counts. HASH is of the form of crypt(5); `!` or `*` in front lets no password in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import DialectError, Problem
from .keywise import KeyWise
from .text import insert_lines, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from . import Dialect, Value

_LINE = re.compile(r"([^\s:#+-][^:\n]*):([^:\n]*)((?::[0-9]*){7})\n?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_HASH = re.compile(r"\$[A-Za-z0-9-]+\$[\"-)+-9<-\[\]-~]{20,}|⟦[^⟦⟧\n]+⟧")
"""A hash of a method that has a name; or what stands for a secret while it is planned."""
_DATES = ":" * 7


class ShadowDialect(KeyWise):
    """Keys are names of accounts, values are hashes of passwords.

    An edit changes the hash in the account's first line; the dates of the password stay. An account
    without a line gets one without dates. Removing takes all lines of the account.
    """

    name = "shadow"

    def read(self, text: str) -> dict[str, Value]:
        """The hash of every account."""
        found: dict[str, Value] = {}
        for _, match in _entries(text):
            found.setdefault(match[1], match[2])
        return found

    def put(self, text: str, key: str, value: Value) -> str:
        """As KeyWise."""
        return _set(text, key, value)

    def drop(self, text: str, key: str) -> str:
        """As KeyWise."""
        return _removed(text, key)

    def problems(self, text: str) -> list[Problem]:
        """Lines that the C library passes over, and lines of an account that has one above."""
        found: list[Problem] = []
        above: dict[str, int] = {}
        for number, line in enumerate(split_lines(text), start=1):
            match = _LINE.fullmatch(line)
            if match is None and line.strip() and not line.startswith(("#", "+", "-")):
                found.append(Problem(number, "the line has not the nine fields of shadow(5)"))
            if match and above.setdefault(match[1], number) != number:
                found.append(Problem(number, f"line {above[match[1]]} has this account"))
        return found


def _entries(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    matches = (_LINE.fullmatch(line) for line in split_lines(text))
    return ((index, match) for index, match in enumerate(matches) if match)


def _set(text: str, name: str, value: Value) -> str:
    lines = split_lines(text)
    found = next(((index, match) for index, match in _entries(text) if match[1] == name), None)
    if found and found[1][2] == value:
        return text
    # The value is not shown: who reads a hash can try passwords at leisure.
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise DialectError(f"the password of {name} is no hash in the form of crypt(5)")
    if not _NAME.fullmatch(name):
        raise DialectError(f"{name!r} is no name of an account")
    for number, line in enumerate(lines, start=1):
        if line.startswith(f"{name}:") and not _LINE.fullmatch(line):
            raise DialectError("the line has not the nine fields of shadow(5)", number)
    if found is None:
        return insert_lines(text, len(text), [f"{name}:{value}{_DATES}"], ending="\n")
    index, match = found
    lines[index] = f"{name}:{value}{match.string[match.end(2) :]}"
    return "".join(lines)


def _removed(text: str, name: str) -> str:
    gone = {index for index, match in _entries(text) if match[1] == name}
    return "".join(line for index, line in enumerate(split_lines(text)) if index not in gone)


DIALECTS: Mapping[str, Dialect] = {"shadow": ShadowDialect()}
