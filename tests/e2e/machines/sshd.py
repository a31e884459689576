"""Light machines for fleets: containers of one image that run nothing but sshd."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from machines.engine import RUN, EngineError, Network, docker, owner

if TYPE_CHECKING:
    from collections.abc import Iterator

START = "mkdir -p /run/sshd && exec /usr/sbin/sshd -D -e -o UsePAM=no -o MaxStartups=100"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Sshds:
    """Machines by their names, which ssh knows by a configuration of its own.

    Args:
        names: of the containers, and for ssh.
        config: for `ssh -F`.
    """

    names: tuple[str, ...]
    config: Path

    def sh(self, name: str, script: str) -> str:
        """Run a shell script on one of them, as root; its stdout."""
        return docker("exec", name, "sh", "-c", script)


@contextlib.contextmanager
def sshds(image: str, count: int, network: Network) -> Iterator[Sshds]:
    """Start machines from an image that has sshd; root is let in by a new key.

    They share the host key of the image. At the end they are gone.
    """
    prefix = f"envwright-sshd-{os.getpid()}-{next(_numbers)}"
    names = tuple(f"{prefix}-{number}" for number in range(1, count + 1))
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="envwright-sshd-")))
        for name in names:
            stack.callback(_remove, name)
            label = (f"--label={RUN}={owner()}", f"--network={network.name}")
            docker("run", "-d", f"--name={name}", *label, image, "sh", "-c", START)
        key = folder / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        public = key.with_suffix(".pub").read_text("utf-8")
        for name in names:
            let_in = "mkdir -p -m 0700 /root/.ssh && cat >/root/.ssh/authorized_keys"
            docker("exec", "-i", name, "sh", "-c", let_in, text=public)
        host_key = docker("exec", names[0], "cat", "/etc/ssh/ssh_host_ed25519_key.pub")
        (folder / "known").write_text(f"fleet {host_key}\n", "utf-8")
        config = folder / "config"
        config.write_text("".join(_entry(name, folder) for name in names), "utf-8")
        yield Sshds(names, config)


def _entry(name: str, folder: Path) -> str:
    form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    settings = {
        "HostName": docker("inspect", "-f", form, name),
        "HostKeyAlias": "fleet",
        "User": "root",
        "IdentityFile": folder / "key",
        "IdentitiesOnly": "yes",
        "UserKnownHostsFile": folder / "known",
        "StrictHostKeyChecking": "yes",
        "BatchMode": "yes",
    }
    lines = [f"Host {name}", *(f"    {word} {value}" for word, value in settings.items())]
    return "\n".join((*lines, ""))


def _remove(name: str) -> None:
    with contextlib.suppress(EngineError):  # it was never made
        docker("rm", "-f", "-v", name)


@contextlib.contextmanager
def image_with_sshd(machine: str) -> Iterator[str]:
    """Return an image of a running machine that has openssh-server; it goes at the end."""
    tag = f"envwright-test-sshd:{os.getpid()}"
    docker("commit", machine, tag)
    try:
        yield tag
    finally:
        docker("rmi", "-f", tag)
