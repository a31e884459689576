"""What keeps a machine's packages in order: all upgraded, and none that nothing needs any more."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from envwright.model.capability import render
from envwright.model.proof import Assertion, Fault, Requirement
from envwright.resources.apt_commands import KEEP, OPTIONS, update
from envwright.resources.command import Command
from envwright.resources.package import Package

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from envwright.facts import Facts, Question


@dataclass(frozen=True)
class PinsAreKnown(Requirement):
    """All versions that other sections give packages stand in `install`, too.

    Args:
        pinned: the packages with a version in `install`.
    """

    pinned: tuple[str, ...] = ()

    def questions(self) -> Iterable[Question[Any]]:
        """Return nothing: the environment alone tells."""
        return ()

    def fault(self, facts: Facts, resources: Sequence[Any]) -> Fault | None:  # noqa: ARG002
        """Return which package an upgrade would take beyond its version."""
        for package in resources:
            if isinstance(package, Package) and package.version and not package.file:
                name = package.package
                if name not in self.pinned:
                    spec = f"{name}={package.version}"
                    said = f"{package.origins[0]} wants {spec}, which an upgrade would not keep"
                    return Fault(
                        said, f'name it for the upgrade: `packages: {{install: ["{spec}"]}}`'
                    )
        return None


UPGRADE = "upgrade of all packages"
AUTOREMOVE = "removal of unneeded packages"
APT_GET = f"DEBIAN_FRONTEND=noninteractive apt-get -q -y {OPTIONS} {KEEP}"


def upgrade(pinned: Mapping[str, str], after: tuple[str, ...]) -> Command:
    """Return the command that upgrades all packages.

    Args:
        pinned: the versions, or patterns of them, that the environment gives packages.
        after: the resources that come before the upgrade.
    """
    pins = [
        f"Package: {name}\nPin: version {version}\nPin-Priority: 990\n"
        for name, version in pinned.items()
    ]
    values = {"pins": shlex.quote("\n".join(pins)) if pins else ""}
    look = render("packages.upgrade.sh", act="look", **values)
    make = render("packages.upgrade.sh", act="make", **values, apt_get=APT_GET)
    return Command(
        title=UPGRADE,
        observe=look,
        expected="",
        run=f"{update()} &&\n{make}",
        seen=(Assertion("run", (look,), "stdout", ""),),
        after=after,
        at=("upgrade",),
    )


def autoremove(after: tuple[str, ...]) -> Command:
    """Return the command that removes what came along with packages that are gone."""
    look = render("packages.autoremove.sh")
    return Command(
        title=AUTOREMOVE,
        observe=look,
        expected="",
        run=f"{APT_GET} autoremove",
        seen=(Assertion("run", (look,), "stdout", ""),),
        after=after,
        at=("autoremove",),
    )
