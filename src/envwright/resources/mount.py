"""Mount: an entry of /etc/fstab and the live mount that it stands for."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import (
    Guarded,
    MountPoint,
    Mounts,
    Output,
    Shell,
    Stat,
    Status,
    Text,
    Unknown,
    holder,
)
from envwright.model.claim import Claim, Shared
from envwright.model.forecast import Forecast
from envwright.model.operations import Changed, Edited, operation
from envwright.model.proof import Assertion, View
from envwright.model.resource import Resource, wanted_by
from envwright.model.way_back import WayBack
from envwright.portable.dialects import fstab, get
from envwright.portable.safepath import change
from envwright.resources.prerequisites import may_come
from envwright.resources.upload import upload

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State

FSTAB = "/etc/fstab"
RESTRICTIONS = {"ro": "rw", "nosuid": "suid", "nodev": "dev", "noexec": "exec"}
"""Options by which a mount allows less, and what lifts them (mount(8)): not there unless asked."""
IMPLIED = {
    **dict.fromkeys(("user", "users"), ("nosuid", "nodev", "noexec")),
    **dict.fromkeys(("owner", "group"), ("nosuid", "nodev")),
}
"""The restrictions that come with options for ordinary users (mount(8))."""
FLAGS = frozenset({"noatime", "nodiratime", "relatime", "sync"})
"""More options that the kernel shows as they were given; most others it rewrites or hides."""
READ_ONLY = frozenset({"squashfs", "iso9660", "udf", "erofs", "cramfs"})
"""File systems that can only be mounted read-only."""
SHOWN_AS = {"nfs": {"nfs4"}, "ntfs": {"fuseblk", "ntfs3"}, "ntfs-3g": {"fuseblk"}}
"""The types under which the kernel shows others (nfs(5), mount.ntfs-3g(8))."""
AUTOMOUNT = "x-systemd.automount"
"""The option by which systemd mounts at the first use (systemd.mount(5)): `autofs` until then."""
COVERED = "covered by"
"""The field of a state that says how many other mounts lie on the wanted one, at its place."""
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
        present: False: the table must have no such entry, and nothing be mounted by it.
    """

    target: str
    source: str
    kind: str
    options: tuple[str, ...] = ()
    present: bool = True

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
        yield from (Text(FSTAB), Mounts(), Guarded(self.target))
        yield from map(Stat, self._named_paths())
        if search := self._search():
            yield search

    def _named_paths(self) -> Iterator[str]:
        """The paths that the kernel must find as they are written, and the folders above them."""
        named = [self.target]
        if self.source.startswith("/") and not self.source.startswith("//"):
            named.append(self.source)
        for path in map(PurePosixPath, named):
            yield from (str(p) for p in (*reversed(path.parents), path) if p != p.parent)

    def _search(self) -> Shell | None:
        """The question whether a device has the tag that stands for it (findfs(8))."""
        tag = re.match(r"(UUID|LABEL|PARTUUID|PARTLABEL)=", self.source)
        return Shell(f"findfs {shlex.quote(self.source)}") if tag and self.live else None

    def desired(self) -> State | None:
        if not self.present:
            return None
        return {"fstab": self.entry, **({"mounted": self._description()} if self.live else {})}

    def actual(self, facts: Facts) -> State | Unknown | None:
        text, mounts = facts[Text(FSTAB)], facts[Mounts()]
        if isinstance(text, Unknown) or isinstance(mounts, Unknown):
            return Unknown("cannot read the mounts")
        entry = get("fstab").actual(text or "", {self.target: self.entry}).get(self.target)
        mount = mounts.get(self.target)
        mounts = {path: seen for path, seen in mounts.items() if not seen.hidden_by}
        if mount and mount.hidden_by:
            return {"fstab": entry, "mounted": f"hidden by the mount at {mount.hidden_by}"}
        if entry is None and mount is None:
            return None
        if mount is None:
            return {"fstab": entry, "mounted": None}
        found = [self._live_description(m, mounts) for m in (mount, *mount.below)]
        wanted = self._description()
        if found[0] == wanted or wanted not in found:
            return {"fstab": entry, "mounted": found[0]}
        hidden = f"hidden by a mount of {mount.kind} at the same place"
        return {"fstab": entry, "mounted": hidden, COVERED: found.index(wanted)}

    def _description(self) -> tuple[str, ...]:
        return (self.kind if self.kind != "none" else "bind", *sorted(self._comparable()))

    def _comparable(self) -> Iterator[str]:
        yield from self._restrictions()
        for option in self.options:
            if option in FLAGS or SIZE.fullmatch(option):
                yield _normal(option)

    def _restrictions(self) -> set[str]:
        """The restrictions that the options ask for; of contradicting options the last one wins."""
        asked: set[str] = set()
        for option in self.options:
            asked.update(IMPLIED.get(option, ()))
            asked.update({option} & RESTRICTIONS.keys())
            asked.difference_update(r for r, lifts in RESTRICTIONS.items() if option == lifts)
        return asked

    def _live_description(
        self, mount: MountPoint, mounts: Mapping[str, MountPoint]
    ) -> tuple[str, ...]:
        """Return the `_description` of a live mount."""
        kind = mount.kind
        if kind == "autofs" and AUTOMOUNT in self.options:
            return self._description()
        if self.kind == "none":
            bound = mount.root == _root_of(self.source, mounts)
            kind = "bind" if bound else f"bind of {mount.root}"
        elif self.kind == "drvfs" and "aname=drvfs" in ",".join(mount.options):
            kind = "drvfs"
        elif self.kind == "auto" or kind in self._kinds():
            kind = self.kind
        live = {_normal(option) for option in mount.options}
        told = {*self._comparable(), *(RESTRICTIONS.keys() - self._allowed(mount, mounts))}
        return (kind, *sorted(told & live))

    def _kinds(self) -> set[str]:
        """The types under which the kernel may show the file system."""
        named = self.kind.split(",")
        return {*named, *(shown for name in named for shown in SHOWN_AS.get(name, ()))}

    def _allowed(self, mount: MountPoint, mounts: Mapping[str, MountPoint]) -> set[str]:
        """Return the restrictions that the mount may have although no option asks for them."""
        if self.kind == "none":
            # A bind takes the options of the mount that it shows.
            shown = mounts.get(holder(self.source, mounts))
            return {*shown.options} if shown else set()
        if self.kind == "drvfs" or mount.kind in READ_ONLY:
            return {*RESTRICTIONS}
        return {"nosuid", "nodev"} if mount.kind.startswith("fuse") else set()

    def converge(self, difference: Difference) -> Iterator[Operation]:
        if not self.present:
            yield from self._removal()
            return
        if difference.concerns("fstab"):
            edited = Edited(FSTAB, "fstab", {self.target: self.entry})
            # An entry that cannot be mounted would stop the next boot: it is tried first.
            trial = self._mount('--fstab "$staged" ') if self.live else ""
            root: dict[str, Any] = {"mode": "0644", "owner": "root", "group": "root"}
            yield from upload(FSTAB, edited, validate=trial, **root)
            # systemd makes its mount units from fstab when it reloads.
            reload = "[ ! -d /run/systemd/system ] || systemctl daemon-reload"
            yield operation("server.shell", commands=[reload]).given(Changed())
        elif self.live and difference.concerns("mounted"):
            yield operation("server.shell", commands=[self._remedy(difference.before or {})])

    def _removal(self) -> Iterator[Operation]:
        """Yield what unmounts it, removes the entry, and the mount point where it is empty."""
        target = shlex.quote(self.target)
        umount = f"! mountpoint -q -- {target} || umount -- {target}"
        yield operation("server.shell", commands=[f"{change('guard', self.target)} && {umount}"])
        root: dict[str, Any] = {"mode": "0644", "owner": "root", "group": "root"}
        edited = Edited(FSTAB, "fstab", {self.target: None})
        yield from upload(FSTAB, edited, keep=("mode", "owner", "group"), **root)
        reload = "[ ! -d /run/systemd/system ] || systemctl daemon-reload"
        yield operation("server.shell", commands=[f"{reload}; {change('drop', self.target)}"])

    def way_back(self, before: State | None) -> WayBack:
        """A new mount goes, and its entry; what was there otherwise stays."""
        if not self.present and before is not None:
            return WayBack(resources=(replace(self, present=True),))
        if before is None or (before.get("fstab") is None and before.get("mounted") is None):
            return WayBack(resources=(replace(self, present=False),))
        return WayBack(
            stays=f"{self.target} was mounted, or had an entry, before: mount it by hand as it was"
        )

    def _remedy(self, before: State) -> str:
        """Return the script that makes the live mount the wanted one, with its files where it can.

        Only what has another kind or source is unmounted: a tmpfs would lose its files.
        """
        target = shlex.quote(self.target)
        if covered := before.get(COVERED):
            return " && ".join([f"umount -- {target}"] * covered)
        mounted = before.get("mounted")
        if not isinstance(mounted, tuple) or mounted[0] != self._description()[0]:
            return self._mount()
        lifted = [RESTRICTIONS[r] for r in RESTRICTIONS if r in {*mounted} - self._restrictions()]
        bind = ["bind"] if self.kind == "none" else []
        options = ",".join(["remount", *bind, *lifted, *sorted(self._comparable())])
        remount = f"mount -o {shlex.quote(options)} -- {target}"
        return f"{{ {change('guard', self.target)} && {remount}; }} || {self._mount()}"

    @classmethod
    def forecast(
        cls, work: Sequence[tuple[Mount, Difference]], facts: Facts, changed: Collection[str]
    ) -> Forecast:
        """Refuse what cannot be mounted: by a path that is a link, or from what does not exist."""
        refusals = [
            f"{reason}{wanted_by(mount)}"
            for mount, _ in work
            if mount.present
            and (
                reason := mount.linked(facts)
                or mount.buried(facts)
                or mount.sourceless(facts, changed)
            )
        ]
        return Forecast(refusals=tuple(refusals))

    def linked(self, facts: Facts) -> str:
        """Return which path is a link, which the kernel's table of mounts never shows; or ""."""
        for path in self._named_paths():
            status = facts[Stat(path)]
            if isinstance(status, Status) and status.kind == "link":
                # A device has many names.
                if path.startswith("/dev/"):
                    continue
                return (
                    f"{path} is a link to {status.target}: the kernel knows mounts by their real "
                    f"paths alone; write the real path in place of {path}"
                )
        return ""

    def buried(self, facts: Facts) -> str:
        """Return which later mount hides the place, so that nothing can be unmounted there."""
        mounts = facts[Mounts()]
        mount = None if isinstance(mounts, Unknown) else mounts.get(self.target)
        above = mount.hidden_by if mount and self.live else ""
        return above and (
            f"{self.target} is hidden by a later mount at {above}: unmount {above} first"
        )

    def sourceless(self, facts: Facts, changed: Collection[str]) -> str:
        """Return that what is to be mounted does not exist, and no change of the plan brings it."""
        if not self.live or may_come(changed, *self._makers()):
            return ""
        search = self._search()
        answer = facts[search] if search else None
        named = self.source.startswith("/") and not self.source.startswith("//")
        if answer is None and not (named and facts[Stat(self.source)] is None):
            return ""
        if isinstance(answer, Output) and answer.code == 0:
            return ""
        return (
            f"{self.source}, which is to be mounted at {self.target}, does not exist: correct the "
            "name, attach the device, or add `noauto` to write the entry in /etc/fstab alone"
        )

    def _makers(self) -> Iterator[str]:
        """The ids of resources whose change may bring the source."""
        path = PurePosixPath(self.source)
        for place in (path, *path.parents):
            yield from (f"{word}:{place}" for word in ("directory", "mount", "file"))

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
        clear = (
            f"{{ while mountpoint -q -- {target}; do umount -- {target} || break; done; "
            f"! mountpoint -q -- {target}; }}"
        )
        # A busy mount was not unmounted: a second mount on top would hide its files.
        mounted = f"mountpoint -q -- {target} || mount -- {target} 2>/dev/null"
        back = f'if [ "$new" ]; then rmdir -- {target}; else {mounted}; fi'
        return (
            f"( {change('guard', self.target)} || exit; "
            f"new=; [ -d {target} ] || new=1; mkdir -p -- {target} && {clear} && "
            f"mount {table}-- {target} || {{ {back}; exit 1; }} )"
        )

    def witness(self) -> Iterator[Assertion]:
        if not self.present:
            gone = f"! mountpoint -q -- {shlex.quote(self.target)}"
            yield Assertion("run", (gone,), "rc", 0)
            return
        file = ("file", (FSTAB,), "content_string")
        # The witness reads options in one order and sizes in bytes.
        options = sorted({_normal(option) for option in self.options} - {"defaults"})
        fields = [*self.fields[:3], ",".join(options) or "defaults", "0", "0"]
        yield Assertion(*file, fields, view=View("fstab", self.target))
        if not self.live:
            return
        # testinfra takes /proc/mounts as it is, with the escapes.
        yield Assertion("mount_point", (self.entry.split(" ")[1],), "exists", expected=True)
        if AUTOMOUNT in self.options:
            return
        yield Assertion("run", (self._sight(),), "rc", 0)
        if self.kind == "none":
            # The kernel shows a bind as the file system below it: the directories are compared.
            same = f"[ {shlex.quote(self.source)} -ef {shlex.quote(self.target)} ]"
            yield Assertion("run", (same,), "rc", 0)

    def _sight(self) -> str:
        """Return a script that ends with 0 where the mount is seen at its place, as it should be.

        testinfra itself would take the first mount at a place, which a later one covers.
        """
        target, at = (shlex.quote(path) for path in (self.target, self.entry.split(" ")[1]))
        kinds = shlex.quote(f",{','.join(sorted(self._kinds()))},")
        tests = [f"o ~ /,{re.escape(option)},/" for option in self._shown()]
        if self.kind not in {"none", "drvfs", "auto"}:
            tests.insert(0, """index(ENVIRON["kinds"], "," kind ",")""")
            free = {*READ_ONLY} & self._kinds() or self.kind.startswith("fuse")
            wrong = [] if free else [r for r in RESTRICTIONS if r not in self._restrictions()]
            tests += [f"o !~ /,{option},/" for option in wrong]
        return (
            f"mountpoint -q -- {target} && at={at} kinds={kinds} awk "
            """'$5 == ENVIRON["at"] { for (i = 7; $i != "-"; i++); kind = $(i + 1); """
            f"""o = "," $6 "," $NF "," }} END {{ exit !({" && ".join(tests) or 1}) }}' """
            "/proc/self/mountinfo"
        )

    def _shown(self) -> Iterator[str]:
        """The options that the kernel must show."""
        yield from sorted({*self._restrictions(), *(FLAGS & {*self.options})})
        for option in self.options:
            if SIZE.fullmatch(option) and self.kind == "tmpfs":
                # The kernel shows a tmpfs's size in KiB, however it was given.
                yield f"size={int(_normal(option).removeprefix('size=')) >> 10}k"


def _normal(option: str) -> str:
    """Write a size as the number of bytes: `size=64m` is the kernel's `size=65536k`."""
    found = SIZE.fullmatch(option)
    return f"size={int(found[1]) * UNITS[found[2].lower()]}" if found else option


def _root_of(path: str, mounts: Mapping[str, MountPoint]) -> str:
    """Return what a bind of a path has as its root: the path inside the file system it lies on."""
    at = holder(path, mounts)
    inside = path[len(at.rstrip("/")) :]
    return (mounts[at].root.rstrip("/") if at in mounts else "") + inside or "/"
