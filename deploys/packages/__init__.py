"""The capability `packages`: apt packages, and the signed apt sources that they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, model_validator

from envwright.model.capability import Capability
from envwright.model.proof import Proof
from envwright.model.values import Adding, adds
from envwright.resources.package import Package, untouched

from .capture import capture
from .debconf import Answers, answers
from .debs import Debs, of_files
from .names import PackageName, PackageSpec, parted
from .sources import (
    KNOWN,
    PPA_KNOWN,
    Archive,
    Ppa,
    PpaName,
    Source,
    SourceName,
    apt_source,
    ppa_source,
)
from .upkeep import PinsAreKnown, autoremove, upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.capability import Objection
    from envwright.model.capture import Capturing
    from envwright.model.proof import Requirement
    from envwright.model.resource import Resource
    from envwright.resources.apt_source import AptSource


class Section(Capability):
    """Packages of apt.

    A list of names is short for `install:`. A version pins a package (`ripgrep=14.*`). All missing
    packages are installed in one transaction, after one `apt-get update`. A transaction that would
    remove a package which `absent` does not name is refused.
    """

    model_config = ConfigDict(json_schema_extra={"short": "install"})
    example: ClassVar[str] = """\
packages:
  install: [git, jq, "ripgrep=14.*"]
  absent: [nano]
  debs:
    zoom:
      url: https://files.example.com/zoom_6.2_amd64.deb
      sha256: 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03
      version: 6.2.0.1855
  sources:
    github-cli: {}
    nodesource: {version: "24"}
    tools:
      url: https://apt.example.com/debian
      key:
        url: https://apt.example.com/key.asc
        fingerprint: 9DC8 5822 9FC7 DD38 854A E2D8 8D81 803C 0EBF CD88
"""

    install: Annotated[list[PackageSpec], adds("[^=]+")] = []
    """Packages to install."""
    debs: Debs = {}
    """Packages that no source of apt offers, by name, each from a file (.deb) at an address. Plan
    downloads a file that is not installed yet, looks into it, and shows what apt would install for
    it; apply installs the packages with what they depend on, in the one transaction."""
    absent: Adding[PackageName] = []
    """Packages to remove."""
    hold: Adding[PackageName] = []
    """Packages to install and to keep at their version: upgrades leave them as they are. A version
    that `install` names is installed nevertheless."""
    debconf: Answers = {}
    """Answers to the questions that packages ask while they are installed, by package and question
    (debconf(7)); `debconf-show PACKAGE` lists questions. Where the answer for an installed package
    changes, the package is configured anew. No secrets: the answers are readable in plans."""
    recommends: bool = False
    """Also install the packages that the installed packages recommend."""
    upgrade: bool = False
    """Upgrade all packages for which apt has a newer version, and remove none for that. Each plan
    looks; package lists that are older than a day are fetched anew first. What is held stays, and
    so do the versions of `install` (`ripgrep=14.*`)."""
    autoremove: bool = False
    """Remove packages that came along with others and that nothing needs any more, as `apt-get
    autoremove` does."""
    sources: Annotated[dict[SourceName, Source], Field(description=KNOWN)] = {}
    ppas: Annotated[dict[PpaName, Ppa], Field(description=PPA_KNOWN)] = {}

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"install": value} if isinstance(value, list) else value

    archive: Archive | None = None
    """A mirror of the distribution's own archive, and components of it. Every other line of apt's
    sources stays."""

    def objections(self, machine: Machine) -> Iterator[Objection]:
        for name, source in self.sources.items():
            yield from source.objections(name, machine)
        for name, deb in self.debs.items():
            yield from deb.objections(name, machine)
        for name, ppa in self.ppas.items():
            yield from ppa.objections(name, machine)
        if self.archive is not None:
            yield from self.archive.objections(machine)

    def _sources(self, machine: Machine) -> Iterator[AptSource]:
        for name, source in self.sources.items():
            yield apt_source(name, source, machine)
        for name, ppa in self.ppas.items():
            yield ppa_source(name, ppa, machine)

    def resources(self, machine: Machine) -> Iterator[Resource]:
        found = list(self._described(machine))
        yield from found
        after = tuple(resource.id for resource in found)
        if self.upgrade:
            made = upgrade(self._pinned, after)
            yield made
            after = (*after, made.id)
        if self.autoremove:
            yield autoremove(after)

    @property
    def _pinned(self) -> dict[str, str]:
        """The versions that packages are to have."""
        return {name: version for name, version in map(parted, self.install) if version}

    def requirements(self, machine: Machine) -> Iterator[Requirement]:  # noqa: ARG002 - the same everywhere
        if self.upgrade:
            yield PinsAreKnown(
                "an upgrade keeps the versions of the environment",
                "",
                "",
                "",
                at=("upgrade",),
                pinned=tuple(self._pinned),
            )

    def _described(self, machine: Machine) -> Iterator[Resource]:
        """Yield the sources, the answers and the packages themselves."""
        if self.archive is not None:
            archive = self.archive.resource(machine)
            if any(address.startswith("https:") for address in (archive.mirror, archive.security)):
                yield Package(package="ca-certificates", at=archive.at)
            yield archive
        for made in self._sources(machine):
            if any(address.startswith("https:") for address in (*made.uris, made.key.url)):
                yield Package(package="ca-certificates", at=made.at)
            yield made.old_entries
            yield made
        needs: dict[str, tuple[str, ...]] = {}
        for package, answer in answers(self.debconf):
            needs[package] = (*needs.get(package, ()), answer.id)
            yield answer
        for index, spec in enumerate(self.install):
            name, version = parted(spec)
            yield Package(
                package=name,
                version=version,
                recommends=self.recommends,
                needs=needs.get(name, ()),
                at=("install", index),
            )
        yield from of_files(self.debs, machine, needs, recommends=self.recommends)
        for index, name in enumerate(self.hold):
            yield Package(package=name, hold=True, needs=needs.get(name, ()), at=("hold", index))
        for index, name in enumerate(self.absent):
            yield Package(package=name, present=False, at=("absent", index))

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        yield Proof(
            "dpkg finds nothing half-installed",
            'broken=$(dpkg --audit) && [ -z "$broken" ] || { echo "$broken"; exit 1; }',
        )
        whole = "the programs of the packages are as they were installed"
        if names := [parted(spec)[0] for spec in self.install]:
            yield untouched(whole, names, at=("install",))
        if self.debs:
            yield untouched(f"{whole} from files", self.debs, at=("debs",))
        for made in self._sources(machine):
            yield from made.proofs()

    @classmethod
    def capture(cls, machine: Machine) -> Capturing:
        return capture(machine)
