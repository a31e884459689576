"""Which packages are installed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envwright.facts.question import Question, decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Dpkg(Question["str | None"]):
    """The version of a package that is installed and configured; None where it is not."""

    package: str

    @classmethod
    def script(cls, questions: Sequence[Dpkg]) -> str:
        names = " ".join(shlex.quote(q.package) for q in questions)
        return f"dpkg-query --show --showformat '{_DPKG_FORMAT}' -- {names}"

    @classmethod
    def parse(cls, questions: Sequence[Dpkg], output: bytes) -> Mapping[Dpkg, str | None]:
        versions = {}
        for line in decode(output).splitlines():
            name, qualified, version, status = line.split("\t")
            # "ii" and "hi" are installed, held or not; "iF", "iU" wait to be configured.
            if status[1:2] == "i":
                versions[name] = versions[qualified] = version
        return {q: versions.get(q.package) for q in questions}


_DPKG_FORMAT = r"${Package}\t${binary:Package}\t${Version}\t${db:Status-Abbrev}\n"
