"""What apt would do: apt's own simulation of one transaction, and the state of dpkg.

The simulation is apt-get's `--simulate` (apt-get(8)); its lines are `Inst NAME [OLD] (NEW ...)`,
`Remv NAME [OLD]`, `Purg NAME [OLD]` and `Conf NAME (NEW ...)` (apt-pkg/algorithms.cc).
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from envwright.facts.question import Question, decode
from envwright.portable.download import FETCH
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EXACT = "-o APT::Cmd::Pattern-Only=true"
"""Without it a name that apt does not know is a regular expression (apt-pkg/cacheset.cc)."""
SIMULATED = load(__file__, "apt_simulation")
"""Defines ew_simulated, which takes the arguments of `apt-get install`."""
INTERRUPTED = load(__file__, "apt_interrupted")
"""Defines ew_interrupted, which prints the packages whose installation dpkg did not finish."""
DEB = f"{FETCH}{load(__file__, 'apt_deb')}"
"""Defines ew_deb, which downloads a package's own file and says what is wrong with it."""
_SCRIPT = load(__file__)


def specification(package: str, version: str, *, present: bool) -> str:
    """Return the argument of apt-get that means this package alone, to install or to remove.

    apt-get cuts a `+` or `-` from the end of an argument that is no package's name, and then takes
    another package. An argument that ends in the architecture cannot be misread like that.
    """
    if not present:
        return f"{package}:native-"
    return f"{package}:native={version}" if version else f"{package}:native"


@dataclass(frozen=True)
class PackageFile:
    """The file of a package that no source of apt offers.

    Args:
        url: where the file is.
        sha256: its checksum.
        downgrade: it also takes the place of a newer version.
    """

    url: str
    sha256: str
    downgrade: bool = False


@dataclass(frozen=True)
class AptChange:
    """A change that apt would make to one package: install, upgrade, downgrade or remove it."""

    verb: str
    package: str
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        """Return the change for a person: `jq 1.6-2`, `jq 1.7-1 -> 1.6-2`."""
        return f"{self.package} {' -> '.join(filter(None, (self.before, self.after)))}"


@dataclass(frozen=True)
class Space:
    """What a transaction takes of a disk, in KiB.

    Args:
        disk: where the disk is mounted.
        needed: what new packages and the archives of all packages take there.
        free: what is free there.
    """

    disk: str
    needed: int
    free: int


@dataclass(frozen=True)
class Simulation:
    """The result of a simulated transaction for all packages that differ.

    Args:
        installed: the version of each asked package that is installed and configured.
        missing: programs of asked packages that are not where the packages put them.
        interrupted: what dpkg began and did not end; "" where there is nothing of the kind.
        lists: apt has lists of installable packages.
        held: packages that are on hold (apt-mark(8)): the asked ones, and all where one differs.
        provided: asked names that an installed package provides, with the name of that package.
        changes: all changes of the transaction, to named and to other packages.
        unknown: names that apt does not know.
        unavailable: names that apt knows but cannot install as asked, with the versions there are.
        providers: the packages that provide a virtual one, where apt does not choose by itself.
        errors: apt's other errors, in its own words.
        space: what the disks of packages and archives must hold.
        newer: packages of which a newer version is installed than their files have.
        faults: what is wrong with the files of packages.
        offered: newer versions that apt finds of packages that come as files.
    """

    installed: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    interrupted: str = ""
    lists: bool = False
    held: frozenset[str] = frozenset()
    provided: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[AptChange, ...] = ()
    unknown: frozenset[str] = frozenset()
    unavailable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    providers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    space: tuple[Space, ...] = ()
    newer: frozenset[str] = frozenset()
    faults: tuple[str, ...] = ()
    offered: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Apt(Question[Simulation]):
    """The question what apt would do for one package, together with all other such questions.

    The script does not start apt, which takes half a second, where no package differs. Where a
    package differs that comes as a file, apt has to see the file: the script downloads it into a
    folder of its own, and removes the folder.
    """

    package: str
    version: str = ""
    present: bool = True
    recommends: bool = False
    file: PackageFile | None = None

    waits: ClassVar[bool] = True

    @classmethod
    def script(cls, questions: Sequence[Apt]) -> str:
        specs = shlex.quote("\n".join(line for q in questions for line in q.specs()))
        names = " ".join(shlex.quote(q.package) for q in questions)
        # In a subshell, since the script defines functions and turns pathname expansion off.
        deb = DEB if any(q.file for q in questions) else ""
        return f"({SIMULATED}{INTERRUPTED}{deb}{_SCRIPT}ew_specs={specs}\new_main {names}\n)"

    def specs(self) -> Iterator[str]:
        """Yield the question as input lines of the script: fields separated by tabs."""
        group = f"--{'' if self.recommends else 'no-'}install-recommends"
        word = specification(self.package, self.version, present=self.present)
        here = "1" if self.present else ""
        if self.file:
            least = "" if self.file.downgrade else "1"
            yield f"B\t{self.package}\t{self.version}\t{self.file.sha256}\t{self.file.url}\t{least}"
        yield f"W\t{self.package}\t{here}\t{self.version}\t{group}\t{word}"

    @classmethod
    def parse(cls, questions: Sequence[Apt], output: bytes) -> Mapping[Apt, Simulation]:
        interrupted, here, *rest = decode(output).split("\0")[:-1]
        cut, installed, missing = " ".join(interrupted.split()), _installed(here), _missing(here)
        kept, newer = _on_hold(here), frozenset(_found(r"N\t(.*)", here.splitlines()))
        if not rest:
            same = Simulation(installed, missing, cut, held=kept, newer=newer)
            return dict.fromkeys(questions, same)
        lists, states, said = rest
        provided, held = _states(states)
        names = {q.package for q in questions}
        lines = said.splitlines()
        simulation = Simulation(
            installed=installed,
            missing=missing,
            interrupted=cut,
            lists=bool(lists),
            held=held | kept,
            provided={name: provided[name] for name in names & provided.keys()},
            changes=tuple(dict.fromkeys(_changes(lines))),
            unknown=frozenset(_found(_UNKNOWN, lines)),
            unavailable={name: _third((name, "|"), lines) for name in _found(_UNAVAILABLE, lines)},
            providers={
                name: found for name in names if (found := _third(("provider", name), lines))
            },
            errors=tuple(
                line
                for line in dict.fromkeys(lines)
                if line.startswith("E: ") and not re.match(_ABOUT_A_NAME, line)
            ),
            space=tuple(
                Space(disk, int(needed), int(free))
                for word, disk, needed, free in (
                    line.split() for line in lines if line.startswith("space ")
                )
            ),
            newer=newer,
            faults=tuple(_found(r"fault (.*)", lines)),
            offered=dict(line.split()[1:] for line in lines if line.startswith("offered ")),
        )
        return dict.fromkeys(questions, simulation)


_UNKNOWN = r"E: Unable to locate package (\S+?)(?::native)? *$"
_UNAVAILABLE = r"E: (?:Version '.*' for|Package) '(\S+)' (?:was not found|has no installation)"
_ABOUT_A_NAME = f"{_UNKNOWN}|{_UNAVAILABLE}|E: Couldn't find any package by"


def _found(pattern: str, lines: Sequence[str]) -> Iterator[str]:
    return (found[1] for line in lines if (found := re.match(pattern, line)))


def _asked(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield name, status and version of each package that was asked for."""
    for line in text.splitlines():
        if line.startswith("D\t"):
            _, name, status, version, *_ = line.split("\t")
            yield name, status, version


def _installed(text: str) -> Mapping[str, str]:
    """Read the versions of what is installed and configured, on hold or not."""
    return {name: version for name, status, version in _asked(text) if status[1:2] == "i"}


def _on_hold(text: str) -> frozenset[str]:
    """Read which of the asked packages are on hold."""
    return frozenset(name for name, status, _ in _asked(text) if status.startswith("h"))


def _missing(text: str) -> Mapping[str, tuple[str, ...]]:
    """Read the programs that are gone, by the packages that brought them."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        if line.startswith("M\t"):
            _, name, path = line.split("\t")
            bare = name.partition(":")[0]
            found[bare] = (*found.get(bare, ()), path)
    return found


def _changes(lines: Sequence[str]) -> Iterator[AptChange]:
    for line in lines:
        verb, *words = line.split() or [""]
        if verb in {"install", "upgrade", "downgrade", "remove"}:
            package, before, after = ("" if word == "-" else word for word in words)
            yield AptChange(verb, package, before, after)


def _third(start: tuple[str, str], lines: Sequence[str]) -> tuple[str, ...]:
    """Return the third words of the lines that begin with two: `NAME | VERSION` of madison."""
    words = (line.split() for line in lines)
    return tuple(dict.fromkeys(word[2] for word in words if tuple(word[:2]) == start))


def _states(text: str) -> tuple[Mapping[str, str], frozenset[str]]:
    """Return the provided names with their packages, and the packages on hold."""
    provided: dict[str, str] = {}
    held = set()
    for line in text.splitlines():
        state, package, provides = line.split("\t")
        if state.startswith("h"):
            held.add(package)
        if state[1:2] == "i":
            for name in provides.split(", "):
                provided.setdefault(name.partition(" ")[0], package)
    return provided, frozenset(held)
