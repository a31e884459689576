"""The logins of ~/.netrc (`netrc`), which Go, git, curl and others send to a machine they name."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import DialectError, Problem
from .text import insert_lines, line_number, require_writable, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from . import Dialect, Value

_WORD = re.compile(r"\S+")
_LOGIN = re.compile(r"login \S+ password \S+")


@dataclass(frozen=True)
class _Word:
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class _Entry:
    """`machine NAME` and what follows up to the next; `machine` is "" for `default`."""

    machine: str
    words: tuple[_Word, ...]

    @property
    def value(self) -> str:
        """Its login and password as an edit writes them; what else it has does not count."""
        texts = [word.text for word in self.words[2 if self.machine else 1 :]]
        said = dict(zip(texts[::2], texts[1::2], strict=False))
        return " ".join(f"{word} {said[word]}" for word in ("login", "password") if word in said)


class NetrcDialect:
    r"""Keys are names of machines, a value is `login NAME password WORD`.

    Of a machine that stands twice the first counts, as for the go command (parseNetrc of its
    src/cmd/go/internal/auth) and curl: that one is read and edited; removing takes all of them. A
    new machine goes before `default`, behind which nothing is read. Comment lines and macros stay.
    """

    name = "netrc"

    def read(self, text: str) -> dict[str, Value]:
        """The login of every machine."""
        found: dict[str, Value] = {}
        for entry in _entries(text):
            if entry.machine:
                found.setdefault(entry.machine, entry.value)
        return found

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """The wanted machines' logins."""
        found = self.read(text)
        return {key: found[key] for key in wanted if key in found}

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """The text with the machines set or removed."""
        for key, value in changes.items():
            text = _remove(text, key) if value is None else _set(text, key, value)
        return text

    def problems(self, text: str) -> list[Problem]:
        """Entries that say no login or password."""
        return [
            Problem(line_number(text, entry.words[0].start), "has no login, or no password")
            for entry in _entries(text)
            if not _LOGIN.fullmatch(entry.value)
        ]


def _words(text: str) -> Iterator[_Word]:
    """Every word that counts: none of comment lines and of macros."""
    offset, macro = 0, False
    for line in split_lines(text):
        if macro:
            macro = bool(line.strip())
        elif not line.lstrip().startswith("#"):
            for match in _WORD.finditer(line):
                if match[0] == "macdef":
                    macro = True
                    break
                yield _Word(match[0], offset + match.start(), offset + match.end())
        offset += len(line)


def _entries(text: str) -> Iterator[_Entry]:
    words = list(_words(text))
    starts: list[int] = []
    index = 0
    while index < len(words):
        # `machine`, `login` and the like each take the word behind them, whatever it is.
        if words[index].text in {"machine", "default"}:
            starts.append(index)
        index += 1 if words[index].text == "default" else 2
    for start, end in itertools.pairwise([*starts, len(words)]):
        default = words[start].text == "default"
        if default or start + 1 < end:
            machine = "" if default else words[start + 1].text
            yield _Entry(machine, tuple(words[start:end]))


def _set(text: str, key: str, value: Value) -> str:
    entries = list(_entries(text))
    same = next((entry for entry in entries if entry.machine == key), None)
    if same and same.value == value:
        return text
    if not _WORD.fullmatch(key) or not isinstance(value, str) or not _LOGIN.fullmatch(value):
        # The value may be a secret: it is not shown.
        raise DialectError(f"{key}: a login and its password are words without blanks")
    require_writable(f"{key} {value}", without="\0")
    line = f"machine {key} {value}"
    if same:
        return text[: same.words[0].start] + line + text[same.words[-1].end :]
    default = next((entry.words[0].start for entry in entries if not entry.machine), None)
    if default is not None:
        return insert_lines(text, text.rfind("\n", 0, default) + 1, [line])
    after = insert_lines(text, len(text), [line])
    # Behind a macro without the blank line that ends it, the new line would be a part of it.
    return after if key in NetrcDialect().read(after) else insert_lines(text, len(text), ["", line])


def _remove(text: str, key: str) -> str:
    for entry in reversed(list(_entries(text))):
        if entry.machine == key:
            start, end = entry.words[0].start, entry.words[-1].end
            line = text[text.rfind("\n", 0, start) + 1 : start]
            # A line of its own goes with its end.
            rest = re.compile(r"[ \t]*(\r?\n)?" if not line.strip() else "").match(text, end)
            text = (
                text[: start - len(line) if not line.strip() else start]
                + text[rest.end() if rest else end :]
            )
    return text


DIALECTS: Mapping[str, Dialect] = {"netrc": NetrcDialect()}
