"""UserService: a unit of an account's own systemd manager (`systemctl --user`)."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, ClassVar

from envwright.facts import WAITING, UnitStatus, UserUnit, systemctl_of
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.resources.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Facts, Unit, Unknown
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State

FOLDER = ".config/systemd/user"
"""The folder of an account's own unit files, below its home (systemd.unit(5))."""
_BEFORE = re.compile(r"/run/user/\d+/systemd/(user\.control|transient|generator\.early)/")


@dataclass(frozen=True, kw_only=True)
class UserService(Service):
    """A unit of an account's manager, as Service is one of the system's.

    The scripts are those of Service: root runs them with a `systemctl` that asks the account's
    manager in the account's name.

    Args:
        user: the account.
        home: its home.
    """

    user: str
    home: str

    word: ClassVar[str] = "user-service"
    rank: ClassVar[int] = 91

    @property
    def name(self) -> str:
        """The account and the name of the unit."""
        return f"{self.user}/{self.unit}"

    @property
    def _folder(self) -> PurePosixPath:
        return PurePosixPath(self.home, FOLDER)

    @property
    def _question(self) -> Unit:
        return UserUnit(self.unit, self.user)

    def _comes_before(self, fragment: str) -> bool:
        control = f"{self._folder.parent}/user.control/"
        return fragment.startswith(control) or bool(_BEFORE.match(fragment))

    @property
    def _journal(self) -> str:
        uid = f'_UID=$(id -u -- {shlex.quote(self.user)})"'
        return f'own="_SYSTEMD_USER_UNIT=$unit {uid} about="USER_UNIT=$unit {uid}'

    def actual(self, facts: Facts) -> State | Unknown | None:
        status = facts[self._question]
        if isinstance(status, UnitStatus) and status.load == WAITING:
            # The manager is started before the unit, and reads the files as they are then.
            return {"enabled": self._enabled(status), "running": False, "up to date": True}
        return super().actual(facts)

    def _switch(self, *, restarted: bool, reload: bool, boot: bool = True) -> Operation:
        unit = shlex.quote(self.unit)
        verbs = ["daemon-reload"] if reload else []
        if boot and self.enabled is not None:
            verbs.append(f"{'enable' if self.enabled else 'disable'} -- {unit}")
        if restarted:
            verbs.append(f"restart -- {unit}")
        elif self.running is not None:
            verbs.append(f"{'start' if self.running else 'stop'} -- {unit}")
        script = " && ".join(f"systemctl {verb}" for verb in verbs) or ":"
        return operation("server.shell", commands=[script])

    def converge(self, difference: Difference) -> Iterator[Operation]:
        yield from map(self._by_manager, super().converge(difference))

    def recover(self) -> Iterator[Operation]:
        yield from map(self._by_manager, super().recover())

    def exported(self) -> Iterator[Operation]:
        yield from map(self._by_manager, super().exported())

    def health_check(self, difference: Difference, *, at_once: bool = False) -> str:
        script = super().health_check(difference, at_once=at_once)
        return script and f"{systemctl_of(self.user)}{script}"

    def _by_manager(self, call: Operation) -> Operation:
        """Return a call of a script with the `systemctl` of the account; once is enough."""
        own = systemctl_of(self.user)
        commands = [f"{own}{c.removeprefix(own)}" for c in call.arguments["commands"]]
        return replace(call, arguments={**call.arguments, "commands": commands})

    def witness(self) -> Iterator[Assertion]:
        for seen in super().witness():
            (said,) = seen.arguments
            script = said if seen.module == "run" else _SEEN[seen.attribute, seen.expected](said)
            yield Assertion("run", (f"{systemctl_of(self.user)}{script}",), "rc", 0)


def _active(unit: str) -> str:
    return f"systemctl is-active --quiet -- {shlex.quote(unit)}"


def _inactive(unit: str) -> str:
    return f"! {_active(unit)}"


def _masked(unit: str) -> str:
    return f'[ "$(systemctl is-enabled -- {shlex.quote(unit)})" = masked ]'


_SEEN = {
    ("is_running", True): _active,
    ("is_running", False): _inactive,
    ("is_masked", True): _masked,
}
"""What testinfra sees of the system's units, as scripts."""
