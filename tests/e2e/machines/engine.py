"""The Docker engine under the test machines: whether it can be used, and how it is called."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = "envwright.run"
"""Label of all that a test run makes in the engine; its value says which process owns it."""

TOOLS = ("docker", "mmdebstrap", "gpg", "openssl", "ssh-keygen")
"""What images, repositories and machines are made with."""


class EngineError(AssertionError):
    """A docker command, or a script inside a machine, failed."""


def unusable() -> str:
    """Why no machine can be started here, in one sentence; "" when machines can be."""
    if os.geteuid() != 0:
        return "end-to-end tests need root"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"end-to-end tests need {', '.join(missing)}"
    info = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
    return "" if info.returncode == 0 else "no Docker engine answers"


def docker(*argv: str, text: str | None = None) -> str:
    """Run `docker ARGV...` with `text` on its stdin; its stdout without the last line end.

    Raises:
        EngineError: with the command, its exit code and all that it said.
    """
    done = subprocess.run(
        ["docker", *argv], input=text or "", capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise EngineError(f"docker {' '.join(argv)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.removesuffix("\n")


def owner(pid: int | str = "self") -> str:
    """PID and start time (clock ticks since boot) of a process: no other ever has the same.

    Raises:
        OSError: there is no such process.
    """
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    number, rest = stat.split(" ", 1)
    return f"{number}.{rest.rpartition(')')[2].split()[19]}"


def sweep() -> None:
    """Remove what killed runs left in the engine; what a living run owns stays."""
    show = f'{{{{.ID}}}} {{{{.Label "{RUN}"}}}}'
    removals = {"ps": ("rm", "-f", "-v"), "network": ("network", "rm")}
    listings = {"ps": ("ps", "-a"), "network": ("network", "ls")}
    for kind, listing in listings.items():
        lines = docker(*listing, "--filter", f"label={RUN}", "--format", show).splitlines()
        dead = [name for name, of in map(str.split, lines) if not _alive(of)]
        for name in dead:
            with contextlib.suppress(EngineError):  # another run is at the same
                docker(*removals[kind], name)


def _alive(of: str) -> bool:
    try:
        return owner(of.partition(".")[0]) == of
    except OSError:
        return False


@dataclass(frozen=True)
class Network:
    """A bridge of this run alone, so that runs at the same time do not fight for one address."""

    name: str
    gateway: str
    """The address of this computer on the bridge: where machines reach loopback servers."""


_NUMBERS = itertools.count(1)


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """Make the bridge network of this run, and remove it at the end."""
    # tests/e2e and tests/field have fixtures of their own, in one process too.
    name = f"envwright-{os.getpid()}-{next(_NUMBERS)}"
    docker("network", "create", "--label", f"{RUN}={owner()}", name)
    try:
        shown = docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", name)
        yield Network(name, shown)
    finally:
        docker("network", "rm", name)
