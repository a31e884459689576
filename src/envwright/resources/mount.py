"""Mount: an entry of /etc/fstab and the live mount that it stands for."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import Guarded, MountPoint, Mounts, Text, Unknown
from envwright.model.claim import Claim, Shared
from envwright.model.operations import Changed, Edited, operation
from envwright.model.proof import Assertion, View
from envwright.model.resource import Resource
from envwright.portable.dialects import fstab, get
from envwright.portable.safepath import change
from envwright.resources.upload import upload

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State

FSTAB = "/etc/fstab"
FLAGS = frozenset(
    {"ro", "rw", "nosuid", "nodev", "noexec", "noatime", "nodiratime", "relatime", "sync"}
)
"""Options that the kernel shows as they were given; most others it rewrites or hides."""
SIZE = re.compile(r"size=(\d+)([kmgKMG]?)")
"""The option of a size in bytes; the kernel does not show a size in percent as it was given."""
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


@dataclass(frozen=True, kw_only=True)
class Mount(Resource):
    """A file system at a path (fstab(5)).

    Args:
        target: the mount point, made where it is missing.
        source: a device, `tmpfs`, a directory to bind, a Windows drive `C:`.
        kind: the file system type; `none` for a bind, `drvfs` for a Windows drive under WSL.
        options: as fstab has them; none stands for `defaults`. With `noauto` only the entry is
            managed, not the live mount.
    """

    target: str
    source: str
    kind: str
    options: tuple[str, ...] = ()

    word: ClassVar[str] = "mount"
    rank: ClassVar[int] = 70

    @property
    def name(self) -> str:
        """The mount point."""
        return self.target

    @property
    def autorequires(self) -> Iterator[str]:
        """The mounts and directories above the mount point, and the directory that a bind shows."""
        parts = self.target.strip("/").split("/")
        for end in range(1, len(parts)):
            parent = "/" + "/".join(parts[:end])
            yield from (f"mount:{parent}", f"directory:{parent}")
        yield f"directory:{self.source}"

    @property
    def live(self) -> bool:
        """Whether the file system is to be mounted now, and not only by its entry."""
        return "noauto" not in self.options

    @property
    def fields(self) -> tuple[str, str, str, str]:
        """The first four fields of fstab, without escapes."""
        return self.source, self.target, self.kind, ",".join(self.options) or "defaults"

    @property
    def entry(self) -> str:
        """The line of fstab, with its escapes."""
        return fstab.entry(*self.fields)

    def claims(self) -> Iterable[Claim]:
        """The mount point, which can be a directory with an owner; and the entry in the table."""
        point, table = PurePosixPath(self.target), PurePosixPath(FSTAB)
        return (
            Claim(point, "a mount point", shared=Shared.DIRECTORY, open=True),
            Claim(table, "a table with an entry of its own", shared=Shared.EDITED),
        )

    def questions(self) -> Iterable[Question[Any]]:
        # At every start the system mounts it by its path, as root.
        return (Text(FSTAB), Mounts(), Guarded(self.target))

    def desired(self) -> State:
        return {"fstab": self.entry, **({"mounted": self._description()} if self.live else {})}

    def actual(self, facts: Facts) -> State | Unknown | None:
        text, mounts = facts[Text(FSTAB)], facts[Mounts()]
        if isinstance(text, Unknown) or isinstance(mounts, Unknown):
            return Unknown("cannot read the mounts")
        entry = get("fstab").actual(text or "", {self.target: self.entry}).get(self.target)
        if entry is None and self.target not in mounts:
            return None
        return {"fstab": entry, "mounted": self._live_description(mounts)}

    def _description(self) -> tuple[str, ...]:
        return (self.kind if self.kind != "none" else "bind", *sorted(self._comparable()))

    def _comparable(self) -> Iterator[str]:
        for option in self.options:
            if option in FLAGS or SIZE.fullmatch(option):
                yield _normal(option)

    def _live_description(self, mounts: Mapping[str, MountPoint]) -> tuple[str, ...] | None:
        """Return the `_description` of what is mounted; None where nothing is."""
        mount = mounts.get(self.target)
        if mount is None:
            return None
        kind = mount.kind
        if self.kind == "none":
            bound = mount.root == _root_of(self.source, mounts)
            kind = "bind" if bound else f"bind of {mount.root}"
        elif self.kind == "drvfs" and "aname=drvfs" in ",".join(mount.options):
            kind = "drvfs"
        live = {_normal(option) for option in mount.options}
        return (kind, *sorted(option for option in self._comparable() if option in live))

    def converge(self, difference: Difference) -> Iterator[Operation]:
        if difference.concerns("fstab"):
            edited = Edited(FSTAB, "fstab", {self.target: self.entry})
            # An entry that cannot be mounted would stop the next boot: it is tried first.
            trial = self._mount('--fstab "$staged" ') if self.live else ""
            root = {"mode": "0644", "owner": "root", "group": "root"}
            yield from upload(FSTAB, edited, validate=trial, **root)
            # systemd makes its mount units from fstab when it reloads.
            reload = "[ ! -d /run/systemd/system ] || systemctl daemon-reload"
            yield operation("server.shell", commands=[reload]).given(Changed())
        elif self.live and difference.concerns("mounted"):
            yield operation("server.shell", commands=[self._mount()])

    def exported(self) -> Iterator[Operation]:
        """Write the entry where it differs; then mount what has its entry and is not mounted."""
        yield from super().exported()
        if self.live:
            target = shlex.quote(self.target)
            mount = f"mountpoint -q -- {target} || {self._mount()}"
            yield operation("server.shell", commands=[mount])

    def _mount(self, table: str = "") -> str:
        """Return a script that unmounts and mounts: a remount keeps options that are left out.

        Where the mount fails, the script mounts again what the live entry says.
        """
        target = shlex.quote(self.target)
        clear = f"{{ ! mountpoint -q -- {target} || umount -- {target}; }}"
        # A busy mount was not unmounted: a second mount on top would hide its files.
        mounted = f"mountpoint -q -- {target} || mount -- {target} 2>/dev/null"
        back = f'if [ "$new" ]; then rmdir -- {target}; else {mounted}; fi'
        return (
            f"( {change('guard', self.target)} || exit; "
            f"new=; [ -d {target} ] || new=1; mkdir -p -- {target} && {clear} && "
            f"mount {table}-- {target} || {{ {back}; exit 1; }} )"
        )

    def witness(self) -> Iterator[Assertion]:
        file = ("file", (FSTAB,), "content_string")
        # The witness reads options in one order and sizes in bytes.
        options = sorted({_normal(option) for option in self.options} - {"defaults"})
        fields = [*self.fields[:3], ",".join(options) or "defaults", "0", "0"]
        yield Assertion(*file, fields, view=View("fstab", self.target))
        if not self.live:
            return
        # testinfra takes /proc/mounts as it is, with the escapes.
        point = ("mount_point", (self.entry.split(" ")[1],))
        yield Assertion(*point, "exists", expected=True)
        if self.kind == "none":
            # The kernel shows a bind as the file system below it: the directories are compared.
            same = f"[ {shlex.quote(self.source)} -ef {shlex.quote(self.target)} ]"
            yield Assertion("run", (same,), "rc", 0)
        elif self.kind != "drvfs":
            yield Assertion(*point, "filesystem", self.kind)
        for option in self.options:
            if option in FLAGS:
                yield Assertion(*point, "options", option, contained=True)
            elif SIZE.fullmatch(option) and self.kind == "tmpfs":
                # The kernel shows a tmpfs's size in KiB, however it was given.
                size = int(_normal(option).removeprefix("size=")) >> 10
                yield Assertion(*point, "options", f"size={size}k", contained=True)


def _normal(option: str) -> str:
    """Write a size as the number of bytes: `size=64m` is the kernel's `size=65536k`."""
    found = SIZE.fullmatch(option)
    return f"size={int(found[1]) * UNITS[found[2].lower()]}" if found else option


def _root_of(path: str, mounts: Mapping[str, MountPoint]) -> str:
    """Return what a bind of a path has as its root: the path inside the file system it lies on."""
    holders = [p for p in mounts if path == p or path.startswith(f"{p.rstrip('/')}/")]
    holder = max(holders, key=len, default="/")
    inside = path[len(holder.rstrip("/")) :]
    return (mounts[holder].root.rstrip("/") if holder in mounts else "") + inside or "/"
