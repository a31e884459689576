"""Packages that their publishers offer as files (.deb), and not by a source of apt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from envwright.facts import PackageFile
from envwright.model.architecture import Architecture, for_architecture, unserved
from envwright.model.capability import Settings
from envwright.model.values import Sha256, Url, spelled
from envwright.resources.package import Package

from .names import PackageName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envwright.facts import Machine
    from envwright.model.capability import Objection

Version = Annotated[
    str,
    spelled(
        r"^[0-9][A-Za-z0-9.+:~-]*$",
        "the whole version, as `dpkg-deb --field FILE Version` prints it",
    ),
]


class Deb(Settings):
    """A package in a file of its own (deb(5))."""

    url: Url | dict[Architecture, Url]
    """Where the file is: one address, or one for each architecture."""
    sha256: Sha256 | dict[Architecture, Sha256]
    """The checksum of the file, or one for each architecture. A file with another one is refused
    before anything is changed."""
    version: Version
    """The version of the package in the file. A file that holds another version, another package or
    a package for another architecture is refused. A newer version that is installed stays."""
    downgrade: bool = False
    """Whether the version of the file takes the place of a newer one, too."""

    def objections(self, name: str, machine: Machine) -> Iterator[Objection]:
        """Yield why there is no such package for such a machine."""
        yield from unserved(self, ("url", "sha256"), machine, ("debs", name), "package")


Debs = dict[PackageName, Deb]


def of_files(
    debs: Debs, machine: Machine, needs: Mapping[str, tuple[str, ...]], *, recommends: bool
) -> Iterator[Package]:
    """Yield the packages that files install, and the certificates that their download takes.

    Args:
        debs: the files by the names of their packages.
        machine: the kind of machine.
        needs: ids of what comes before a package, by its name.
        recommends: install what the packages recommend, too.
    """
    for name, deb in debs.items():
        url, sha256 = (for_architecture(value, machine) or "" for value in (deb.url, deb.sha256))
        certificates = Package(package="ca-certificates", at=("debs", name))
        secure = url.startswith("https:")
        if secure:
            yield certificates
        yield Package(
            package=name,
            version=deb.version,
            file=PackageFile(url, sha256, deb.downgrade),
            recommends=recommends,
            needs=(*needs.get(name, ()), *([certificates.id] if secure else ())),
            at=("debs", name),
        )
