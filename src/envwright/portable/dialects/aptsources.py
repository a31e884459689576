r"""The sources of apt: files with a source a line (.list), and files of stanzas (.sources).

The grammar, after sourcelist.cc, tagfile.cc and strutl.cc of apt 2.6 to 3.1:

- apt reads `sources.list`, then the files of `sources.list.d` by name; `is_read` tells which. It
  knows no byte order mark: a mark is a part of the first word, and apt refuses the file.
- The first fault in a file stops apt altogether, so that a file is read whole or not at all.
- One line: `TYPE [OPTIONS] URI SUITE COMPONENTS`. A `#` starts a comment, except inside brackets.
  Double quotes and brackets keep blanks in a word, `%20` is a blank; no line goes on in the next.
  The type and the names of options are lower case; of an option that stands twice the last counts.
- Stanzas: blank lines part them (a line of blanks does not). Lines that start with `#` are taken
  out first, also in the middle of a stanza. A line that starts with a blank goes on the field above
  it. The case of names does not count; of a field that stands twice the last counts. Lists are
  words between blanks and line ends. `Enabled` is off for no, false, without, off, disable and 0.
- A suite that ends in `/` takes no components, every other one takes some. `$(ARCH)` stands for the
  machine's architecture, and `/` is put behind a URI that has none.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from . import DialectError
from .encodings import known_encoding
from .text import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_FILE_NAME = re.compile(r"[A-Za-z0-9_:-][A-Za-z0-9_:.-]*\.(?:list|sources)")
_TYPES = frozenset({"deb", "deb-src"})
_BLANKS = " \t\n\r\f\v"
_WORD = re.compile(r'((?:"[^"]*"|\[[^\]]*\]|[^\s"\[])+)(?=\s|\Z)\s*', re.ASCII)
_ANY_BLANKS = re.compile(r"\s*", re.ASCII)
_QUOTED_BYTE = re.compile(rb"%([0-9a-fA-F]{2})")
_LEAST_OPTION = len("a=b")
_NAME = re.compile(r"([^:]*):(?:[ \t\r\f\v]|\n(?= ))*")
_LINE_END = re.compile(r"\n\r*")
_OFF = re.compile(r"0+|0x0+|no|false|without|off|disable", re.IGNORECASE)
_ARMOR = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
_LISTS = {
    f"{name}{suffix}": f"{option}{sign}"
    for name, option in (("architectures", "arch"), ("languages", "lang"), ("targets", "target"))
    for suffix, sign in (("", ""), ("-add", "+"), ("-remove", "-"))
}
"""The fields of several words, by the option of a one-line source that means the same."""
_SINGLE = (
    "by-hash",
    "check-date",
    "check-valid-until",
    "date-max-future",
    "exclude",
    "include",
    "pdiffs",
    "signed-by",
    "snapshot",
    "trusted",
    "valid-until-max",
    "valid-until-min",
)
"""The fields of one value, which have the option's name."""


class Target(NamedTuple):
    """What apt downloads: one component of one suite; a flat suite has the component ""."""

    type: str
    uri: str
    suite: str
    component: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A source: a line, or a stanza.

    Args:
        line: the number of its first line, from 1.
        number: by which apt names it in a message: the number of its line, or of its stanza.
        start, end: where its lines begin and end in the text. Comments above and below do not
            belong to it; the blank line that parts a stanza from the next does.
        options: by the names that one-line sources have (`signed-by`, `arch`, `arch+`).
        enabled: False for a stanza that says so.
    """

    line: int
    number: int
    start: int
    end: int
    types: tuple[str, ...]
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    enabled: bool = True

    @property
    def key(self) -> str:
        """The key that stands in the entry itself, in ASCII armor; "" for none."""
        text = self.options.get("signed-by", "")
        if _ARMOR not in text:
            return ""
        lines = (line.strip(_BLANKS) for line in text.split("\n"))
        return "".join(f"{'' if line == '.' else line}\n" for line in lines).lstrip("\n")

    @property
    def signed_by(self) -> tuple[str, ...]:
        """The key files and fingerprints that may sign the source; () for all that apt has."""
        if self.key:
            return ()
        return tuple(_split(self.options.get("signed-by", "").replace(",", " ")))

    def targets(self, architecture: str) -> frozenset[Target]:
        """What apt downloads because of this entry, on a machine of an architecture of dpkg."""
        if not self.enabled:
            return frozenset()
        uris = (uri.replace("$(ARCH)", architecture) for uri in self.uris)
        suites = (suite.replace("$(ARCH)", architecture) for suite in self.suites)
        slashed = [uri if uri.endswith("/") else f"{uri}/" for uri in uris]
        each = itertools.product(self.types, slashed, suites, self.components or ("",))
        return frozenset(Target(*one) for one in each)


def is_read(name: str) -> bool:
    """Whether apt reads a file of that name in sources.list.d (`docker.list.save`: no)."""
    return _FILE_NAME.fullmatch(name) is not None


def read(text: str, name: str) -> list[Entry]:
    """The entries of a file; its name (`x.list`, `x.sources`) says which form it has.

    Raises DialectError where apt refuses the file.
    """
    known_encoding(text, frozenset(), "apt")
    stanzas = PurePosixPath(name).suffix == ".sources"
    return [_checked(entry) for entry in (_stanzas(text) if stanzas else _lines(text))]


def remove(text: str, *entries: Entry) -> str:
    """The text without some of its entries; every other byte stays."""
    for entry in sorted(entries, key=lambda entry: entry.start, reverse=True):
        text = text[: entry.start] + text[entry.end :]
    return text


def change(
    text: str, name: str, entry: Entry, uris: Mapping[str, str], components: Sequence[str] = ()
) -> str:
    """The text with other URIs and further components in one of its entries.

    Args:
        text: of a file that `read` reads.
        name: of the file.
        entry: of the file.
        uris: the new ones by the old ones; the others stay.
        components: those that the entry gets where it lacks them.

    Raises DialectError where the entry is written in a way that this cannot change without loss.
    """
    more = [one for one in components if one not in entry.components]
    edit = _in_stanza if PurePosixPath(name).suffix == ".sources" else _in_line
    changed = edit(text[entry.start : entry.end], uris, more)
    made = f"{text[: entry.start]}{changed}{text[entry.end :]}"
    wanted = (tuple(uris.get(uri, uri) for uri in entry.uris), {*entry.components, *more})
    same = (one for one in read(made, name) if one.start == entry.start)
    found = [(one.uris, {*one.components}) for one in same]
    if found != [wanted]:
        raise DialectError("its URIs or components are written in an unusual way", entry.line)
    return made


_LINE = re.compile(
    r"(?P<head>\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s*)?)(?P<uri>\S+)(?P<suite>\s+\S+)"
    r"(?P<components>(?:[ \t]+[^\s#]+)*)(?P<rest>.*)",
    re.DOTALL,
)


def _in_line(line: str, uris: Mapping[str, str], components: Sequence[str]) -> str:
    match = _LINE.fullmatch(line)
    if match is None:
        return line
    part = match.groupdict()
    uri = uris.get(part["uri"], part["uri"])
    more = "".join(f" {one}" for one in components)
    return f"{part['head']}{uri}{part['suite']}{part['components']}{more}{part['rest']}"


def _in_stanza(stanza: str, uris: Mapping[str, str], components: Sequence[str]) -> str:
    def replaced(value: str) -> str:
        return re.sub(r"\S+", lambda word: uris.get(word[0], word[0]), value)

    def extended(value: str) -> str:
        return " ".join((value, *components))

    for name, edit in (("uris", replaced), ("components", extended)):
        # Of a field that stands twice the last counts; its first line is enough to edit.
        *_, field = [None, *re.finditer(rf"(?im)^{name}[ \t]*:(.*\S)", stanza)]
        if field is not None:
            edited = edit(field[1])
            stanza = stanza[: field.start(1)] + edited + stanza[field.end(1) :]
    return stanza


def _checked(entry: Entry) -> Entry:
    """The entry, if apt can use it; apt asks nothing of a source that is not enabled."""
    if not (entry.enabled and entry.types):
        return entry
    flat = {suite.endswith("/") for suite in entry.suites}
    faults = (
        (not entry.uris, "apt expects a URI"),
        (not entry.suites, "apt expects a suite"),
        (not all(":" in uri for uri in entry.uris), "apt takes no URI without a colon"),
        (True in flat and entry.components, "apt takes no component for a suite that ends in /"),
        (False in flat and not entry.components, "apt expects a component"),
    )
    for wrong, reason in faults:
        if wrong:
            raise DialectError(reason, entry.line)
    return entry


def _split(text: str) -> list[str]:
    return re.findall(r"\S+", text, re.ASCII)


def _lines(text: str) -> Iterator[Entry]:
    end = 0
    for number, line in enumerate(split_lines(text), start=1):
        start, end = end, end + len(line)
        content = _without_comment(line).strip(" \t\r\n")
        if not content:
            continue
        kind = re.split(r"[ \t\v]", content, maxsplit=1)[0]
        if kind not in _TYPES or kind == content:
            raise DialectError(f"apt expects {' or '.join(sorted(_TYPES))} and a URI", number)
        options, words = _words(content[len(kind) :], number)
        yield Entry(
            line=number,
            number=number,
            start=start,
            end=end,
            types=(kind,),
            uris=tuple(words[:1]),
            suites=tuple(words[1:2]),
            components=tuple(words[2:]),
            options=options,
        )


def _without_comment(line: str) -> str:
    for found in re.finditer("#", line):
        before = line[: found.start()]
        if before.count("[") <= before.count("]"):
            return before
    return line


def _words(text: str, number: int) -> tuple[dict[str, str], list[str]]:
    """The options of a line, and its words behind these."""
    options: dict[str, str] = {}
    offset = _behind_blanks(text, 0)
    if text.startswith("[", offset):
        options, offset = _bracket(text, offset + 1, number)
    words = []
    # Where a quote is left open, apt ends the line.
    while match := _WORD.match(text, offset):
        words.append(_unquoted(match[1]))
        offset = match.end()
    return options, words


def _bracket(text: str, offset: int, number: int) -> tuple[dict[str, str], int]:
    """The options from behind their bracket on, and where the next word starts."""
    options: dict[str, str] = {}
    offset = _behind_blanks(text, offset)
    while not text.startswith("]", offset):
        match = _WORD.match(text, offset)
        option = _unquoted(match[1]) if match else ""
        is_long = len(option) >= _LEAST_OPTION
        offset = match.end() if match else offset
        if option.endswith("]"):
            option, offset = option[:-1], text.rfind("]", 0, offset + 1)
        name, _, value = option.partition("=")
        if not (is_long and name and value) or offset < 0:
            raise DialectError("apt expects [NAME=VALUE ...] behind the type", number)
        options[name] = value
    return options, _behind_blanks(text, offset + 1)


def _behind_blanks(text: str, offset: int) -> int:
    match = _ANY_BLANKS.match(text, offset)
    return match.end() if match else offset


def _unquoted(word: str) -> str:
    parts = word.encode("utf-8", "surrogateescape").split(b'"')
    plain = b"".join(_QUOTED_BYTE.sub(_byte, part) for part in parts)
    return plain.decode("utf-8", "surrogateescape")


def _byte(quoted: re.Match[bytes]) -> bytes:
    return bytes([int(quoted[1], 16)])


@dataclass(frozen=True)
class _Line:
    """A line that is no comment: where it is in the text, and where in what apt then reads."""

    number: int
    start: int
    read_at: int
    content: str

    @property
    def end(self) -> int:
        return self.start + len(self.content)

    @property
    def is_blank(self) -> bool:
        return not self.content.strip(_BLANKS)


def _stanzas(text: str) -> Iterator[Entry]:
    lines = list(_without_comments(text))
    # apt, too, ends what it reads with a blank line.
    kept = "".join(line.content for line in lines) + "\n\n"
    offset = number = 0
    while offset < len(kept):
        fields, end = _fields(kept, offset, lines)
        own = [line for line in lines if offset <= line.read_at <= end]
        if fields:
            number += 1
            yield _stanza(number, fields, own, [line for line in lines if line.read_at > end])
        offset = end + len(kept[end:]) - len(kept[end:].lstrip("\r\n"))


def _without_comments(text: str) -> Iterator[_Line]:
    start = read_at = 0
    for number, content in enumerate(split_lines(text), start=1):
        if not content.startswith("#"):
            yield _Line(number, start, read_at, content)
            read_at += len(content)
        start += len(content)


def _fields(kept: str, offset: int, lines: Sequence[_Line]) -> tuple[dict[str, str], int]:
    """The fields of the stanza at an offset, by lower-case name, and where its last line ends."""
    found: list[tuple[str, int, int]] = []
    while True:
        if kept[offset] not in _BLANKS:
            name = _NAME.match(kept, offset)
            if name is None:
                number = max(line.number for line in lines if line.read_at <= offset)
                raise DialectError("apt expects NAME: VALUE", number)
            found.append((name[1].rstrip(_BLANKS).lower(), offset, name.end()))
            offset = name.end()
        line_end = _LINE_END.search(kept, offset)
        if line_end is None:  # not reached: the text ends with a blank line
            raise DialectError("apt expects a line end", lines[-1].number)
        offset = line_end.end()
        if kept.startswith("\n", offset):
            break
    ends = [*(start for _, start, _ in found[1:]), line_end.start()]
    return {
        name: kept[start:end].rstrip(_BLANKS)
        for (name, _, start), end in zip(found, ends, strict=False)
    }, line_end.start()


def _stanza(
    number: int, fields: Mapping[str, str], lines: Sequence[_Line], below: Sequence[_Line]
) -> Entry:
    own = [line for line in lines if not line.is_blank]
    line, last = own[0].number, own[-1]
    if "types" not in fields:
        raise DialectError("apt expects the field Types in every stanza", line)
    types = tuple(_split(fields["types"]))
    if not _TYPES.issuperset(types):
        raise DialectError(f"apt expects {' or '.join(sorted(_TYPES))} as Types", line)
    options = {_LISTS[name]: ",".join(_split(fields[name])) for name in _LISTS if name in fields}
    options |= {name: fields[name] for name in _SINGLE if name in fields}
    parted = below and below[0].start == last.end and below[0].is_blank
    return Entry(
        line=line,
        number=number,
        start=own[0].start,
        end=below[0].end if parted else last.end,
        types=types,
        uris=tuple(_split(fields.get("uris", ""))),
        suites=tuple(_split(fields.get("suites", ""))),
        components=tuple(_split(fields.get("components", ""))),
        options=options,
        enabled=not _OFF.fullmatch(fields.get("enabled", "")),
    )
