"""The facts of a machine that every session asks when it opens: distribution, kernel, accounts."""

from __future__ import annotations

import contextlib
import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, ClassVar

from envwright.facts.accounts import Accounts
from envwright.facts.question import decode
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Iterator


PEOPLE = range(1000, 60000)
"""The numbers of the accounts of people (login.defs(5), UID_MIN and UID_MAX)."""
_WSL_1 = re.compile(r"4\.4\.0-\d+-Microsoft")


@dataclass(frozen=True)
class Machine:
    """The facts that a session asks when it opens; templates may use most of them by name.

    Args:
        distro: ID of os-release(5): `debian`, `ubuntu`.
        release: VERSION_ID: `13`, `24.04`.
        codename: `trixie`, `noble`; on Ubuntu's derivatives the Ubuntu one (UBUNTU_CODENAME), as
            Docker's own installation steps take it.
        architecture: Debian's name of it: `amd64`, `arm64`.
        kernel: `uname -r`.
        wsl: the machine runs under the Windows Subsystem for Linux.
        distribution: WSL's name of the machine (`Ubuntu-24.04`); "" elsewhere or when unknown.
        booted: systemd is PID 1 (sd_booted(3)).
        accounts: the machine's users and groups.
        new_group: the number of the group that useradd(8) gives new accounts; "" where each gets a
            group of its own name, which is Debian's custom (login.defs(5), USERGROUPS_ENAB).
        wsl_version: the version of WSL (`2.6.1`, wslinfo(1)); "" elsewhere or when unknown.
        gpu: there is an NVIDIA GPU (PCI vendor 10de), or one that Windows shares (/dev/dxg).
        memory: the memory that Linux has, in GiB, rounded (MemTotal of proc_meminfo(5)).
        cpus: the number of CPUs that are online (/sys/devices/system/cpu/online).
        container: the machine is a container, as systemd-detect-virt(1) tells; WSL is none.
        desktop: a desktop session is installed (/usr/share/xsessions, /usr/share/wayland-sessions).
        made_of: ID_LIKE of os-release(5): `ubuntu debian`.
    """

    distro: str
    release: str
    codename: str
    architecture: str
    kernel: str
    wsl: bool
    distribution: str
    booted: bool
    accounts: Accounts
    new_group: str = ""
    wsl_version: str = ""
    gpu: bool = False
    memory: int = 0
    cpus: int = 0
    container: bool = False
    desktop: bool = False
    made_of: str = ""

    HELLO: ClassVar = load(__file__)
    """The script that prints these facts; every session runs it first."""

    @staticmethod
    def read(hello: bytes) -> Machine:
        """Parse the output of the script HELLO."""
        fields = [*decode(hello).split("\0"), *[""] * 15]
        release = dict(_assignments(fields[0]))
        kernel = fields[2].strip()
        return Machine(
            distro=release.get("ID", ""),
            release=release.get("VERSION_ID", ""),
            codename=release.get("UBUNTU_CODENAME") or release.get("VERSION_CODENAME", ""),
            architecture=fields[1].strip(),
            kernel=kernel,
            # microsoft/WSL: stock kernels say so; custom ones are told by WSL's init and socket.
            wsl="microsoft" in kernel.lower() or fields[3].strip() == "wsl",
            distribution=fields[4],
            booted=fields[5].strip() == "booted",
            accounts=Accounts.read(fields[6], fields[7]),
            new_group=fields[8].strip(),
            wsl_version=fields[9].strip(),
            gpu=fields[10].strip().startswith("gpu"),
            memory=round(_number(fields[11]) / (1 << 20)),
            cpus=_count(fields[12]),
            container=fields[13].strip() == "container",
            desktop=fields[14].strip() == "desktop",
            made_of=release.get("ID_LIKE", ""),
        )

    @property
    def unsupported(self) -> tuple[str, str] | None:
        """Why no environment can be applied here, and what to do; None where one can be.

        WSL 1 translates system calls: it has no Linux kernel, so neither systemd nor containers
        nor mounts of its own. Its kernel calls itself `4.4.0-19041-Microsoft` (microsoft/WSL, docs
        on comparing versions).
        """
        name = f"{self.distro} {self.release}".strip() or "a system without os-release"
        hint = "envwright works on Debian, Ubuntu and what is made of them"
        if not self.architecture:
            return f"this is {name}, without dpkg", hint
        # Other systems have a dpkg, too, as a tool to look into packages with.
        if self.distro and not {self.distro, *self.made_of.split()} & {"debian", "ubuntu"}:
            return f"this is {name}, which is not made of Debian", hint
        if _WSL_1.match(self.kernel):
            return (
                "this distribution runs under WSL 1, which has neither systemd nor containers",
                f"in Windows: wsl --set-version {self.distribution or 'NAME'} 2",
            )
        return None

    def primary_group(self, user: str) -> str:
        """Return a user's primary group; for a missing user, the future one."""
        if user in self.accounts.users:
            return self.accounts.users[user].group
        if not self.new_group or user in self.accounts.groups:
            return user  # pyinfra gives a new account the group of its name, where there is one
        names = {str(gid): name for name, (gid, _) in self.accounts.groups.items()}
        return names.get(self.new_group, self.new_group)

    def home(self, user: str) -> str:
        """Return a user's home; for a missing user, the one that Debian would create."""
        if user in self.accounts.users:
            return self.accounts.users[user].home
        return "/root" if user == "root" else f"/home/{user}"

    def home_owner(self, path: str) -> str:
        """Return the person in whose home a path lies; root, where it lies in none.

        A folder of /home that is no account's home yet is that of the account of its name, as
        Debian will make it. The homes of daemons, such as /var/www, are folders of the system's.
        """
        people = {a.home: a.name for a in self.accounts.users.values() if a.uid in PEOPLE}
        people.pop("/", None)
        above = map(str, (PurePosixPath(path), *PurePosixPath(path).parents))
        future = re.match("/home/([a-z_][a-z0-9_-]*)/", f"{path}/")
        known = (people[folder] for folder in above if folder in people)
        return next(known, future[1] if future else "root")


def _count(ranges: str) -> int:
    """Return how many numbers the ranges of a list of the kernel have: `0-3,5` has 5."""
    pairs = re.findall(r"([0-9]{1,6})(?:-([0-9]{1,6}))?", ranges)
    return sum(max(0, int(last or first) - int(first) + 1) for first, last in pairs)


def _number(text: str) -> int:
    """Return a number of at most fifteen digits; 0 where the machine says something else."""
    return int(text) if re.fullmatch(r"\s*[0-9]{1,15}\s*", text) else 0


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.startswith("#"):
            # os-release(5): a line that a shell could not read is skipped.
            with contextlib.suppress(ValueError):
                yield name.strip(), "".join(shlex.split(value))
