"""The capability `user_units`: units of the systemd managers of accounts (`systemctl --user`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from envwright.model.capability import Objection, TableCapability
from envwright.model.values import AccountName  # noqa: TC001 - pydantic reads annotations
from envwright.resources.accounts import account
from envwright.resources.file import File
from envwright.resources.user_manager import user_manager
from envwright.resources.user_service import FOLDER, UserService

from .systemd import UnitName, UnitSettings  # noqa: TC001 - pydantic reads annotations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Requirement
    from envwright.model.resource import Resource


class Section(TableCapability):
    """Units of accounts' own systemd managers, by account and full name.

    Their folder is ~/.config/systemd/user. The manager of an account that is named here runs from
    boot on, with or without a login (`loginctl enable-linger`), so that units run now and timers
    while nobody is logged in. For the rest the units are as those of `systemd`.
    """

    example: ClassVar[str] = """\
user_units:
  dev:
    sync.service:
      content: |
        [Service]
        Type=oneshot
        ExecStart=/usr/bin/true
    sync.timer:
      content: |
        [Timer]
        OnCalendar=hourly
        [Install]
        WantedBy=timers.target
      running: true
      enabled: true
"""

    uncaptured: ClassVar[str] = "capture does not look at the units of accounts yet."

    root: dict[AccountName, dict[UnitName, UnitSettings]]

    def objections(self, machine: Machine) -> Iterator[Objection]:  # noqa: ARG002 - the same everywhere
        if "root" in self.root:
            reason = "root's own units are those of the system"
            yield Objection(reason, "name them under `systemd`", at=("root",))

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        for user in self.root:
            yield from account(user, machine, (user,))

    def resources(self, machine: Machine) -> Iterator[Resource]:
        for user, units in self.root.items():
            manager = list(user_manager(user, machine, (user,)))
            yield from manager
            needs = tuple(resource.id for resource in manager)
            home = machine.home(user)
            for name, unit in units.items():
                files = list(_files(user, name, unit, machine))
                yield from files
                yield UserService(
                    user=user,
                    home=home,
                    unit=name,
                    running=unit.running,
                    enabled=unit.enabled,
                    masked=unit.masked,
                    reads=tuple(file.path for file in files),
                    needs=needs,
                    at=(user, name),
                )


def _files(user: str, name: str, unit: UnitSettings, machine: Machine) -> Iterator[File]:
    for file, content, at in unit.files(name):
        yield File(
            path=f"{machine.home(user)}/{FOLDER}/{file}",
            content=content,
            owner=user,
            group=machine.primary_group(user),
            at=(user, name, *at),
        )
