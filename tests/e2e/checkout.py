"""This checkout in a machine, as a user's `git clone` brings it there."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from machines.machine import Machine

CHECKOUT = Path(__file__).parents[2]

OWNER = ("--owner=root", "--group=root", "--mode=go-w")

PASSED_ON = ("PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "http_proxy", "https_proxy", "no_proxy")
"""How this computer reaches the package index: so does the machine."""


def copy_checkout(machine: Machine) -> str:
    """Bring the checkout into a machine, as root's; the command that runs ./bootstrap in it."""
    skip = ("--exclude-vcs", "--exclude=.*_cache", "--exclude=__pycache__", "--exclude=*.egg-info")
    pack = ["tar", "-C", str(CHECKOUT), *skip, *OWNER, "-cf", "-", "."]
    packed = subprocess.run(pack, capture_output=True, check=True).stdout
    unpack = ["docker", "exec", "-i", machine.name, "tar", "-C", "/opt", "-xf", "-"]
    subprocess.run(unpack, input=packed, check=True)
    settings = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    authorities = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    if authorities:
        machine.put("/root/authorities.pem", Path(authorities).read_text("utf-8"))
        settings |= dict.fromkeys(("PIP_CERT", "SSL_CERT_FILE"), "/root/authorities.pem")
    return shlex.join(["env", *(f"{name}={value}" for name, value in settings.items())]) + (
        " /opt/bootstrap"
    )
