"""The entries of all source files of apt: what apt reads beside what an environment names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envwright.facts.question import Question, decode
from envwright.portable.dialects import DialectError
from envwright.portable.dialects.aptsources import Entry, is_read, read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER = "/etc/apt/sources.list.d"
_SCRIPT = "cd /etc/apt && grep -naH '' sources.list sources.list.d/*.list sources.list.d/*.sources"


@dataclass(frozen=True)
class Listed:
    """An entry, and the file that it is in.

    Args:
        path: the file.
        entry: the entry.
        lines: all lines of the file, without their ends.
    """

    path: str
    entry: Entry
    lines: tuple[str, ...]

    @property
    def place(self) -> str:
        """Where the entry stands, for a person."""
        return f"{self.path}:{self.entry.line}"

    @property
    def text(self) -> str:
        """The first line of the entry."""
        return self.lines[self.entry.line - 1]


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
            Listed(path, entry, tuple(lines))
            for path, lines in files.items()
            for entry in _entries(path, "".join(f"{line}\n" for line in lines))
        )
        return dict.fromkeys(questions, found)


def _entries(path: str, text: str) -> list[Entry]:
    """Return the entries of a file; none where apt itself cannot read the file, and says so."""
    try:
        return read(text, path) if is_read(path.rpartition("/")[2]) else []
    except DialectError:
        return []
