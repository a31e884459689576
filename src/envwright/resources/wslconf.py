"""What WSL would undo: files that it writes, and keys that it is too old for."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from envwright.model.capability import Objection
from envwright.model.proof import Requirement
from envwright.portable.dialects.wsl import one_name as one_name  # noqa: PLC0414 - of .wslconfig
from envwright.resources.keys import WSL_CONF
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine

WRITTEN = {
    "/etc/hosts": "network.generateHosts",
    "/etc/resolv.conf": "network.generateResolvConf",
    "/etc/localtime": "time.useWindowsTimezone",
    "/etc/timezone": "time.useWindowsTimezone",
    "/etc/ld.so.conf.d/ld.wsl.conf": "automount.ldconfig",
}
"""The files that WSL writes (microsoft/WSL: src/linux/init), each with the key of wsl.conf by which
`false` ends that."""


def left_alone(path: str, at: tuple[str | int, ...] = ()) -> Requirement:
    """Return the requirement that wsl.conf keeps WSL from writing one of these files.

    Args:
        path: the file.
        at: what in the section writes the file; by default the path is a key there.
    """
    section, key = WRITTEN[path].split(".")
    return Requirement(
        f"WSL leaves {path} alone",
        is_off(WRITTEN[path]),
        f"WSL writes {path} anew at each start of the distribution, so this would not last",
        f"add `wsl: {{{section}: {{{key}: false}}}}`",
        at=at or (path,),
        unless=f"keys:{WSL_CONF} {WRITTEN[path]}=false",
    )


def ignored(
    key: str, version: str, machine: Machine, at: tuple[str | int, ...]
) -> Iterator[Objection]:
    """Yield an objection to a key that this machine's WSL is too old for, and would ignore.

    A WSL that does not tell its version is taken for new enough.
    """
    if machine.wsl_version and _numbers(machine.wsl_version) < _numbers(version):
        yield Objection(
            f"WSL knows {key} since version {version}, and this machine's {machine.wsl_version} "
            "would ignore it",
            "update WSL by `wsl --update` in Windows, or leave this out",
            at,
        )


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]+", version)]


def is_off(key: str, path: str = WSL_CONF) -> str:
    """Return a script that ends with 0 where wsl.conf says `false` to a key."""
    return f"ew_conf={shlex.quote(path)} ew_key={shlex.quote(key.lower())}\n{load(__file__)}"
