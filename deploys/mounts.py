"""The capability `mounts`: entries of /etc/fstab and live mounts, Windows drives among them."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import model_validator

from envwright.facts import Text, unescape
from envwright.model.capability import Objection, Settings, TableCapability
from envwright.model.capture import Captured, Item, LeftOut
from envwright.model.proof import Proof
from envwright.model.values import AbsolutePath, Replacing, exactly_one, spelled
from envwright.resources.edited_file import entries
from envwright.resources.mount import FSTAB, Mount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.capture import Capturing
    from envwright.model.resource import Resource

Word = Annotated[
    str,
    spelled(
        r"^[^\s#,\x00][^\n\r\x00]*$",
        "text on one line that does not begin with a blank, `#` or `,`",
    ),
]
Option = Annotated[
    str,
    spelled(r"^[^\s,#]+$", "one option, without blanks or `,`"),
]
Drive = Annotated[
    str,
    spelled(
        r"^([A-Za-z]:|\\\\[^\s\\]+\\[^\\]+)$",
        "a drive like `D:` or a share like `\\\\server\\share`",
    ),
]


SYSTEM = re.compile(r"/|/(boot|usr|var|home)(/.*)?")
"""The mount points of the disks that a machine is installed on."""


class Entry(Settings):
    """One mount: `source` and `type`, or `bind`, or `drive`, or `tmpfs` as type alone."""

    source: Word | None = None
    """The file system to mount: a device, or `UUID=...`."""
    type: Option | None = None
    """The type of the file system."""
    bind: AbsolutePath | None = None
    """A directory to show at the mount point, too (a bind mount)."""
    drive: Drive | None = None
    """A Windows drive or share (only under WSL), mounted instead of by `wsl: {automount}`."""
    options: Replacing[Option] = []
    """Mount options (mount(8)); with `noauto` only the entry in /etc/fstab is written."""

    @model_validator(mode="after")
    def _one(self) -> Entry:
        exactly_one(self, "type", "bind", "drive")
        if self.type and self.type != "tmpfs" and not self.source:
            raise ValueError("needs a 'source'")
        return self

    def mount(self, target: str) -> Mount:
        """Return the resource of this mount at a mount point."""
        at = (target,)
        options = tuple(self.options)
        if self.bind:
            options = ("bind", *options)
            return Mount(target=target, source=self.bind, kind="none", options=options, at=at)
        if self.drive:
            return Mount(target=target, source=self.drive, kind="drvfs", options=options, at=at)
        kind = self.type or ""
        source = self.source or kind
        return Mount(target=target, source=source, kind=kind, options=options, at=at)


class Section(TableCapability):
    """Mounts by mount point.

    Each mount is an entry of /etc/fstab and a live mount. Every other byte of /etc/fstab stays. A
    mount that differs from its entry is unmounted first.
    """

    example: ClassVar[str] = """\
mounts:
  /mnt/scratch: {type: tmpfs, options: [size=64m, mode=1777]}
  /srv/docker: {bind: /opt/docker}
"""

    root: dict[AbsolutePath, Entry]

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        for target, entry in self.root.items():
            yield entry.mount(target)

    def objections(self, machine: Machine) -> Iterator[Objection]:
        for target, entry in self.root.items():
            if (entry.drive or entry.type == "drvfs") and not machine.wsl:
                yield Objection(
                    f"{target} is a Windows drive, and this machine does not run under WSL",
                    "put it into an environment for WSL that extends this one",
                    at=(target,),
                )

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        for target, entry in self.root.items():
            if {"noauto", "ro"} & set(entry.options):
                continue
            path = shlex.quote(target)
            yield Proof(
                f"{target} can be written to",
                f'name=$(mktemp -p {path} .envwright-proof.XXXXXX) && rm -- "$name"',
                at=(target,),
            )

    @classmethod
    def capture(cls, machine: Machine) -> Capturing:  # noqa: ARG003 - the same everywhere
        """Look for mounts, but for those of the disks that the machine is installed on."""
        facts = yield (Text(FSTAB),)
        table, fault = entries("fstab", facts[Text(FSTAB)])
        items, left_out = [], [LeftOut(FSTAB, fault)] if fault else []
        for target, entry in table.items():
            source, _, kind, options, *_ = map(unescape, str(entry).split(" "))
            if not target.startswith("/"):
                continue  # swap space
            if SYSTEM.fullmatch(target):
                reason = "the disks that a machine is installed on are its own"
                left_out.append(LeftOut(f"mount {target}", reason))
            else:
                items.append(Item((target,), _captured(source, kind, options.split(",")), FSTAB))
        return Captured(tuple(items), tuple(left_out))


def _captured(source: str, kind: str, options: list[str]) -> dict[str, Any]:
    """Return the entry of an environment for an entry of fstab."""
    words = [option for option in options if option != "defaults"]
    if kind == "none" and "bind" in words:
        words.remove("bind")
        what = {"bind": source}
    elif kind == "drvfs":
        what = {"drive": source}
    else:
        what = {"type": kind} if kind == source == "tmpfs" else {"source": source, "type": kind}
    return {**what, "options": words} if words else {**what}
