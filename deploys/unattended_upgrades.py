"""The capability `unattended_upgrades`: a machine that upgrades itself, without a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from envwright.model.capability import HEADER, Capability, Objection, render
from envwright.model.proof import Proof
from envwright.model.values import Adding, spelled
from envwright.resources.file import File
from envwright.resources.package import Package
from envwright.resources.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

PATH = "/etc/apt/apt.conf.d/52envwright-unattended-upgrades"
"""Behind 50unattended-upgrades, the package's own file; of two settings apt takes the last."""
TIMERS = ("apt-daily.timer", "apt-daily-upgrade.timer")
"""The timers of the package apt that fetch the lists, and start the upgrades."""

Time = Annotated[str, spelled(r"^([01][0-9]|2[0-3]):[0-5][0-9]$", 'a time of day, like "04:30"')]
Name = Annotated[str, spelled(r"^[a-z0-9][a-z0-9+.-]+$", "a package's name")]


class Section(Capability):
    """Upgrades that the machine makes by itself each day, by the package unattended-upgrades.

    By default the packages come from where the distribution's own settings say: its security
    updates, and on Debian its point releases. What is held stays. The settings stand in a file of
    their own, which counts more than the package's file. Plan tells where another file of
    /etc/apt/apt.conf.d counts more still. Under WSL upgrades come only while the distribution runs.
    """

    uncaptured: ClassVar[str] = "The settings are captured as `files` of /etc/apt/apt.conf.d."
    example: ClassVar[str] = """\
unattended_upgrades:
  without: [docker-ce, docker-ce-cli]
  reboot: "04:30"
"""

    origins: Literal["distribution", "all"] = "distribution"
    """Which packages are upgraded: those of the `distribution` that its settings name, or those of
    `all` sources that the machine has."""
    without: Adding[Name] = []
    """Packages that are left as they are."""
    reboot: Time | None = None
    """When the machine starts anew where an upgrade needs that; left out, it does not."""
    remove_unused: bool = False
    """Also remove packages that nothing needs any more after an upgrade."""

    @property
    def _settings(self) -> dict[str, str]:
        """The settings of apt that have one value."""
        unattended = {
            "Automatic-Reboot": str(self.reboot is not None).lower(),
            "Automatic-Reboot-Time": self.reboot or "now",
            "Remove-Unused-Dependencies": str(self.remove_unused).lower(),
        }
        periodic = {"Enable": "1", "Update-Package-Lists": "1", "Unattended-Upgrade": "1"}
        return {
            **{f"APT::Periodic::{name}": value for name, value in periodic.items()},
            **{f"Unattended-Upgrade::{name}": value for name, value in unattended.items()},
        }

    def _lines(self) -> Iterator[str]:
        for name, value in self._settings.items():
            yield f'{name} "{value}";\n'
        if self.origins == "all":
            yield 'Unattended-Upgrade::Origins-Pattern:: "origin=*";\n'
        for name in self.without:
            # Each is a regular expression, of which apt's own names have two signs.
            pattern = name.replace(".", "[.]").replace("+", "[+]")
            yield f'Unattended-Upgrade::Package-Blacklist:: "^{pattern}$";\n'

    def objections(self, machine: Machine) -> Iterator[Objection]:
        if self.reboot and (machine.wsl or machine.container):
            where = "WSL" if machine.wsl else "a container"
            yield Objection(
                f"{where} does not start anew by itself: what runs there would end",
                "leave out `reboot` there, by `when`",
                ("reboot",),
            )

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        package = Package(package="unattended-upgrades")
        yield package
        content = HEADER.replace("#", "//") + "".join(self._lines())
        yield File(path=PATH, content=content, needs=(package.id,))
        for unit in TIMERS:
            yield Service(unit=unit)

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        yield Proof(
            "apt takes the settings of unattended upgrades",
            render(
                "unattended_upgrades.settings.sh",
                settings=self._settings.items(),
            ),
            quick=True,
            remedy="remove the setting from the file that is named",
        )
        yield Proof(
            "unattended-upgrade finds what it would upgrade",
            "timeout 300 unattended-upgrade --dry-run --verbose 2>&1 | tail -n 20 | "
            "grep -e '^Allowed origins' -e 'origin='",
        )
