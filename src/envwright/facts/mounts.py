"""The live mounts of a machine, by mount point."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from envwright.facts.question import Question, decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class MountPoint:
    """A live mount: `source`, `kind` (file system type) and `options` as the kernel prints them."""

    source: str
    kind: str
    options: tuple[str, ...]
    root: str


@dataclass(frozen=True)
class Mounts(Question["Mapping[str, MountPoint]"]):
    """The question for all live mounts, the topmost of each path (proc_pid_mountinfo(5))."""

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


def _mounts(output: bytes) -> Mapping[str, MountPoint]:
    mounts = {}
    for line in decode(output).splitlines():
        left, _, right = line.partition(" - ")
        _, _, _, root, path, options = left.split(" ")[:6]
        kind, source, super_options = right.split(" ")[:3]
        # The mount's own flags win over its file system's: both say rw or ro.
        own = options.split(",")
        more = [o for o in super_options.split(",") if o not in {"rw", "ro", *own}]
        mounts[unescape(path)] = MountPoint(
            unescape(source), kind, tuple(own + more), unescape(root)
        )
    return mounts


def unescape(field: str) -> str:
    r"""Undo the octal escapes of fstab(5) and mountinfo: `\040` is a blank."""
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), field)
