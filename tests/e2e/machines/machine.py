"""A machine: a container that boots systemd, in which a real Docker engine can run too."""

from __future__ import annotations

import itertools
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from machines.engine import RUN, EngineError, Network, docker, owner
from machines.images import RECIPES, image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from typing_extensions import Self

BOOT_SECONDS = 60

FLAGS = (
    "--cap-add=SYS_ADMIN",
    "--cap-add=NET_ADMIN",
    "--security-opt=seccomp=unconfined",
    "--security-opt=apparmor=unconfined",
    "--security-opt=systempaths=unconfined",
    "--cgroupns=host",
    "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw",
    "--tmpfs=/run:exec",
    "--tmpfs=/run/lock",
    # overlayfs does not stack: the layers of the inner engine need a disk of their own
    "--volume=/var/lib/docker",
    "--volume=/var/lib/containerd",
    "--env=container=docker",
    "--stop-signal=SIGRTMIN+3",
)
"""What systemd, and a Docker engine under it, need in a container. Nothing is `--privileged`."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ssh:
    """A way in by OpenSSH: `ssh -F config alias`."""

    config: Path
    alias: str


class Machine:
    """A machine that is up while its context lasts, and leaves nothing behind.

    Args:
        kind: the image: one of RECIPES.
        network: the bridge that it is on.
        hosts: names that this computer answers for, on the bridge's gateway.
        options: further arguments of `docker run`.
    """

    def __init__(
        self, kind: str, network: Network, *, hosts: Sequence[str] = (), options: Sequence[str] = ()
    ) -> None:
        self.kind = kind
        self.name = f"envwright-{kind}-{os.getpid()}-{next(_numbers)}"
        self._network = network
        self._options = (*(f"--add-host={host}:{network.gateway}" for host in hosts), *options)
        self._keys: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        run = ("run", "--detach", f"--name={self.name}", f"--hostname={self.name}")
        label = (f"--label={RUN}={owner()}", f"--network={self._network.name}")
        needs = (*FLAGS, *RECIPES[self.kind].options)
        docker(*run, *label, *needs, *self._options, image(self.kind))
        try:
            self._wait()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()

    @property
    def host(self) -> str:
        """How pyinfra and testinfra name it."""
        return f"@docker/{self.name}"

    @property
    def address(self) -> str:
        """Its IPv4 address on the bridge."""
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return docker("inspect", "-f", form, self.name)

    def sh(self, script: str, *, check: bool = True, text: str | None = None) -> str:
        """Run a shell script as root, with `text` on its stdin; its stdout.

        Raises:
            EngineError: it ended in another exit code than 0, and `check`.
        """
        argv = ["docker", "exec", "-i", self.name, "sh", "-c", script]
        done = subprocess.run(argv, input=text or "", capture_output=True, text=True, check=False)
        if check and done.returncode:
            said = f"{done.stdout}{done.stderr}"
            raise EngineError(f"{self.name}: exit code {done.returncode}\n{script}\n{said}")
        return done.stdout

    def put(self, path: str, text: str, *, mode: str = "0644") -> None:
        """Write a file, and the directories above it, as root."""
        folder = str(Path(path).parent)
        self.sh(f"mkdir -p '{folder}' && cat > '{path}' && chmod {mode} '{path}'", text=text)

    def install(self, *packages: str) -> None:
        """Install packages from the distribution, without what they recommend."""
        self.sh(
            "apt-get update -qq && DEBIAN_FRONTEND=noninteractive "
            f"apt-get install -y -qq --no-install-recommends {' '.join(packages)}"
        )

    def restart(self) -> None:
        """Shut the machine down in order, start it again, and wait until it is up."""
        docker("restart", "--time=20", self.name)
        self._wait()

    def wait_for_restart(self) -> None:
        """Wait until a restart that was asked for in the machine has happened, and it is up."""
        form = "{{.State.StartedAt}}"
        before = docker("inspect", "-f", form, self.name)
        deadline = time.monotonic() + BOOT_SECONDS
        while docker("inspect", "-f", form, self.name) == before:
            if time.monotonic() > deadline:
                raise EngineError(f"{self.name} did not restart in {BOOT_SECONDS} s")
            time.sleep(0.05)
        self._wait()

    def enable_ssh(self, user: str = "root") -> Ssh:
        """Start sshd in the machine and let `user` in by a new key; the host key is known too."""
        if self._keys is None:
            self._keys = tempfile.TemporaryDirectory(prefix="envwright-ssh-")
            self.install("openssh-server")
        folder = Path(self._keys.name)
        key, known, config = folder / f"{user}.key", folder / "known", folder / f"{user}.config"
        if not key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        home = self.sh(f"getent passwd {user} | cut -d: -f6").strip()
        self.put(f"{home}/.ssh/authorized_keys", key.with_suffix(".key.pub").read_text("utf-8"))
        self.sh(f"chown -R {user}: {home}/.ssh && chmod 0700 {home}/.ssh && systemctl start ssh")
        host_key = self.sh("cat /etc/ssh/ssh_host_ed25519_key.pub")
        known.write_text(f"{self.name} {host_key}", "utf-8")
        settings = {
            "HostName": self.address,
            "HostKeyAlias": self.name,
            "User": user,
            "IdentityFile": key,
            "IdentitiesOnly": "yes",
            "UserKnownHostsFile": known,
            "StrictHostKeyChecking": "yes",
            "BatchMode": "yes",
        }
        lines = [f"Host {self.name}", *(f"    {word} {value}" for word, value in settings.items())]
        config.write_text("\n".join((*lines, "")), "utf-8")
        return Ssh(config, self.name)

    def remove(self) -> None:
        """Remove the machine and its volumes, at once and as if the power went."""
        docker("rm", "-f", "-v", self.name)
        if self._keys is not None:
            self._keys.cleanup()
            self._keys = None

    def _wait(self) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        state = ""
        while time.monotonic() < deadline:
            # `--wait` ends with the boot, but not before there is a bus to wait on.
            state = self.sh("systemctl is-system-running --wait", check=False).strip()
            if state in {"running", "degraded"}:
                return
            time.sleep(0.05)
        raise EngineError(f"{self.name} did not boot in {BOOT_SECONDS} s: {state or 'no answer'}")


class NewMachine(Protocol):
    """Starts a machine of an image, with further arguments of `docker run`."""

    def __call__(self, kind: str, *options: str) -> Machine: ...
