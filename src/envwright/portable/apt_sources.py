"""The entries of apt's source files (sources.list(5)): in which lines they stand, what they name.

Standard library only, since an exported test suite has a copy of this file. Read as apt reads them:
apt-pkg/sourcelist.cc and apt-pkg/deb/debmetaindex.cc; compared with apt itself in the tests.
"""

from __future__ import annotations

import re
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WORD = re.compile(r'(?:"[^"]*"|\[[^\]]*\]|[^\s"\[])+')
_OPTIONS = re.compile(r"\s*(?:deb|deb-src)\s+\[([^\]]*)\]")
_NO = {"no", "false", "without", "off", "disable"}
"""How apt spells that something is off, beside 0 (StringToBool in apt-pkg/contrib/strutl.cc)."""


class Entry(NamedTuple):
    """An entry: a line of a `.list` file, or a stanza of a `.sources` file.

    Args:
        first, last: its lines, from 1; a stanza has the comments that stand in it.
        enabled: apt reads it.
        uris, suites: as they are written; each URI is meant with each suite.
        signed_by: the keyring or the fingerprints, blanks apart; "" where any trusted key will do.
    """

    first: int
    last: int
    enabled: bool
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    signed_by: str


def entries(path: str, text: str) -> Iterator[Entry]:
    """Yield the entries of a file; its name says in which style it is written."""
    lines = text.split("\n")
    return _stanzas(lines) if path.endswith(".sources") else _one_line(lines)


def _one_line(lines: list[str]) -> Iterator[Entry]:
    for number, line in enumerate(lines, start=1):
        # A comment begins anywhere but in the options.
        bare = re.sub(r"((?:[^#\[]|\[[^\]]*\])*).*", r"\1", line, flags=re.DOTALL)
        options = _OPTIONS.match(bare)
        words = _WORD.findall(bare[options.end() :] if options else bare)
        if not options and words[:1] not in (["deb"], ["deb-src"]):
            continue
        uri, suite, *_ = [*map(_plain, words if options else words[1:]), "", ""]
        given = options[1].split() if options else []
        signed_by = dict(option.partition("=")[::2] for option in given).get("signed-by", "")
        if uri and suite:
            yield Entry(number, number, True, (uri,), (suite,), signed_by)


def _plain(word: str) -> str:
    """Return a word without its quotes; apt also reads %20 as a blank."""
    decoded = re.sub("%([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), word)
    return decoded.replace('"', "")


def _stanzas(lines: list[str]) -> Iterator[Entry]:
    first = 1
    for number, line in enumerate([*lines, ""], start=1):
        # A line of blanks parts no stanzas: apt reads it as a part of the field before.
        if line not in {"", "\r"}:
            continue
        if number > first and (entry := _stanza(first, lines[first - 1 : number - 1])):
            yield entry
        first = number + 1


def _stanza(first: int, lines: list[str]) -> Entry | None:
    fields: dict[str, list[str]] = {}
    words: list[str] = []
    for line in lines:
        if line.startswith("#"):
            continue
        name, colon, value = line.partition(":")
        if colon and name and not line[0].isspace():
            words = fields.setdefault(name.lower(), [])
            value = value.strip()
        else:
            value = line
        words += value.split()
    if not fields:
        return None
    off = " ".join(fields.get("enabled", ())).lower()
    uris, suites = (tuple(fields.get(name, ())) for name in ("uris", "suites"))
    signed_by = " ".join(fields.get("signed-by", ()))
    enabled = off not in _NO and not re.fullmatch("0+", off)
    return Entry(first, first + len(lines) - 1, enabled, uris, suites, signed_by)


def address(uri: str) -> str:
    """Return what two URIs of one place have in common: host and path, without scheme and login."""
    host, slash, path = re.sub(r"^[a-z0-9+.-]+:/*", "", uri, flags=re.IGNORECASE).partition("/")
    host = re.sub(r":(80|443)$", "", host.rpartition("@")[2].lower())
    return f"{host}{slash}{path}".rstrip("/")


def same(uri: str, suite: str, other_uri: str, other_suite: str) -> bool:
    """Tell whether two entries name one repository, whatever the machine's architecture is."""
    mine, theirs = (
        f"{address(one)} {re.sub(r'^(?:[.]?/)+', '/', of)}"
        for one, of in ((uri, suite), (other_uri, other_suite))
    )
    pattern = re.escape(theirs).replace(re.escape("$(ARCH)"), "[^/ ]+")
    return mine == theirs or re.fullmatch(pattern, mine) is not None


def part(path: str, text: str, chosen: Callable[[Entry], bool]) -> tuple[str, str]:
    """Part the text of a file into the chosen entries and the rest, both byte for byte."""
    lines = text.split("\n")
    mine = ""
    for entry in reversed([entry for entry in entries(path, text) if chosen(entry)]):
        mine = "".join(f"{line}\n" for line in lines[entry.first - 1 : entry.last]) + mine
        del lines[entry.first - 1 : entry.last]
    rest = "\n".join(lines)
    return mine, rest.lstrip("\n") if rest.strip() else ""
