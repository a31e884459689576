"""What Docker's five packages are: their names, versions, relations and files.

Relations are those of docker/docker-ce-packaging (deb/common/control) and of containerd.io.
The files are Debian's. Debian 13's programs ask for glibc 2.34 at most and so run on Debian 12
too, but for runc, which is taken from Debian 12 (1.1, as 13's).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PLUGINS = "usr/libexec/docker/cli-plugins"
UNITS = "usr/lib/systemd/system"

DEBIAN = {
    "debian13": (
        "docker.io",
        "docker-cli",
        "containerd",
        "docker-buildx",
        "docker-compose",
        "tini",
    ),
    "debian12": ("runc",),
}
"""Which of Debian's packages the files are taken from, by the image that knows them."""


@dataclass(frozen=True)
class Suite:
    """A suite of the repository, and how Docker marks versions that are built for it."""

    distribution: str
    codename: str
    mark: str


SUITES = (
    Suite("debian", "trixie", "~debian.13~trixie"),
    Suite("debian", "bookworm", "~debian.12~bookworm"),
    Suite("ubuntu", "noble", "~ubuntu.24.04~noble"),
    Suite("ubuntu", "resolute", "~ubuntu.26.04~resolute"),
)


@dataclass(frozen=True)
class Package:
    """One of the packages.

    `files` maps each path in it to the path in Debian's package, `conffiles` to the text;
    `versions` are without epoch and mark; paths are relative to the root.
    """

    name: str
    versions: tuple[str, ...]
    relations: Mapping[str, str]
    files: Mapping[str, str]
    units: tuple[str, ...] = ()
    group: str = ""
    epoch: str = ""
    conffiles: Mapping[str, str] = field(default_factory=dict)

    def version(self, bare: str, suite: Suite) -> str:
        """The full version, as `5:26.1.5-1~debian.13~trixie`."""
        return f"{self.epoch}{bare}{suite.mark}"


ENGINES = ("26.1.4-1", "26.1.5-1")
"""Two versions of docker-ce and docker-ce-cli, the older first; the programs are the same."""

PACKAGES = (
    Package(
        "docker-ce",
        ENGINES,
        {
            "Depends": "containerd.io (>= 1.7.24), docker-ce-cli, iptables, libc6, libsystemd0",
            "Recommends": "ca-certificates, git, pigz, procps, xz-utils",
            "Conflicts": "docker (<< 1.5~), docker-engine, docker.io",
            "Replaces": "docker-engine, docker-ce-cli (<< 5:28.0.0)",
        },
        {
            "usr/bin/dockerd": "usr/sbin/dockerd",
            "usr/bin/docker-proxy": "usr/sbin/docker-proxy",
            "usr/bin/docker-init": "usr/bin/tini-static",
            f"{UNITS}/docker.service": f"{UNITS}/docker.service",
            f"{UNITS}/docker.socket": f"{UNITS}/docker.socket",
        },
        units=("docker.service", "docker.socket"),
        group="docker",
        epoch="5:",
    ),
    Package(
        "docker-ce-cli",
        ENGINES,
        {
            "Depends": "libc6",
            "Recommends": "docker-buildx-plugin, docker-compose-plugin",
            "Conflicts": "docker (<< 1.5~), docker-engine, docker.io",
            "Replaces": "docker-ce (<< 5:0)",
            "Breaks": "docker-ce (<< 5:0)",
        },
        {"usr/bin/docker": "usr/bin/docker"},
        epoch="5:",
    ),
    Package(
        "containerd.io",
        ("1.7.24-1",),
        {
            "Depends": "libc6, libseccomp2",
            "Conflicts": "containerd, runc",
            "Replaces": "containerd, runc",
            "Provides": "containerd, runc",
        },
        {
            "usr/bin/containerd": "usr/bin/containerd",
            "usr/bin/containerd-shim-runc-v2": "usr/bin/containerd-shim-runc-v2",
            "usr/bin/ctr": "usr/bin/ctr",
            "usr/bin/runc": "usr/sbin/runc",
            f"{UNITS}/containerd.service": f"{UNITS}/containerd.service",
        },
        units=("containerd.service",),
        conffiles={"etc/containerd/config.toml": 'disabled_plugins = ["cri"]\n'},
    ),
    Package(
        "docker-buildx-plugin",
        ("0.13.1-1",),
        {"Depends": "libc6", "Enhances": "docker-ce-cli", "Replaces": "docker-ce-cli"},
        {f"{PLUGINS}/docker-buildx": f"{PLUGINS}/docker-buildx"},
    ),
    Package(
        "docker-compose-plugin",
        ("2.26.1-1",),
        {
            "Depends": "libc6",
            "Recommends": "docker-buildx-plugin",
            "Enhances": "docker-ce-cli",
            "Conflicts": "docker-compose",
            "Replaces": "docker-compose",
        },
        {f"{PLUGINS}/docker-compose": f"{PLUGINS}/docker-compose"},
    ),
)
