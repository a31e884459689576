"""Package: an apt package that must be installed, at any or a given version, or must not be."""

from __future__ import annotations

import fnmatch
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from envwright.facts import Apt, Installed, Unknown
from envwright.facts.apt import EXACT, INTERRUPTED, specification
from envwright.model.forecast import NOTHING
from envwright.model.operations import operation
from envwright.model.proof import Assertion, Proof, Requirement, View
from envwright.model.resource import Difference, Resource
from envwright.model.way_back import WayBack
from envwright.resources.apt_commands import (
    DEBS,
    OPTIONS,
    deb,
    download,
    finish,
    guard,
    reinstall,
    update,
)
from envwright.resources.apt_forecast import forecast
from envwright.resources.command import Command
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from envwright.facts import Dpkg, Facts, PackageFile, Question
    from envwright.model.forecast import Forecast
    from envwright.model.operations import Operation
    from envwright.model.resource import State


_OWN, _INSTALLED = load(__file__), load(__file__, "package_installed")


@dataclass(frozen=True, kw_only=True)
class Package(Resource):
    """A package of the machine's own architecture.

    Args:
        package: its name; a virtual one is there when a package that provides it is.
        version: the version, or a prefix as apt takes it (`14.*`); "" for any.
        present: False: it must not be installed.
        recommends: install what it recommends, too.
        hold: keep it as it is when others upgrade (apt-mark(8)); False: as a person has it.
        purge: where it is removed, its settings in /etc go, too.
        accounts: the system's accounts that its installation makes, each with its group.
        file: where the package is a file that no source of apt offers. The file has the version;
            a newer one that is installed stays.
    """

    package: str
    version: str = ""
    present: bool = True
    recommends: bool = False
    hold: bool = False
    purge: bool = False
    accounts: tuple[str, ...] = ()
    file: PackageFile | None = None

    word: ClassVar[str] = "package"
    rank: ClassVar[int] = 20

    @property
    def name(self) -> str:
        """The name of the package."""
        return self.package

    def brings(self) -> Iterable[str]:
        """The id, and the accounts and groups that come with the package."""
        owners = (f"{kind}:{name}" for name in self.accounts for kind in ("user", "group"))
        return (self.id, *owners)

    def merge(self, other: Resource) -> Resource:
        """Join a wish for any version with a wish for one version."""
        theirs = cast("Package", other)
        both = replace(
            self,
            version=self.version or theirs.version,
            recommends=self.recommends or theirs.recommends,
            hold=self.hold or theirs.hold,
            accounts=tuple(dict.fromkeys((*self.accounts, *theirs.accounts))),
            file=self.file or theirs.file,
        )
        agreed = replace(
            theirs,
            version=theirs.version or both.version,
            recommends=both.recommends,
            hold=both.hold,
            accounts=both.accounts,
            file=theirs.file or both.file,
        )
        return both if both.spec() == agreed.spec() else super().merge(other)

    @property
    def apt(self) -> Apt:
        """The question what apt would do to install or remove the package."""
        return Apt(self.package, self.version, self.present, self.recommends, self.file)

    @property
    def may_downgrade(self) -> bool:
        """Whether a newer version gives way to the one that is named."""
        return self.file.downgrade if self.file else bool(self.version)

    @property
    def _keeps_newer(self) -> bool:
        return self.file is not None and not self.file.downgrade

    def questions(self) -> Iterable[Question[Any]]:
        return (self.apt,)

    def desired(self) -> State | None:
        if not self.present:
            return None
        version: State = {"version": self.version} if self.version else {}
        return {**version, HOLD: True} if self.hold else version

    def actual(self, facts: Facts) -> State | Unknown | None:
        simulation = facts[self.apt]
        if isinstance(simulation, Unknown):
            return simulation
        version = simulation.installed.get(self.package)
        if version is None:
            provider = simulation.provided.get(self.package)
            instead = provider and self.present and not self.version
            return {"provided by": provider} if instead else None
        if self.present and self.package in simulation.missing:
            return None  # the database says that it is installed; `settle` names what is gone
        # A pattern that holds is shown as kept, so that states compare by equality.
        fits = fnmatch.fnmatch(version, self.version) or self.package in simulation.newer
        shown: State = {"version": self.version if fits else version}
        return {**shown, HOLD: self.package in simulation.held} if self.hold else shown

    @property
    def pinnable(self) -> bool:
        return self.present and self.file is None  # a file is pinned by its checksum

    def pin(self, facts: Facts) -> str | None:
        """Return the version that is installed, or that apt would install."""
        simulation = facts[self.apt]
        if isinstance(simulation, Unknown):
            return None
        if self.package in simulation.provided and self.package not in simulation.installed:
            return ""
        chosen = [c.after for c in simulation.changes if c.package == self.package and c.after]
        return next(iter(chosen), simulation.installed.get(self.package))

    def pinned(self, pin: str) -> Package:
        if pin and not fnmatch.fnmatch(pin, self.version or "*"):
            return cast("Package", super().pinned(pin))
        return replace(self, version=pin or self.version)

    def _own_version(self) -> str:
        return self.version

    def repairs(self, facts: Facts) -> Iterator[tuple[Resource, Difference]]:
        simulation = facts[self.apt]
        if not isinstance(simulation, Unknown) and simulation.interrupted:
            before: State = {"value": f"interrupted: {simulation.interrupted}"}
            yield FINISH, Difference(before, FINISH.desired(), ("value",))

    def settle(self, difference: Difference, facts: Facts) -> Difference:
        """Name the version that a pattern comes to, or the programs that are gone."""
        simulation = facts[self.apt]
        gone = () if isinstance(simulation, Unknown) else simulation.missing.get(self.package, ())
        if gone and self.present:
            before, after = f"{' '.join(gone)} missing", {**(difference.after or {}), GONE: "there"}
            return replace(difference, before={GONE: before}, after=after, fields=(GONE,))
        if self.file and difference and difference.after is not None:
            return replace(difference, after={**difference.after, "file": self.file.url})
        if not self.version.endswith("*") or isinstance(simulation, Unknown):
            return difference
        chosen = [c.after for c in simulation.changes if c.package == self.package and c.after]
        return replace(difference, after={"version": chosen[0]}) if chosen else difference

    @classmethod
    def forecast(
        cls, work: Sequence[tuple[Package, Difference]], facts: Facts, changed: Collection[str]
    ) -> Forecast:
        packages = [package for package, difference in work if difference.fields != (HOLD,)]
        if not packages:
            return NOTHING
        sources_change = any(id_.startswith(("apt-source:", "apt-archive:")) for id_ in changed)
        return forecast(packages, facts[packages[0].apt], sources_change=sources_change)

    def refusal(self, difference: Difference) -> str:
        provider = (difference.before or {}).get("provided by")
        if not self.hold or not provider:
            return ""
        return f"{self.package} is a virtual package, which cannot be held; hold {provider} instead"

    def converge(self, difference: Difference) -> Iterator[Operation]:
        yield from self.converge_all([(self, difference)])

    @classmethod
    def converge_all(
        cls, work: Sequence[tuple[Package, Difference]], forecast: Forecast | None = None
    ) -> Iterator[Operation]:
        """Install and remove what differs; then put on hold what the environment holds.

        What is on hold is let go before, since apt changes nothing that is.
        """
        due = [
            (package, difference) for package, difference in work if difference.fields != (HOLD,)
        ]
        holds = [package.package for package, _ in work if package.hold]
        if let_go := [p.package for p, d in due if p.hold and d.before is not None]:
            yield _shell(f"apt-mark unhold {' '.join(let_go)} >/dev/null")
        # What the download of a file needs, as certificates, is there before.
        needed = {id_ for package, _ in due if package.file for id_ in package.needs}
        first = [(package, d) for package, d in due if package.id in needed]
        for part in (first, [one for one in due if one not in first]):
            if part:
                yield from _transactions(part, forecast)
        if holds:
            yield _shell(f"apt-mark hold {' '.join(holds)} >/dev/null")

    @classmethod
    def beside(cls) -> Question[Any]:
        """All packages: apt brings more than those that are named."""
        return Installed()

    @classmethod
    def way_back_beside(
        cls, before: Mapping[str, Dpkg] | Unknown, after: Mapping[str, Dpkg] | Unknown
    ) -> WayBack:
        """What apt installed beside goes, with its settings where there were none before."""
        if isinstance(before, Unknown) or isinstance(after, Unknown):
            return WayBack(stays="dpkg did not tell which packages there were")
        new = [name for name in after if after[name].installed and not _was(before, name)]
        gone = [name for name in before if before[name].installed and not _was(after, name)]
        return WayBack(
            resources=(
                *(
                    cls(package=name, present=False, purge=name not in before)
                    for name in new
                    if name not in STAYING
                ),
                *(cls(package=name) for name in gone),
            ),
            stays="; ".join(STAYING[name] for name in new if name in STAYING),
        )

    def way_back(self, before: State | None) -> WayBack:
        """Another version comes back; what is installed or removed is known to dpkg."""
        if before is None and self.present and self.package in STAYING:
            return WayBack(stays=STAYING[self.package])
        if before is None and self.present:
            gone = replace(self, present=False, version="", hold=False, file=None, purge=True)
            return WayBack(resources=(gone,))
        if before is None or not self.present:
            return WayBack()
        if self.hold and before.get(HOLD) is False:
            return WayBack(stays=f"run `apt-mark unhold {self.package}` on the machine")
        version = before.get("version")
        if not self.version or not isinstance(version, str):
            return WayBack()
        if self.file is None:
            back = WayBack(resources=(replace(self, version=version, hold=False),))
        else:
            back = WayBack(
                stays=f"envwright does not have the file of {self.package} {version}: "
                f"`apt-get install {self.package}={version}` on the machine tries apt's sources"
            )
        return back

    def witness(self) -> Iterator[Assertion]:
        if self.present and (not self.version or self._keeps_newer):
            script = f"{_INSTALLED}ew_installed {shlex.quote(self.package)}"
            yield Assertion("run", (script,), "rc", 0)
        else:
            yield Assertion("package", (self.package,), "is_installed", self.present)
        if self._keeps_newer:
            shown = f"$(dpkg-query -W -f '${{Version}}' {self.package})"
            script = f'dpkg --compare-versions "{shown}" ge {shlex.quote(self.version)}'
            yield Assertion("run", (script,), "rc", 0)
        elif self.version and self.present:
            query = ("package", (self.package,), "version")
            yield Assertion(*query, expected=True, view=View("version", self.version))
        if self.hold:
            held = f"{self.package}\n"
            yield Assertion("run", (f"apt-mark showhold {self.package}",), "stdout", held)


def _transactions(
    work: Sequence[tuple[Package, Difference]], forecast: Forecast | None
) -> Iterator[Operation]:
    """Update the lists once, then remove and install in one transaction.

    In one, for what is removed may be what another package needs until its substitute is
    there. What is installed with its recommended packages is a transaction of its own.
    """
    packages = [package for package, _ in work]
    absent = [package.package for package in packages if not package.present]
    going = [specification(name, "", present=False) for name in absent]
    if len(absent) == len(packages):
        yield from _removal(packages, going, forecast)
        return
    yield _shell(update())
    files = [
        (p.package, p.version, p.file.sha256, p.file.url) for p in packages if p.present and p.file
    ]
    if files:
        yield _shell(download(files))
    if anew := [p for p, d in work if GONE in (d.before or {})]:
        yield _shell(reinstall(_argument(p, "") for p in anew))
    for recommends in (False, True):
        chosen = [(p, _version(p, d)) for p, d in work if p.present]
        chosen = [(p, version) for p, version in chosen if p.recommends is recommends]
        if not chosen:
            continue
        words = [_argument(p, version) for p, version in chosen]
        yield _shell(guard(packages, [*words, *going], forecast, _recommends(recommends)))
        yield operation(
            "apt.packages",
            packages=[_wanted(p, version) for p, version in chosen],
            no_recommends=not recommends,
            allow_downgrades=any(package.may_downgrade for package, _ in chosen),
            extra_install_args=" ".join((EXACT, OPTIONS, *(going or ["--no-remove"]))),
        )
        going = []
    if files:
        yield _shell(f"rm -r {DEBS}")


def _removal(
    packages: Sequence[Package], going: Sequence[str], forecast: Forecast | None
) -> Iterator[Operation]:
    """Remove packages, where nothing is installed."""
    yield _shell(guard(packages, going, forecast, _recommends(False)))
    purge = " --purge" if all(package.purge for package in packages) else ""
    yield operation(
        "apt.packages",
        packages=[package.package for package in packages],
        present=False,
        extra_uninstall_args=f"{EXACT} {OPTIONS}{purge}",
    )


def _argument(package: Package, version: str) -> str:
    """Return the argument of apt-get that means a package to install, and no other."""
    if package.file:
        return deb(package.package)
    return specification(package.package, version, present=True)


def _wanted(package: Package, version: str) -> str:
    """Return a package to install as pyinfra takes it."""
    if package.file:
        return deb(package.package)
    return f"{package.package}={version}" if version else package.package


def untouched(name: str, packages: Iterable[str], at: tuple[str | int, ...] = ()) -> Proof:
    """Return the proof that nobody removed, replaced or diverted what packages installed."""
    return Proof(
        name,
        f"{_OWN}ew_own {' '.join(map(shlex.quote, packages))}",
        at=at,
        remedy="`apt-get install --reinstall` with the package's name brings its files back; "
        "`dpkg-divert --remove` and `update-alternatives --remove` end what others set up",
    )


def offered(package: str, source: str, what: str, section: str) -> Requirement:
    """Return the requirement that apt has a package which no distribution has.

    Args:
        package: its name.
        source: the name of the apt source that a section brings for it.
        what: what the package is, as people call it.
        section: the section that brings the source, as YAML.
    """
    return Requirement(
        f"apt has {package}",
        f"dpkg-query -W -f '${{db:Status-Abbrev}}' {package} 2>/dev/null | grep -q '^.i' ||\n"
        f"apt-cache policy {package} | grep -q 'Candidate: [^(]'",
        f"this needs {what}, which no section brings: the distribution has no package {package}",
        f"add `{section}`",
        unless=f"apt-source:{source}",
    )


STAYING = {
    "sudo": "the package sudo stays: where root has no password, it lets nobody remove it "
    "(its prerm script); set one, then `apt-get purge sudo`",
}
"""The packages that a script of their own keeps on the machine, and why."""
HOLD = "hold"
"""The field of a package that the environment holds."""
GONE = "programs"
"""The field of a package that is installed, but whose programs are not where it put them."""
FINISH = Command(
    title="dpkg --configure -a",
    observe=f"{INTERRUPTED}ew_interrupted\n",
    expected="",
    run=finish(),
    seen=(),
)
"""What dpkg began and did not end is ended: before that apt installs and removes nothing."""


def _was(packages: Mapping[str, Dpkg], name: str) -> bool:
    return name in packages and packages[name].installed


def _version(package: Package, difference: Difference) -> str:
    """Return the version to install: the one that the plan shows for a pattern."""
    return str((difference.after or {}).get("version", package.version))


def _recommends(wanted: bool) -> str:  # noqa: FBT001 - the field of a package
    return f"--{'' if wanted else 'no-'}install-recommends"


def _shell(command: str) -> Operation:
    return operation("server.shell", commands=[command])
