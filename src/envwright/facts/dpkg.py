"""All packages that dpkg knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from envwright.facts.question import Question, decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FIELDS = 3


class Dpkg(NamedTuple):
    """What dpkg says of a package: its version, and whether it is installed.

    A package that was removed and not purged has settings, and is not installed.
    """

    version: str
    installed: bool


@dataclass(frozen=True)
class Installed(Question["Mapping[str, Dpkg]"]):
    """The question for all packages that dpkg knows, by their names."""

    @classmethod
    def script(cls, questions: Sequence[Installed]) -> str:  # noqa: ARG003 - one answer for all
        return r"dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\t${Version}\n'"

    @classmethod
    def parse(
        cls, questions: Sequence[Installed], output: bytes
    ) -> Mapping[Installed, Mapping[str, Dpkg]]:
        rows = [line.split("\t") for line in decode(output).splitlines()]
        found = {
            row[1]: Dpkg(row[2], row[0][1:2] == "i")
            for row in rows
            if len(row) == _FIELDS and row[0][1:2] != "n"
        }
        return dict.fromkeys(questions, found)
