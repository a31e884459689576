"""The logins of ~/.netrc (`netrc`), which curl, git, Go and Python send to a machine they name."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import DialectError, Problem
from .keywise import KeyWise
from .text import insert_lines, line_number, require_writable, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from . import Dialect, Value

_TOKEN = re.compile(r'"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<open>")|(?P<plain>\S+)', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_LOGIN = re.compile(r"login (?P<login>\S+) password (?P<password>\S+)")
_TAKES_A_WORD = frozenset({"machine", "login", "password", "account"})
_MISREAD = re.compile(r'["#].*')
"""A word that some reader takes for a quotation or a comment."""


@dataclass(frozen=True)
class _Word:
    """One word of the file: what it says, and where it stands in the text, quotes included."""

    text: str
    start: int
    end: int
    quoted: bool = False


@dataclass(frozen=True)
class _Entry:
    """`machine NAME` and what follows up to the next; `machine` is "" for `default`."""

    machine: str
    words: tuple[_Word, ...]

    def word(self, keyword: str) -> _Word | None:
        """What a keyword of the entry takes; the last one counts, as in curl."""
        found = None
        words = iter(self.words)
        for word in words:
            name = _keyword(word)
            if name in _TAKES_A_WORD:
                taken = next(words, None)
                found = taken if name == keyword else found
        return found

    @property
    def login(self) -> str | None:
        """The account; None where the entry names none."""
        word = self.word("login")
        return word.text if word else None

    @property
    def value(self) -> str:
        """Its login and password as an edit writes them; what else it has does not count."""
        said = ((keyword, self.word(keyword)) for keyword in ("login", "password"))
        return " ".join(f"{keyword} {word.text}" for keyword, word in said if word)


class NetrcDialect(KeyWise):
    r"""Keys are names of machines, a value is `login NAME password WORD`.

    A machine may have several logins. Of these the first counts, and only in front of `default`:
    so curl (lib/netrc.c), git by it, and Go (parseNetrc in src/cmd/go/internal/auth) choose where
    nobody names an account; Python's netrc module takes the last. That first one is read. An edit
    of a login that stands first changes its password alone. Otherwise the login is put in front
    of the machine's first entry, away from where it stood before; other logins stay. A removal
    takes all of a machine's entries that count.

    A word in double quotes is one word (curl since 7.84, and Python; Go knows no quotes). Words
    that an edit writes have no blanks, and do not begin with `"` or `#`: the readers disagree on
    these. Comment lines and macros (up to an empty line) stay. Keywords may be capitalized, as for
    curl; a word that is none, and that no keyword takes, is passed over.
    """

    name = "netrc"

    def read(self, text: str) -> dict[str, Value]:
        """The login that counts of every machine."""
        found: dict[str, Value] = {}
        for entry in _counting(_entries(text)):
            found.setdefault(entry.machine, entry.value)
        return found

    def put(self, text: str, key: str, value: Value) -> str:
        """As KeyWise."""
        return _set(text, key, value)

    def drop(self, text: str, key: str) -> str:
        """As KeyWise."""
        return _remove(text, key)

    def problems(self, text: str) -> list[Problem]:
        """Entries that say no login or password, or that stand where no reader finds them."""
        try:
            entries = list(_entries(text))
        except DialectError as error:
            return [Problem(error.line or 1, error.reason)]
        counting = list(_counting(entries))
        found = []
        for entry in entries:
            line = line_number(text, entry.words[0].start)
            if not _LOGIN.fullmatch(entry.value) and not any(word.quoted for word in entry.words):
                found.append(Problem(line, "has no login, or no password"))
            if entry.machine and entry not in counting:
                found.append(Problem(line, "stands behind `default`, where no reader looks"))
        return found


def _keyword(word: _Word) -> str:
    return "" if word.quoted else word.text.lower()


def _words(text: str) -> Iterator[_Word]:
    """Every word that counts: none of comment lines and of macros."""
    resume, macro, offset = 0, False, 0
    for line in split_lines(text):
        start, offset = offset, offset + len(line)
        if macro:
            macro = bool(line.strip("\r\n"))
            continue
        if start >= resume and line.lstrip(" \t").startswith("#"):
            continue
        position = max(start, resume)
        while position < offset and (match := _TOKEN.search(text, position)):
            if match.start() >= offset:
                break
            position = resume = match.end()
            word = _word(text, match)
            if _keyword(word) == "macdef":
                macro = True
                break
            yield word


def _word(text: str, match: re.Match[str]) -> _Word:
    if match["open"]:
        raise DialectError("a quote is not closed", line_number(text, match.start()))
    if match["plain"] is not None:
        return _Word(match["plain"], match.start(), match.end())
    escapes = {"n": "\n", "r": "\r", "t": "\t"}
    plain = _ESCAPE.sub(lambda found: escapes.get(found[1], found[1]), match["quoted"])
    return _Word(plain, match.start(), match.end(), quoted=True)


def _entries(text: str) -> Iterator[_Entry]:
    words = list(_words(text))
    starts: list[int] = []
    index = 0
    while index < len(words):
        keyword = _keyword(words[index])
        if keyword in {"machine", "default"}:
            starts.append(index)
        # A keyword takes the word behind it, whatever that is.
        index += 2 if keyword in _TAKES_A_WORD else 1
    for start, end in itertools.pairwise([*starts, len(words)]):
        default = _keyword(words[start]) == "default"
        if default or start + 1 < end:
            machine = "" if default else words[start + 1].text
            yield _Entry(machine, tuple(words[start:end]))


def _counting(entries: Iterator[_Entry] | list[_Entry]) -> Iterator[_Entry]:
    """The entries in front of `default`: a reader that has come to it looks no further."""
    return itertools.takewhile(lambda entry: entry.machine, entries)


def _set(text: str, key: str, value: Value) -> str:
    entries = list(_entries(text))
    first = next((entry for entry in _counting(entries) if entry.machine == key), None)
    if first and first.value == value:
        return text
    wanted = _LOGIN.fullmatch(value) if isinstance(value, str) else None
    if not wanted or not re.fullmatch(r"\S+", key):
        # The value may be a secret: it is not shown.
        raise DialectError(f"{key}: a login and its password are words without blanks")
    if any(map(_MISREAD.fullmatch, wanted.groups())):
        raise DialectError(f'{key}: no reader takes a word that begins with `"` or `#` for one')
    require_writable(f"{key} {value}", without="\0")
    if first and first.login == wanted["login"]:
        return _set_password(text, first, wanted["password"])
    text = _remove(text, key, wanted["login"])
    return _add(text, key, f"machine {key} {value}")


def _set_password(text: str, entry: _Entry, password: str) -> str:
    old = entry.word("password")
    if old:
        return text[: old.start] + password + text[old.end :]
    login = entry.word("login")
    end = login.end if login else entry.words[-1].end
    return f"{text[:end]} password {password}{text[end:]}"


def _add(text: str, key: str, line: str) -> str:
    """Put an entry where it counts: before the machine's first one, or before `default`."""
    entries = list(_entries(text))
    before = next((entry for entry in entries if entry.machine in {key, ""}), None)
    if before:
        start = before.words[0].start
        line_start = text.rfind("\n", 0, start) + 1
        if not text[line_start:start].strip():
            return insert_lines(text, line_start, [line])
        # Another entry begins on the same line: a blank parts two words as well as a line end.
        return f"{text[:start]}{line} {text[start:]}"
    after = insert_lines(text, len(text), [line])
    # Behind a macro without the blank line that ends it, the new line would be a part of it.
    return after if key in NetrcDialect().read(after) else insert_lines(text, len(text), ["", line])


def _remove(text: str, key: str, login: str | None = None) -> str:
    """The text without a machine's entries: all that count, or those of one login anywhere."""
    entries = list(_entries(text))
    for entry in reversed(entries if login is not None else list(_counting(entries))):
        if entry.machine == key and login in {None, entry.login}:
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
