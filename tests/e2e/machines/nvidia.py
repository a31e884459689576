"""NVIDIA's apt repository with stand-ins of its four packages, and a stand-in of a GPU under WSL.

The stand-ins do what the real ones are for and no more: the runtime is runc, the hook that
`--gpus` calls and the CDI description bring the machine's nvidia-smi into a container.
"""

from __future__ import annotations

import contextlib
import email.utils
import hashlib
import time
from typing import TYPE_CHECKING

from machines.debs import deb, stanza, tar
from machines.engine import docker
from machines.keyring import Keyring
from machines.packages import UNITS, Package

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from machines.machine import Machine
    from machines.server import Server

HOST = "nvidia.github.io"
VERSIONS = ("1.19.1-1", "1.20.0-1")
DRIVERS = ("cuda", "nvidia-driver-580")
"""Packages that the repository has beside the four: stand-ins of drivers for Linux."""

CTK = """\
#!/bin/sh
# A stand-in of nvidia-ctk.
[ "$1 $2" = "cdi generate" ] || exit 1
mkdir -p /var/run/cdi
cat >/var/run/cdi/nvidia.yaml <<'YAML'
cdiVersion: "0.5.0"
kind: nvidia.com/gpu
devices:
- name: all
  containerEdits: {env: [NVIDIA_VISIBLE_DEVICES=void]}
containerEdits:
  mounts:
  - hostPath: /usr/lib/wsl/lib/nvidia-smi
    containerPath: /usr/bin/nvidia-smi
    options: [ro, nosuid, nodev, bind]
YAML
"""
RUNTIME = """\
#!/bin/sh
# A stand-in of nvidia-container-runtime.
exec runc "$@"
"""
HOOK = r"""#!/bin/sh
# A stand-in of nvidia-container-runtime-hook: `prestart`, with the container's state as JSON.
bundle=$(sed 's/.*"bundle":"\([^"]*\)".*/\1/')
root=$(sed 's/.*"root":{"path":"\([^"]*\)".*/\1/' "$bundle/config.json")
cp /usr/lib/wsl/lib/nvidia-smi "$root/usr/bin/"
"""
SMI = """\
#!/bin/sh
# A stand-in of nvidia-smi.
echo 'GPU 0: stand-in (UUID: GPU-00000000-0000-0000-0000-000000000000)'
"""
REFRESH_PATH = """\
[Path]
PathChanged=/usr/bin/nvidia-ctk
[Install]
WantedBy=multi-user.target
"""
REFRESH_SERVICE = """\
[Unit]
ConditionPathExists=/usr/lib/wsl/lib/nvidia-smi
[Service]
Type=oneshot
ExecStart=/usr/bin/nvidia-ctk cdi generate
[Install]
WantedBy=multi-user.target
"""

REFRESH = ("nvidia-cdi-refresh.path", "nvidia-cdi-refresh.service")
FILES = {
    "nvidia-container-toolkit-base": {
        "usr/bin/nvidia-ctk": (CTK.encode(), 0o755),
        "usr/bin/nvidia-container-runtime": (RUNTIME.encode(), 0o755),
        f"{UNITS}/{REFRESH[0]}": (REFRESH_PATH.encode(), 0o644),
        f"{UNITS}/{REFRESH[1]}": (REFRESH_SERVICE.encode(), 0o644),
    },
    "nvidia-container-toolkit": {
        "usr/bin/nvidia-container-runtime-hook": (HOOK.encode(), 0o755),
    },
}
DEPENDS = {
    "nvidia-container-toolkit": ("nvidia-container-toolkit-base", "libnvidia-container-tools"),
    "libnvidia-container-tools": ("libnvidia-container1",),
}
"""Each of these at the very same version, as in NVIDIA's own packages."""


def _packages() -> Iterator[tuple[Package, str]]:
    names = ("nvidia-container-toolkit", "nvidia-container-toolkit-base")
    for name in (*names, "libnvidia-container-tools", "libnvidia-container1"):
        for version in VERSIONS:
            wanted = ", ".join(f"{other} (= {version})" for other in DEPENDS.get(name, ()))
            units = REFRESH if name == "nvidia-container-toolkit-base" else ()
            relations = {"Depends": wanted} if wanted else {}
            yield Package(name, (version,), relations, {}, units=units), version
    for name in DRIVERS:
        yield Package(name, ("1-1",), {}, {}), "1-1"


class Toolkit:
    """The published repository; `fingerprint` is of the key that signs it."""

    versions = VERSIONS

    def __init__(self, server: Server, keys: Path) -> None:
        self._keys = Keyring(keys)
        self.fingerprint = self._keys.new("NVIDIA CORPORATION (stand-in)")
        self.server = server

    def publish(self) -> None:
        """Put packages, signed index and key where the server finds them."""
        architecture = docker("version", "--format", "{{.Server.Arch}}")
        base = self.server.root / HOST / "libnvidia-container"
        folder = base / "stable" / "deb" / architecture
        folder.mkdir(parents=True)
        index = "".join(f"{stanza(entry)}\n" for entry in _filled(folder, architecture))
        (folder / "Packages").write_text(index, "utf-8")
        digest = hashlib.sha256(index.encode()).hexdigest()
        date = email.utils.formatdate(time.time(), usegmt=True)
        release = f"Date: {date}\nSHA256:\n {digest} {len(index.encode())} Packages\n"
        (folder / "Release").write_text(release, "utf-8")
        self._keys.sign(self.fingerprint, folder / "Release")
        (base / "gpgkey").write_bytes(self._keys.export(self.fingerprint))

    def close(self) -> None:
        """End the key agent."""
        self._keys.close()


def _filled(folder: Path, architecture: str) -> Iterator[Mapping[str, str]]:
    """Write the packages into a folder; yield the entry of each in the index."""
    for package, version in _packages():
        control = {
            "Package": package.name,
            "Version": version,
            "Architecture": architecture,
            "Maintainer": "envwright tests <tests@envwright.invalid>",
            **package.relations,
            "Description": f"stand-in for {package.name}",
        }
        data = deb(package, control, tar(FILES.get(package.name, {})))
        file = f"{package.name}_{version}_{architecture}.deb"
        (folder / file).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        yield {**control, "Filename": f"./{file}", "Size": str(len(data)), "SHA256": digest}


@contextlib.contextmanager
def published(server: Server, keys: Path) -> Iterator[Toolkit]:
    """Publish the repository on a server; `keys` is a directory of its own for its keys."""
    toolkit = Toolkit(server, keys)
    try:
        toolkit.publish()
        yield toolkit
    finally:
        toolkit.close()


def put_under_wsl(machine: Machine, *, gpu: bool) -> None:
    """Let a machine look like a WSL distribution, with or without a GPU that Windows shares."""
    machine.sh("touch /init && mkdir -p /run/WSL")
    if gpu:
        machine.put("/usr/lib/wsl/lib/nvidia-smi", SMI, mode="0755")
        machine.sh("touch /dev/dxg /usr/lib/wsl/lib/libdxcore.so")
