"""The capability `swap`: a swap file, in use now and after the next boot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, field_validator

from envwright.model.capability import Capability, Objection, render
from envwright.model.proof import Assertion, Proof
from envwright.model.values import spelled
from envwright.resources.command import Command
from envwright.resources.keys import Keys
from envwright.resources.mount import FSTAB
from envwright.resources.paths import only_root_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

# Swap counts whole pages, which are 4 KB on most machines and 64 KB on some.
Size = Annotated[str, spelled(r"^[1-9][0-9]*[MGT]B?$", "a whole number with MB, GB or TB: `4GB`")]
UNITS = {"M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
SwapFile = Annotated[
    str,
    spelled(
        r"^(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$",
        "the absolute path of a file, of letters, digits, `.`, `_` and `-`: `/swapfile`",
    ),
]
UNFIT = frozenset({"home", "root", "tmp", "run", "dev", "proc", "sys"})
"""Folders below / that are a person's, or that the next boot empties."""


class Section(Capability):
    """A swap file: memory that is not in use goes there when programs need more than there is.

    The file is made without holes, for root alone, put to use at once, and written into /etc/fstab
    for the next boot. It can lie on ext4, xfs and btrfs. Another size takes the file out of use for
    a moment; plan refuses that where what is in it would not fit into memory, and a file for which
    the disk has no room. Other swap files and partitions stay, and plan names them. How eagerly the
    kernel swaps is a kernel setting: `sysctl: {vm.swappiness: 10}`. Under WSL, Windows has the swap
    file: `windows: {wslconfig: {wsl2: {swap: 4GB}}}`; a container uses the swap space of its host.
    """

    uncaptured: ClassVar[str] = "The size of swap space belongs to the machine."
    example: ClassVar[str] = """\
swap:
  size: 4GB
"""

    size: Size
    """How large the file is."""
    file: SwapFile = "/swapfile"
    """The path of the file. Ubuntu's installers make `/swap.img` or `/swapfile`: named here, such a
    file gets the size."""
    priority: int | None = Field(default=None, ge=0, le=32767)
    """Swap space of a higher priority is used first (swapon(8)); by default that which was put to
    use first."""

    @field_validator("file")
    @classmethod
    def _lasts(cls, file: str) -> str:
        folder = file.rpartition("/")[0]
        if UNFIT & {*folder.split("/")[1:2]}:
            raise ValueError(f"must not lie in {folder}: choose a folder that is root's and lasts")
        return file

    def objections(self, machine: Machine) -> Iterator[Objection]:
        if machine.wsl:
            hint = f"write `windows: {{wslconfig: {{wsl2: {{swap: {self.size}}}}}}}` instead"
            yield Objection("the swap space of WSL is a file of Windows", hint)
        elif machine.container:
            yield Objection(
                "a container uses the swap space of its host",
                "put `when: not container` into the section, and give the host the swap file",
            )

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        made = self._made()
        yield made
        # After the file: a boot would wait for a file that is still missing.
        options = "sw" if self.priority is None else f"sw,pri={self.priority}"
        yield Keys(
            path=FSTAB,
            dialect="fstab",
            keys={f"swap {self.file}": f"{self.file} none swap {options} 0 0"},
            needs=(made.id,),
        )

    @property
    def _bytes(self) -> int:
        number, unit = self.size.removesuffix("B")[:-1], self.size.removesuffix("B")[-1]
        return int(number) * UNITS[unit]

    def _made(self) -> Command:
        priority = "" if self.priority is None else str(self.priority)
        expected = f"regular file of {self._bytes >> 20} MB, mode 600 of root:root, in use"
        expected += f", priority {priority}" if priority else ""
        values = {"file": self.file, "size": self._bytes, "priority": priority}
        folder, seen = self.file.rpartition("/")[0], ("file", (self.file,))
        return Command(
            title=f"swap {self.file}",
            observe=render("swap.state.sh", expected=expected, **values),
            expected=expected,
            run=render("swap.made.sh", guard=only_root_changes(folder), **values),
            seen=(
                Assertion(*seen, "size", self._bytes),
                Assertion(*seen, "mode", 0o600),
                Assertion(
                    "file", ("/proc/swaps",), "content_string", f"{self.file} ", contained=True
                ),
            ),
            after=tuple(f"mount:{folder}" for folder in _folders(self.file)),
            at=("size",),
        )

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        least = (self._bytes >> 10) * 98 // 100 - 64
        yield Proof(
            f"the kernel swaps to {self.file}",
            # A page of at most 64 KB is the header, and on a file system of small blocks the kernel
            # leaves out pages whose blocks do not lie together.
            f'awk \'$1 == "{self.file}" && $3 >= {least} {{ found = 1 }} '
            "END { exit !found }' /proc/swaps || { cat /proc/swaps; exit 1; }",
            at=("size",),
            quick=True,
        )


def _folders(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path
