"""The entries of all source files of apt: what apt reads beside what an environment names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envwright.facts.question import Question, decode
from envwright.portable.dialects import DialectError
from envwright.portable.dialects.aptsources import is_read, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FOLDER = "/etc/apt/sources.list.d"
_SCRIPT = "cd /etc/apt && grep -naH '' sources.list sources.list.d/*.list sources.list.d/*.sources"


@dataclass(frozen=True)
class Listed:
    """An entry, and the file that it is in.

    Args:
        path: the file.
        line: the number of its first line, from 1.
        lines: all lines of the file, without their ends.
        uris, suites: what it names; each URI is meant with each suite.
        signed_by: the key files and fingerprints that may sign it; () for all that apt has.
        enabled: apt reads it.
        fault: why apt cannot read it, and then reads no source at all; "" where apt can.
    """

    path: str
    line: int
    lines: tuple[str, ...]
    uris: tuple[str, ...] = ()
    suites: tuple[str, ...] = ()
    signed_by: tuple[str, ...] = ()
    enabled: bool = True
    fault: str = ""

    @property
    def place(self) -> str:
        """Where the entry stands, for a person."""
        return f"{self.path}:{self.line}"

    @property
    def text(self) -> str:
        """The first line of the entry."""
        return self.lines[self.line - 1]


@dataclass(frozen=True)
class AptSources(Question[tuple[Listed, ...]]):
    """The question for all entries, enabled or not, in the order of their files."""

    @classmethod
    def script(cls, questions: Sequence[AptSources]) -> str:  # noqa: ARG003 - one for all
        return _SCRIPT

    @classmethod
    def parse(
        cls, questions: Sequence[AptSources], output: bytes
    ) -> Mapping[AptSources, tuple[Listed, ...]]:
        files: dict[str, list[str]] = {}
        # The names of files that apt reads hold no colon (apt-pkg/contrib/fileutl.cc).
        for record in decode(output).split("\n")[:-1]:
            name, _, line = record.split(":", 2)
            files.setdefault(f"/etc/apt/{name}", []).append(line)
        found = tuple(
            entry
            for path, lines in files.items()
            if is_read(path.rpartition("/")[2])
            for entry in listed(path, lines)
        )
        return dict.fromkeys(questions, found)


def listed(path: str, lines: Sequence[str]) -> Iterator[Listed]:
    """Yield the entries of a file; the faults of a .list file are those of single lines."""
    try:
        yield from _read(path, tuple(lines), "".join(f"{line}\n" for line in lines))
    except DialectError as error:
        if path.endswith(".sources"):
            yield Listed(path, error.line or 1, tuple(lines), fault=error.reason)
            return
        for number, line in enumerate(lines):
            try:
                yield from _read(path, tuple(lines), line, number)
            except DialectError as fault:
                uris = tuple(word for word in line.split() if "://" in word)
                yield Listed(path, number + 1, tuple(lines), uris, fault=fault.reason)


def _read(path: str, lines: tuple[str, ...], text: str, before: int = 0) -> Iterator[Listed]:
    for entry in read(text, path):
        named = (entry.uris, entry.suites, entry.signed_by)
        yield Listed(path, before + entry.line, lines, *named, entry.enabled)
