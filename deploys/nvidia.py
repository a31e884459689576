"""The capability `nvidia`: NVIDIA Container Toolkit, so that containers can use the GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from envwright.model.capability import Capability, render
from envwright.model.operations import Key
from envwright.model.proof import Proof, Requirement
from envwright.model.values import BaseUrl, Fingerprint, spelled
from envwright.resources.apt_source import AptSource
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.package import Package, offered, untouched
from envwright.resources.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

FINGERPRINT = "C95B321B61E88C1809C4F759DDCAE044F796ECB0"
"""The fingerprint of the repository's key (nvidia.github.io/libnvidia-container/gpgkey)."""
PACKAGES = (
    "nvidia-container-toolkit",
    "nvidia-container-toolkit-base",
    "libnvidia-container-tools",
    "libnvidia-container1",
)
OLD_FILES = ("libnvidia-container.list", "nvidia-docker.list", "nvidia-container-runtime.list")
"""The files of NVIDIA's older instructions, beside nvidia-container-toolkit.list."""
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
"""Packages that install a driver for Linux (docs.nvidia.com/cuda/wsl-user-guide) or its libcuda.

libnvidia-compute-* comes with Ubuntu's nvidia-cuda-toolkit, libcuda1 is Debian's.
"""
PREFERENCES = "/etc/apt/preferences.d/nvidia-wsl.pref"
DAEMON = "/etc/docker/daemon.json"

REMEDY = (
    "look for `no-cgroups = true`, which is for an engine without root, in "
    "/etc/nvidia-container-runtime/config.toml, and for an old description of the GPU in /etc/cdi"
)
"""What stops containers from using a GPU that the machine itself can use
(NVIDIA/nvidia-container-toolkit#85)."""

Version = Annotated[
    str,
    spelled(r"^[0-9][0-9A-Za-z.~]*\*?$", 'a version of the toolkit, like "1.20.0" or "1.20.*"'),
]


class Section(Capability):
    """NVIDIA Container Toolkit: containers use the GPU, by `--gpus`, by runtime or by CDI name.

    envwright follows the steps of docs.nvidia.com: it removes what older instructions wrote into
    apt's sources, adds the apt source, whose key must have the `fingerprint`, and installs the
    toolkit's four packages in one version. Keys of daemon.json add the runtime `nvidia` to Docker;
    the section `docker` installs Docker. Under WSL the GPU's driver is the driver of Windows: plan
    refuses an installed driver for Linux, and a preference keeps apt from installing one. On a
    machine without a GPU the toolkit is installed, too, and the proofs that need a GPU are
    skipped.
    """

    uncaptured: ClassVar[str] = "What a GPU needs is told by the machine that has it."
    example: ClassVar[str] = """\
nvidia:
  version: 1.20.0
  default_runtime: true
"""

    version: Version | None = None
    """The version of all four packages; by default the newest one when they are installed."""
    default_runtime: bool = False
    """Make `nvidia` the runtime of containers that name no runtime."""
    cdi: bool = True
    """Describe the GPU to the Container Device Interface, so that `--device nvidia.com/gpu=all`
    works (a toolkit of 1.18 or newer)."""
    mirror: BaseUrl = "https://nvidia.github.io/libnvidia-container"
    """The base address of the packages and of their key."""
    fingerprint: Fingerprint = FINGERPRINT
    """The fingerprint of the key that signs the packages; change it only for a mirror that signs
    with a key of its own."""

    def resources(self, machine: Machine) -> Iterator[Resource]:
        if machine.wsl:
            content = render("nvidia.preferences", drivers=DRIVERS)
            yield File(path=PREFERENCES, content=content)
        source = self._source(machine)
        before = (source.old_entries.id, f"file:{PREFERENCES}")
        if self.mirror.startswith("https:"):
            # ca-certificates may be the first package that apt installs, so a bad old list would
            # make its installation fail, too.
            yield Package(package="ca-certificates", needs=before)
        yield source.old_entries
        yield source
        revision = "" if (self.version or "").endswith("*") else "-*"
        version = f"{self.version}{revision}" if self.version else ""
        for package in PACKAGES:
            needs = ("apt-source:nvidia-container-toolkit",)
            yield Package(package=package, version=version, needs=needs, at=("version",))
        yield from self._docker()
        if self.cdi:
            yield from _refresh()

    def _source(self, machine: Machine) -> AptSource:
        return AptSource(
            source="nvidia-container-toolkit",
            uris=(f"{self.mirror}/stable/deb/{machine.architecture}",),
            suites=("/",),
            key=Key((self.fingerprint,), url=f"{self.mirror}/gpgkey"),
            old_files=OLD_FILES,
            old_addresses=("nvidia.github.io",),
            needs=(f"file:{PREFERENCES}",),
            at=("mirror",),
        )

    def _docker(self) -> Iterator[Resource]:
        """Yield the keys of daemon.json that `nvidia-ctk runtime configure` writes."""
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
            # dockerd does not start when daemon.json names a runtime that is not installed.
            needs=("package:docker-ce", "package:nvidia-container-toolkit-base"),
        )
        yield Service(unit="docker.service", reads=(DAEMON,), needs=("package:docker-ce",))

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        yield offered("docker-ce", "docker", "Docker Engine", "docker: {}")
        if machine.wsl:
            names = " ".join(f"'{name}'" for name in DRIVERS)
            yield Requirement(
                "no NVIDIA driver for Linux is installed",
                f"! dpkg-query -W -f '${{db:Status-Abbrev}}\\n' {names} 2>&1 | grep -q '^.i '",
                "an NVIDIA driver for Linux is installed (a package like nvidia-driver-*, "
                "libnvidia-compute-*, cuda or cuda-drivers); under WSL it hides the driver that "
                "Windows shares, and the GPU is lost",
                "run `apt-get purge` with these packages; for CUDA install cuda-toolkit-X-Y alone, "
                "from the repository wsl-ubuntu",
            )

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        yield from self._source(machine).proofs()
        yield untouched("the toolkit's programs are as they were installed", PACKAGES)
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
            yield Proof(f"nvidia-smi sees the GPU {where}", render(gpu) + run, remedy=REMEDY)
        if self.cdi:
            yield Proof(
                "the descriptions of the GPU fit its driver",
                render(gpu) + render("nvidia.cdi.sh"),
                quick=True,
                remedy="remove what is in /etc/cdi for nvidia.com/gpu, and run "
                "`systemctl restart nvidia-cdi-refresh.service`",
                at=("cdi",),
            )


def _refresh() -> Iterator[Resource]:
    """Yield the units that describe the GPU at boot and after each change of its driver."""
    base = ("package:nvidia-container-toolkit-base",)
    yield Service(unit="nvidia-cdi-refresh.path", needs=base, at=("cdi",))
    yield Service(unit="nvidia-cdi-refresh.service", running=None, needs=base, at=("cdi",))
