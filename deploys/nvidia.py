"""NVIDIA's container toolkit as NVIDIA documents it: signed source, packages, runtime, CDI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from envwright.model.capability import Capability, render
from envwright.model.operations import Key
from envwright.model.proof import Proof, Requirement
from envwright.model.values import BaseUrl, Fingerprint, spelled
from envwright.resources.apt_source import AptSource
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.package import Package
from envwright.resources.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

FINGERPRINT = "C95B321B61E88C1809C4F759DDCAE044F796ECB0"
"""Of the key that signs the repository (nvidia.github.io/libnvidia-container/gpgkey)."""
PACKAGES = (
    "nvidia-container-toolkit",
    "nvidia-container-toolkit-base",
    "libnvidia-container-tools",
    "libnvidia-container1",
)
SOURCES = "/etc/apt/sources.list.d"
# One repository under two keyrings is refused by apt ("Conflicting values set for option
# Signed-By"): the lists of NVIDIA's older instructions, and the one of today's.
OLD_LISTS = (
    "libnvidia-container",
    "nvidia-docker",
    "nvidia-container-runtime",
    "nvidia-container-toolkit",
)
DRIVERS = (
    "nvidia-driver",
    "nvidia-driver-*",
    "nvidia-open*",
    "nvidia-headless-*",
    "nvidia-dkms-*",
    "nvidia-kernel-*",
    "libnvidia-compute-*",
    "libcuda1",
    "cuda",
    "cuda-drivers",
    "cuda-drivers-*",
)
"""Packages that are, or bring, a driver for Linux (docs.nvidia.com/cuda/wsl-user-guide), or its
libcuda: libnvidia-compute-* comes with Ubuntu's nvidia-cuda-toolkit, libcuda1 is Debian's."""
PREFERENCES = "/etc/apt/preferences.d/nvidia-wsl.pref"
DAEMON = "/etc/docker/daemon.json"

Version = Annotated[
    str,
    spelled(r"^[0-9][0-9A-Za-z.~]*\*?$", 'a version of the toolkit, like "1.20.0" or "1.20.*"'),
]


class Section(Capability):
    """NVIDIA Container Toolkit: containers use the GPU, by `--gpus`, by runtime or by CDI name.

    The steps of docs.nvidia.com: lists of older instructions go, the source is signed by the key
    whose fingerprint is known, its four packages have one version. Docker learns of the runtime
    `nvidia` by keys of daemon.json, beside those of the section `docker`, which brings Docker.
    Under WSL the driver is Windows' own: a driver for Linux is refused where it is installed, and
    apt is told never to install one. Without a GPU all of it is installed, and the proofs that
    need one are skipped.
    """

    example: ClassVar[str] = """\
nvidia:
  version: 1.20.0
  default_runtime: true
"""

    version: Version | None = None
    """The version of all four packages; by default whatever is newest at first."""
    default_runtime: bool = False
    """Containers that name no runtime get `nvidia`, too."""
    cdi: bool = True
    """Describe the GPU to the Container Device Interface, so that `--device nvidia.com/gpu=all`
    works (a toolkit of 1.18 or newer)."""
    mirror: BaseUrl = "https://nvidia.github.io/libnvidia-container"
    """Where the packages and their key come from."""
    fingerprint: Fingerprint = FINGERPRINT
    """Of the key that signs them; change it only for a mirror that signs by itself."""

    def resources(self, machine: Machine) -> Iterator[Resource]:
        old = [File(path=f"{SOURCES}/{name}.list", present=False) for name in OLD_LISTS]
        yield from old
        if machine.wsl:
            content = render("nvidia.preferences", drivers=DRIVERS)
            yield File(path=PREFERENCES, content=content)
        before = (*(file.id for file in old), f"file:{PREFERENCES}")
        if self.mirror.startswith("https:"):
            # It may be the first that apt installs, and a bad old list would be in its way, too.
            yield Package(package="ca-certificates", needs=before)
        yield self._source(machine, before)
        revision = "" if (self.version or "").endswith("*") else "-*"
        version = f"{self.version}{revision}" if self.version else ""
        for package in PACKAGES:
            needs = ("apt-source:nvidia-container-toolkit",)
            yield Package(package=package, version=version, needs=needs, at=("version",))
        yield from self._docker()
        if self.cdi:
            yield from _refresh()

    def _source(self, machine: Machine, before: tuple[str, ...]) -> Resource:
        return AptSource(
            source="nvidia-container-toolkit",
            uris=(f"{self.mirror}/stable/deb/{machine.architecture}",),
            suites=("/",),
            key=Key((self.fingerprint,), url=f"{self.mirror}/gpgkey"),
            needs=before,
            at=("mirror",),
        )

    def _docker(self) -> Iterator[Resource]:
        """Let Docker know the runtime, as `nvidia-ctk runtime configure` writes it."""
        keys: dict[str, Any] = {
            "runtimes/nvidia/path": "nvidia-container-runtime",
            "runtimes/nvidia/args": [],
        }
        if self.default_runtime:
            keys["default-runtime"] = "nvidia"
        if self.cdi:
            keys["features/cdi"] = True
        yield Package(package="docker-ce")
        yield Keys(
            path=DAEMON,
            dialect="json",
            keys=keys,
            validate='dockerd --validate --config-file "$staged"',
            # A daemon that is told of a runtime that is not there does not start.
            needs=("package:docker-ce", "package:nvidia-container-toolkit-base"),
        )
        yield Service(unit="docker.service", reads=(DAEMON,), needs=("package:docker-ce",))

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        if machine.wsl:
            names = " ".join(f"'{name}'" for name in DRIVERS)
            yield Requirement(
                "no NVIDIA driver for Linux is installed",
                f"! dpkg-query -W -f '${{db:Status-Abbrev}}\\n' {names} 2>&1 | grep -q '^.i '",
                "an NVIDIA driver for Linux is installed (a package like nvidia-driver-*, "
                "libnvidia-compute-*, cuda or cuda-drivers); under WSL it hides the driver that "
                "Windows shares, and the GPU is lost",
                "apt-get purge it; for CUDA install cuda-toolkit-X-Y alone, from the repository "
                "wsl-ubuntu",
            )

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        gpu = "nvidia.gpu.wsl.sh" if machine.wsl else "nvidia.gpu.linux.sh"
        yield Proof(
            "the toolkit's packages have one version",
            "got=$(dpkg-query -W -f '${Version} ${Package}\\n' "
            f'{" ".join(PACKAGES)}) && echo "$got" && '
            '[ "$(echo "$got" | cut -d " " -f 1 | uniq | wc -l)" = 1 ]',
            at=("version",),
        )
        runtime = "--runtime=nvidia"
        yield Proof(
            "a container runs by the runtime nvidia",
            render("nvidia.container.sh", options=runtime, command="/bin/sh -c 'echo it runs'"),
        )
        yield Proof("nvidia-smi sees the GPU", f'{render(gpu)}"$smi" -L\n')
        inside = {f"{runtime} --gpus all": "in a container"}
        if self.cdi:
            inside["--device nvidia.com/gpu=all"] = "in a container by its CDI name"
        for options, where in inside.items():
            run = render("nvidia.container.sh", options=options, command="nvidia-smi -L")
            yield Proof(f"nvidia-smi sees the GPU {where}", render(gpu) + run)


def _refresh() -> Iterator[Resource]:
    """Keep the units on that describe the GPU at boot and after each change of its driver."""
    base = ("package:nvidia-container-toolkit-base",)
    yield Service(unit="nvidia-cdi-refresh.path", needs=base, at=("cdi",))
    yield Service(unit="nvidia-cdi-refresh.service", running=None, needs=base, at=("cdi",))
