"""The capability `systemd`: unit files, drop-ins, and whether units run and start at boot."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import model_validator

from envwright.facts import Output, Shell, Text, Unit, UnitStatus
from envwright.model.capability import Settings, TableCapability, render
from envwright.model.capture import Captured, Item
from envwright.model.proof import Proof
from envwright.model.values import spelled
from envwright.resources.file import File
from envwright.resources.service import RUNNING, Service

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Facts, Machine
    from envwright.model.capture import Capturing
    from envwright.model.resource import Resource

FOLDER = "/etc/systemd/system"
_FILE = re.compile(rf"{FOLDER}/([^/]+)(?:\.d/([^/]+)\.conf)?")
UnitName = Annotated[
    str,
    spelled(
        r"^[A-Za-z0-9@_.:\\-]+\.(service|socket|timer|path|target|mount|automount|slice|swap)$",
        "a unit's full name, like `docker.service`",
    ),
]
DropInName = Annotated[
    str,
    spelled(r"^[A-Za-z0-9_-]+$", "letters, digits, `_` and `-`; `.conf` is put behind it"),
]


class UnitSettings(Settings):
    """Settings of a unit; a setting that is left out is not managed."""

    content: str | None = None
    """The text of the unit file: NAME in the folder of units."""
    drop_ins: dict[DropInName, str] = {}
    """The texts of drop-in files, NAME.d/KEY.conf in the folder of units, by KEY."""
    running: bool | None = None
    """Whether the unit is active: true starts the unit, false stops it."""
    enabled: bool | None = None
    """Whether the unit starts at boot; a unit of an account starts with the account's manager."""
    masked: bool = False
    """Mask the unit, so that nothing can start it."""

    def files(self, name: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Yield the files of the unit: path in the folder of units, text, place in the settings."""
        if self.content is not None:
            yield name, self.content, ("content",)
        for key, content in self.drop_ins.items():
            yield f"{name}.d/{key}.conf", content, ("drop_ins", key)

    @model_validator(mode="after")
    def _sense(self) -> UnitSettings:
        if self.masked and (self.running or self.enabled or self.content is not None):
            raise ValueError("is masked: a masked unit can have no file, not run or start at boot")
        return self


class Section(TableCapability):
    """Units of the system manager, by full name. Their folder is /etc/systemd/system.

    An active unit is restarted when one of its files changed after the unit started. Where systemd
    is not PID 1 yet (a fresh WSL distribution), units are enabled, and all other changes of units
    are pending until systemd is PID 1.
    """

    example: ClassVar[str] = """\
systemd:
  apt-daily.timer: {masked: true}
  cron.service:
    drop_ins:
      nice: |
        [Service]
        Nice=10
"""

    root: dict[UnitName, UnitSettings]

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        for name, unit in self.root.items():
            files = list(_files(name, unit))
            yield from files
            yield Service(
                unit=name,
                running=unit.running,
                enabled=unit.enabled,
                masked=unit.masked,
                reads=tuple(file.path for file in files),
                at=(name,),
            )

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        for name, unit in self.root.items():
            own = ":".join(file.path for file in _files(name, unit))
            if own:
                yield Proof(
                    f"no other file replaces what the files of {name} set",
                    render("systemd.settings.sh", unit=shlex.quote(name), own=shlex.quote(own)),
                    at=(name,),
                    quick=True,
                    remedy=f"`systemctl cat {name}` shows all files: remove the setting from the "
                    f"file that is named, then run `systemctl daemon-reload` and restart {name}",
                )

    @classmethod
    def capture(cls, machine: Machine) -> Capturing:  # noqa: ARG003 - the same everywhere
        """Look for units that a person made, changed, masked or turned off."""
        of_persons = Shell(render("systemd.capture.sh"))
        facts = yield (of_persons,)
        answer = facts[of_persons]
        lines = answer.text.splitlines() if isinstance(answer, Output) else []
        found = [(kind, rest) for kind, _, rest in (line.partition(" ") for line in lines)]
        paths = [path for kind, path in found if kind == "file" and _FILE.fullmatch(path)]
        facts = yield [*map(Text, paths), *(Unit(PurePosixPath(path).name) for path in paths)]
        items = [*_written(paths, facts)]
        for kind, unit in found:
            if kind == "masked":
                items.append(Item((unit, "masked"), True, "masked by a person"))
            elif kind == "disabled":
                items.append(Item((unit, "enabled"), False, "turned off after its installation"))
        return Captured(tuple(items))


def _files(name: str, unit: UnitSettings) -> Iterator[File]:
    for file, content, at in unit.files(name):
        yield File(path=f"{FOLDER}/{file}", content=content, at=(name, *at))


def _written(paths: Iterable[str], facts: Facts) -> Iterator[Item]:
    """Yield the texts of units and drop-ins; a unit with a text starts as it does now."""
    for path in paths:
        match = _FILE.fullmatch(path)
        text = facts[Text(path)]
        if match is None or not isinstance(text, str):
            continue
        unit, drop_in = match.groups()
        if drop_in:
            yield Item((unit, "drop_ins", drop_in), text, path)
            continue
        yield Item((unit, "content"), text, path)
        status = facts[Unit(unit)]
        if isinstance(status, UnitStatus):
            yield from (Item((unit, *at), value) for at, value in _switches(status))


def _switches(status: UnitStatus) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield whether a unit runs and starts at boot, where it does."""
    if status.active in RUNNING:
        yield ("running",), True
    if status.enabled == "enabled":
        yield ("enabled",), True
