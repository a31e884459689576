"""Docker's five packages, made of Debian's binaries: names, relations and versions are Docker's.

Relations are those of docker/docker-ce-packaging (deb/common/control) and of containerd.io.
Debian 13's programs ask for glibc 2.34 at most and so run on Debian 12 too, but for runc, which
is taken from Debian 12.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from machines.engine import pipe
from machines.images import image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PLUGINS = "usr/libexec/docker/cli-plugins"
UNITS = "usr/lib/systemd/system"

FROM_DEBIAN = {
    "debian13": "docker.io docker-cli containerd docker-buildx docker-compose tini",
    "debian12": "runc",
}

FETCH = """\
set -e
cd "$(mktemp -d)"
chmod 0777 .
apt-get update -qq
apt-get download -qq {packages}
for package in *.deb; do dpkg-deb -x "$package" root; done
tar -C root -cf - {files}
"""

CONFIGURE = """\
#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
{group}
for unit in {units}; do
    if deb-systemd-helper --quiet was-enabled "$unit"; then
        deb-systemd-helper enable "$unit" >/dev/null
    fi
done
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
if [ -n "$2" ]; then deb-systemd-invoke restart {restarts}; else deb-systemd-invoke start {units}; fi
"""

REMOVE = """\
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then deb-systemd-invoke stop {units}; fi
"""

GROUP = "getent group docker >/dev/null || groupadd --system docker"


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
)


@dataclass(frozen=True)
class Package:
    """One of the packages: `files` says where each comes from, by its path in Debian's package."""

    name: str
    versions: tuple[str, ...]
    relations: Mapping[str, str]
    files: Mapping[str, str]
    units: tuple[str, ...] = ()
    epoch: str = ""
    conffiles: Mapping[str, str] = field(default_factory=dict)


ENGINES = ("26.1.4-1", "26.1.5-1")
"""Two versions of docker-ce and docker-ce-cli, the older first, without epoch and mark."""

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
