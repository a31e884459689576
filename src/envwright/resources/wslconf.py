"""The requirement that WSL does not write a file of a distribution anew at each start."""

from __future__ import annotations

import shlex

from envwright.model.proof import Requirement
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


def is_off(key: str, path: str = WSL_CONF) -> str:
    """Return a script that ends with 0 where wsl.conf says `false` to a key."""
    return f"ew_conf={shlex.quote(path)} ew_key={shlex.quote(key.lower())}\n{load(__file__)}"
