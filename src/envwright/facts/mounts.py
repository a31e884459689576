"""The live mounts of a machine, by mount point."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from envwright.facts.question import Question, decode

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence


@dataclass(frozen=True)
class MountPoint:
    """A live mount.

    Args:
        source: what is mounted.
        kind: the type of the file system.
        options: as the kernel prints them; `ro` where the mount or its file system is read-only.
        root: the directory of the file system that is mounted.
        below: the mounts at the same place that this one hides, the uppermost first.
        hidden_by: the directory above at which a later mount hides this one; "" where it is seen.
    """

    source: str
    kind: str
    options: tuple[str, ...]
    root: str
    below: tuple[MountPoint, ...] = ()
    hidden_by: str = ""


@dataclass(frozen=True)
class _Row:
    """A line of mountinfo."""

    parent: str
    path: str
    mount: MountPoint

    @classmethod
    def read(cls, line: str) -> tuple[str, _Row]:
        """Return the ID of a mount and its row.

        Raises:
            ValueError: the line lacks fields.
        """
        left, _, right = line.partition(" - ")
        id_, parent, _, root, path, options = left.split(" ")[:6]
        kind, source, super_options = right.split(" ")[:3]
        own, more = options.split(","), super_options.split(",")
        access = "ro" if "ro" in (*own, *more) else "rw"
        others = dict.fromkeys(o for o in (*own, *more) if o not in {"rw", "ro"})
        mount = MountPoint(unescape(source), kind, (access, *others), unescape(root))
        return id_, cls(parent, unescape(path), mount)


@dataclass(frozen=True)
class Mounts(Question["Mapping[str, MountPoint]"]):
    """The question for all live mounts, by their path (proc_pid_mountinfo(5)).

    A mount is hidden by a later one at the same place, or at a directory above. Of a path with
    several mounts the answer has the one that is seen.
    """

    @classmethod
    def script(cls, questions: Sequence[Mounts]) -> str:  # noqa: ARG003 - one answer for all
        return "cat /proc/self/mountinfo"

    @classmethod
    def parse(
        cls, questions: Sequence[Mounts], output: bytes
    ) -> Mapping[Mounts, Mapping[str, MountPoint]]:
        return dict.fromkeys(questions, _mounts(output))


@dataclass(frozen=True)
class Disks(Question["Mapping[str, MountPoint]"]):
    """The question for the live mounts that can hold a person's files.

    Those that come and go while programs run, as the layers of containers, are left out: so the
    answer is the same while the machine is, and a run without changes stays on the fast path.
    """

    PASSING: ClassVar = "^([^ ]+ ){4}(/dev|/proc|/run|/snap|/sys)[ /]| - (nsfs|overlay|squashfs) "

    @classmethod
    def script(cls, questions: Sequence[Disks]) -> str:  # noqa: ARG003 - one answer for all
        return f"grep -Ev '{cls.PASSING}' /proc/self/mountinfo"

    @classmethod
    def parse(
        cls, questions: Sequence[Disks], output: bytes
    ) -> Mapping[Disks, Mapping[str, MountPoint]]:
        return dict.fromkeys(questions, _mounts(output))


def holder(path: str, mounts: Mapping[str, MountPoint]) -> str:
    """Return the mount point of the mount that a path lies on; "/" where none is known."""
    holders = [at for at in mounts if path == at or path.startswith(f"{at.rstrip('/')}/")]
    return max(holders, key=len, default="/")


def _mounts(output: bytes) -> Mapping[str, MountPoint]:
    rows = dict(_Row.read(line) for line in decode(output).splitlines())
    children: dict[str, set[str]] = {}
    for id_, row in rows.items():
        if row.parent != id_:
            children.setdefault(row.parent, set()).add(row.path)
    mounts: dict[str, MountPoint] = {}
    for id_, row in rows.items():
        chain = list(_chain(row, rows))
        above = next(filter(None, (_taken(r, children.get(r.parent, ())) for r in chain)), "")
        if above:
            mounts.setdefault(row.path, replace(row.mount, hidden_by=above))
        elif row.path not in children.get(id_, ()):
            at_place = itertools.takewhile(lambda r: r.path == row.path, chain[1:])  # noqa: B023
            mounts[row.path] = replace(row.mount, below=tuple(r.mount for r in at_place))
    return mounts


def _chain(row: _Row, rows: Mapping[str, _Row]) -> Iterator[_Row]:
    """Yield a mount, the mount that it lies on, and so on."""
    current: _Row | None = row
    for _ in rows:
        if current is None:
            return
        yield current
        current = rows.get(current.parent)


def _taken(row: _Row, siblings: Container[str]) -> str:
    """Return the directory above that a later mount on the same mount has taken; or ""."""
    path = row.path
    while path not in {"", "/"}:
        path = path.rpartition("/")[0] or "/"
        if path in siblings:
            return path
    return ""


def unescape(field: str) -> str:
    r"""Undo the octal escapes of fstab(5) and mountinfo: `\040` is a blank."""
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), field)
