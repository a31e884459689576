"""Bare images that boot systemd: Debian 13, Debian 12, and a Debian 12 with Ubuntu's face.

Bare means: what a fresh distribution lacks is not there. No python3, sudo, curl, gnupg or
ca-certificates, and no package lists.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import tempfile
from dataclasses import dataclass

from machines import cache
from machines.engine import EngineError, docker

MIRROR = "http://deb.debian.org/debian"

BOOT = ("systemd", "systemd-sysv", "dbus", "iproute2", "procps")
"""What a container needs to come up as a machine, beyond the essential packages."""

DEBIAN = (
    "mmdebstrap",
    "--quiet",
    "--mode=root",
    "--variant=minbase",
    f"--include={','.join(BOOT)}",
    '--aptopt=Acquire::Languages "none"',
    "--dpkgopt=force-unsafe-io",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
)
"""How a Debian is made; no translations, manuals and syncs, as in Debian's own Docker images."""

UBUNTU = """\
FROM {base}
RUN dpkg-divert --local --rename --add /usr/lib/os-release \\
 && printf '%s\\n' 'PRETTY_NAME="Ubuntu 24.04.3 LTS"' 'NAME="Ubuntu"' 'VERSION_ID="24.04"' \\
    'VERSION="24.04.3 LTS (Noble Numbat)"' VERSION_CODENAME=noble ID=ubuntu ID_LIKE=debian \\
    UBUNTU_CODENAME=noble LOGO=ubuntu-logo > /usr/lib/os-release \\
 && printf '%s\\n' DISTRIB_ID=Ubuntu DISTRIB_RELEASE=24.04 DISTRIB_CODENAME=noble \\
    'DISTRIB_DESCRIPTION="Ubuntu 24.04.3 LTS"' > /etc/lsb-release \\
 && echo 'Ubuntu 24.04.3 LTS \\n \\l' > /etc/issue
"""
"""Diverted, so that a newer base-files does not bring Debian's name back."""


@dataclass(frozen=True)
class Recipe:
    """How an image is made: the argv whose stdout is its root filesystem, or a Dockerfile."""

    name: str
    bootstrap: tuple[str, ...] = ()
    base: str = ""
    dockerfile: str = ""

    def tag(self) -> str:
        """The image's name; its tag is a digest of the recipe and of those that it builds on."""
        base = RECIPES[self.base].tag() if self.base else ""
        made_of = repr((self.bootstrap, base, self.dockerfile))
        digest = hashlib.sha256(made_of.encode()).hexdigest()[:12]
        return f"envwright-test/{self.name}:{digest}"


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("debian13", bootstrap=(*DEBIAN, "trixie", "-", MIRROR)),
        Recipe("debian12", bootstrap=(*DEBIAN, "bookworm", "-", MIRROR)),
        Recipe("ubuntu", base="debian12", dockerfile=UBUNTU),
    )
}


def image(name: str) -> str:
    """The tag of the image `debian13`, `debian12` or `ubuntu`, built when it is not there yet."""
    recipe = RECIPES[name]
    tag = recipe.tag()
    with cache.alone(f"image-{name}"):
        _ensure(recipe, tag)
    return tag


def _ensure(recipe: Recipe, tag: str) -> None:
    repository = tag.partition(":")[0]
    known = docker("images", "--format", "{{.Repository}}:{{.Tag}}", repository).split()
    if tag in known:
        return
    _build(recipe, tag)
    for outdated in known:
        with contextlib.suppress(EngineError):  # another run may still use it
            docker("rmi", outdated)


def _build(recipe: Recipe, tag: str) -> None:
    if not recipe.base:
        _bootstrap(recipe.bootstrap, tag)
        return
    text = recipe.dockerfile.format(base=image(recipe.base))
    # The engine's own builder: BuildKit's is a package of its own in some distributions.
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", tag, "-"],
        env={**os.environ, "DOCKER_BUILDKIT": "0"},
        input=text.encode(),
        capture_output=True,
        check=True,
    )


def _bootstrap(argv: tuple[str, ...], tag: str) -> None:
    """Make and import a root filesystem; it gets its name last, when all went well."""
    load = ["docker", "import", "--change", 'CMD ["/lib/systemd/systemd"]', "-"]
    with tempfile.TemporaryFile("w+") as complaints:
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=complaints) as make:
            loaded = subprocess.run(load, stdin=make.stdout, capture_output=True, check=False)
        if make.returncode or loaded.returncode:
            complaints.seek(0)
            raise EngineError(f"{' '.join(argv)}: {make.returncode}\n{complaints.read()}")
    docker("tag", loaded.stdout.decode().strip(), tag)
