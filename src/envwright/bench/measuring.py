"""Measures a place: random reads and writes by fio, and what developers feel of a file system."""

from __future__ import annotations

import base64
import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from envwright.errors import HostError
from envwright.host.limits import STEP
from envwright.resources.as_user import LATE, Person
from envwright.scripts import load

if TYPE_CHECKING:
    from envwright.bench.places import Place
    from envwright.facts import Machine
    from envwright.host.session import Session

_SCRIPT = load(__file__)
SECONDS = 5
"""How long each of the two runs of fio takes, beside the writing of its files."""
MOST_SECONDS = 300
"""How long a place may take: on a drive of Windows 2 000 files alone take many seconds."""
MEBIBYTE = 1 << 20
NAMES = {
    "randread": "4 KiB random read, MiB/s",
    "randwrite": "4 KiB random write, MiB/s",
    "unpack": "unpack 2 000 files, ms",
    "status": "git status of them, ms",
    "remove": "remove them, ms",
    "inserts": "SQLite inserts, each synced, per s",
}
"""What is measured, in the order in which it is shown."""
FASTER = frozenset({"randread", "randwrite", "inserts"})
"""The figures of which more is better."""
PUBLISHED = {
    "Windows, its own drive": 576.0,
    "WSL, its own disk": 209.0,
    "WSL, a drive of Windows": 16.5,
    "Windows, the disk of WSL": 37.5,
}
"""4 KiB random, 8 jobs, depth 64, direct, in MiB/s: one author's desktop, once; for the ratio."""


@dataclass(frozen=True)
class Measured:
    """What a place came to.

    Args:
        place: the place.
        figures: by the names in NAMES; what could not be measured is missing.
        cached: the names of the figures of fio that the cache of the machine had its part in, for
            the file system takes no direct access.
        lacks: why figures are missing.
    """

    place: Place
    figures: dict[str, float]
    cached: frozenset[str] = frozenset()
    lacks: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """Return it as `--json` prints it."""
        place = {"path": self.place.path, "kind": self.place.kind, "owner": self.place.owner}
        more = {"cached": sorted(self.cached), "lacks": list(self.lacks)}
        return {**place, "figures": self.figures, **more}


def measure(session: Session, machine: Machine, place: Place, seconds: int = SECONDS) -> Measured:
    """Measure a place, in its owner's name, in a new folder that goes afterwards.

    Raises:
        HostError: the machine was lost.
    """
    script = f"set -- {shlex.quote(place.path)} {seconds}\n{_SCRIPT}"
    person = Person.named(place.owner, machine)
    if place.owner != "root":
        script = person.runs(script, MOST_SECONDS)
    done = session.run(script, limits=STEP.longer(MOST_SECONDS), doing=f"measuring {place.path}")
    measured = read(place, done.stdout.decode("utf-8", "replace"))
    if done.code in LATE:
        late = f"more than {MOST_SECONDS} s: it was stopped"
        return Measured(place, measured.figures, measured.cached, (*measured.lacks, late))
    if done.code:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it cannot be used"]
        return Measured(place, measured.figures, measured.cached, (*measured.lacks, said[-1]))
    return measured


def read(place: Place, said: str) -> Measured:
    """Read what the script printed of a place.

    Raises:
        HostError: the script did not print this.
    """
    figures: dict[str, float] = {}
    cached, lacks = set(), []
    try:
        for line in said.splitlines():
            name, _, value = line.partition("\t")
            if name == "lacks":
                lacks.append(value)
            elif name in {"randread", "randwrite"}:
                direct, text = value.split(" ")
                job = json.loads(base64.b64decode(text))["jobs"][0]
                figures[name] = round(job[name.removeprefix("rand")]["bw_bytes"] / MEBIBYTE, 1)
                cached |= {name} if direct == "0" else set()
            elif name in NAMES:
                figures[name] = float(value)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise HostError(f"the figures of {place.path} cannot be read: {error}") from error
    return Measured(place, figures, frozenset(cached), tuple(lacks))
