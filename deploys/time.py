"""The capability `time`: the machine's time zone, and whether it sets its clock by the network."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar

from envwright.facts import Stat, Status
from envwright.model.capability import Capability, Objection
from envwright.model.capture import Captured, Item
from envwright.model.proof import Proof, Requirement
from envwright.model.values import spelled
from envwright.resources import wslconf
from envwright.resources.file import File
from envwright.resources.link import Link
from envwright.resources.package import Package
from envwright.resources.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.capture import Capturing
    from envwright.model.resource import Resource

ZONES = "/usr/share/zoneinfo"
LOCALTIME = "/etc/localtime"
UTC = "Etc/UTC"
"""The zone of a machine for which nobody chose one."""
SYNC = "systemd-timesyncd"
Zone = Annotated[
    str,
    spelled(
        r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9][A-Za-z0-9_+-]*)*$",
        "a time zone, like `Europe/Berlin`",
    ),
]


class Section(Capability):
    """The time zone and the clock.

    The zone is what `timedatectl set-timezone` makes: the link /etc/localtime, and /etc/timezone,
    which programs of old read. WSL writes both anew at each start unless `wsl: {time:
    {useWindowsTimezone: false}}` ends that.
    """

    example: ClassVar[str] = """\
time:
  zone: Europe/Berlin
"""

    zone: Zone
    """The time zone by its name in the database (`timedatectl list-timezones`)."""
    sync: bool | None = None
    """Whether systemd-timesyncd sets the clock by the network. Under WSL and in containers the host
    sets the clock."""

    def objections(self, machine: Machine) -> Iterator[Objection]:
        if self.sync and (machine.wsl or machine.container):
            where = "Windows" if machine.wsl else "the host of this container"
            yield Objection(f"{where} sets the clock", "leave out `sync`", ("sync",))

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        at, needs = ("zone",), ("package:tzdata",)
        yield Package(package="tzdata", at=at)
        # As systemd writes it; relative, so that it holds below another root, too.
        target = f"..{ZONES}/{self.zone}"
        yield Link(path=LOCALTIME, target=target, needs=needs, at=at)
        yield File(path="/etc/timezone", content=f"{self.zone}\n", needs=needs, at=at)
        if self.sync is not None:
            if self.sync:
                yield Package(package=SYNC, at=("sync",))
            yield Service(
                unit=f"{SYNC}.service",
                running=self.sync,
                enabled=self.sync,
                needs=(f"package:{SYNC}",),
                at=("sync",),
            )

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        zone = shlex.quote(f"{ZONES}/{self.zone}")
        yield Requirement(
            f"there is the time zone {self.zone}",
            # A fresh machine has none at all; the package brings them.
            f"[ ! -e {ZONES}/Europe ] || [ -f {zone} ]",
            f"this machine knows no time zone {self.zone}",
            "name one that `timedatectl list-timezones` shows; old names like US/Pacific come with "
            "the package tzdata-legacy",
            at=("zone",),
        )
        if machine.wsl:
            yield wslconf.left_alone("/etc/localtime", ("zone",))

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        zone = shlex.quote(self.zone)
        yield Proof(
            f"the clock shows the time of {self.zone}",
            # Without its file, a zone is taken for UTC, whatever its name is.
            f"[ -f {ZONES}/{zone} ] || {{ echo there is no {ZONES}/{zone}; exit 1; }}\n"
            f"got=$(env -u TZ date '+%Z %z') want=$(TZ={zone} date '+%Z %z')\n"
            '[ "$got" = "$want" ] || { echo "the clock shows $got, the zone has $want"; exit 1; }',
            at=("zone",),
            quick=True,
        )

    @classmethod
    def capture(cls, machine: Machine) -> Capturing:  # noqa: ARG003 - the same everywhere
        """Look for a time zone that somebody chose."""
        facts = yield (Stat(LOCALTIME),)
        link = facts[Stat(LOCALTIME)]
        target = link.target if isinstance(link, Status) else ""
        _, found, zone = target.partition(f"{ZONES}/")
        chosen = found and zone not in {UTC, "UTC"}
        return Captured((Item(("zone",), zone, LOCALTIME),) if chosen else ())
