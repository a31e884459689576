"""Requirements about WSL: it leaves a file of the distribution alone, or knows a key."""

from __future__ import annotations

import shlex

from envwright.model.proof import Requirement
from envwright.portable.dialects.wsl import one_name as one_name  # noqa: PLC0414 - of .wslconfig
from envwright.resources.keys import WSL_CONF
from envwright.scripts import load

WRITTEN = {
    "/etc/hosts": "network.generateHosts",
    "/etc/resolv.conf": "network.generateResolvConf",
    "/etc/localtime": "time.useWindowsTimezone",
    "/etc/timezone": "time.useWindowsTimezone",
    "/etc/ld.so.conf.d/ld.wsl.conf": "automount.ldconfig",
}
"""The files that WSL writes (microsoft/WSL: src/linux/init), each with the key of wsl.conf by which
`false` ends that."""


def left_alone(path: str) -> Requirement:
    """Return the requirement that wsl.conf keeps WSL from writing one of these files."""
    section, key = WRITTEN[path].split(".")
    return Requirement(
        f"WSL leaves {path} alone",
        is_off(WRITTEN[path]),
        f"WSL writes {path} anew at each start of the distribution, so this would not last",
        f"add `wsl: {{{section}: {{{key}: false}}}}`",
        at=(path,),
        unless=f"keys:{WSL_CONF} {WRITTEN[path]}=false",
    )


def knows(key: str, version: str, at: tuple[str | int, ...]) -> Requirement:
    """Return the requirement that WSL has a version, since an older one ignores a key.

    A WSL that does not tell its version (wslinfo) is taken for new enough.
    """
    oldest = f'"$(printf "%s\\n" {version} "$got" | sort -V | head -n 1)"'
    return Requirement(
        f"WSL knows {key}",
        f'got=$(wslinfo --version 2>/dev/null) || exit 0\necho "$got"\n[ {oldest} = {version} ]',
        f"WSL knows {key} since version {version}, and the WSL of this machine is older: it would "
        "ignore the key",
        "update WSL by `wsl --update` in Windows, or leave the key out",
        at=at,
    )


def is_off(key: str, path: str = WSL_CONF) -> str:
    """Return a script that ends with 0 where wsl.conf says `false` to a key."""
    return f"ew_conf={shlex.quote(path)} ew_key={shlex.quote(key.lower())}\n{load(__file__)}"
