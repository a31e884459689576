"""Images that boot systemd: Debian 12 and 13, two with Ubuntu's face, a stand-in for WSL.

But for the last they are bare: what a fresh distribution lacks is not there. No python3, sudo,
curl, gnupg or ca-certificates, and no package lists.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

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


UBUNTU_26 = r"""
FROM {base}
RUN dpkg-divert --local --rename --add /usr/lib/os-release \
 && printf '%s\n' 'PRETTY_NAME="Ubuntu 26.04 LTS"' 'NAME="Ubuntu"' 'VERSION_ID="26.04"' \
    'VERSION="26.04 LTS (Resolute Raccoon)"' VERSION_CODENAME=resolute ID=ubuntu ID_LIKE=debian \
    UBUNTU_CODENAME=resolute LOGO=ubuntu-logo > /usr/lib/os-release
RUN apt-get update && apt-get install -y --no-install-recommends rust-coreutils sudo-rs \
 && apt-get clean && rm -rf /var/lib/apt/lists/*_*
RUN printf '%s\n' 'Defaults env_reset' 'root ALL=(ALL:ALL) ALL' '%sudo ALL=(ALL:ALL) ALL' \
    '@includedir /etc/sudoers.d' > /etc/sudoers && chmod 0440 /etc/sudoers \
 && ln -s sudo-rs /usr/bin/sudo && ln -s visudo-rs /usr/sbin/visudo
RUN rm -f /etc/apt/sources.list && printf '%s\n' 'Types: deb' 'URIs: {mirror}' \
    'Suites: trixie' 'Components: main' \
    'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg' \
    > /etc/apt/sources.list.d/ubuntu.sources
RUN for path in /usr/lib/cargo/bin/coreutils/*; do \
        name=$(basename "$path") && tool=/usr/bin/$name; \
        [ -e "$tool" ] || tool=/usr/sbin/$name; [ -e "$tool" ] || continue; \
        case $name in cp | mv | rm | mkdir) continue ;; esac; \
        dpkg-divert --local --divert "$tool.gnu" --rename --add "$tool" \
     && /usr/bin/coreutils ln -s "$path" "$tool" || exit; \
    done
"""
"""The tools of Ubuntu 26.04: Rust's coreutils (but cp, mv and rm are GNU's), sudo-rs, apt 3, and
sources in deb822 style. The packages, though, are those of Debian 13, whose older mkdir of Rust
does not know the -Z of the package openssh-server."""


@dataclass(frozen=True)
class Recipe:
    """How an image is made: the argv whose stdout is its root filesystem, or a Dockerfile.

    Args:
        name: what tests call it.
        bootstrap: the argv.
        base: the name of the recipe that the Dockerfile builds on.
        dockerfile: its text.
        context: a folder that holds the Dockerfile and what it copies, instead of the text.
        options: further arguments of `docker run` that the machine needs.
    """

    name: str
    bootstrap: tuple[str, ...] = ()
    base: str = ""
    dockerfile: str = ""
    context: Path | None = None
    options: tuple[str, ...] = ()

    def tag(self) -> str:
        """The image's name; its tag is a digest of the recipe and of those that it builds on."""
        base = RECIPES[self.base].tag() if self.base else ""
        made_of = repr((self.bootstrap, base, self.dockerfile))
        if self.context:
            files = sorted(_files(self.context))
            made_of += repr([(path.name, path.read_bytes()) for path in files])
        digest = hashlib.sha256(made_of.encode()).hexdigest()[:12]
        return f"envwright-test/{self.name}:{digest}"


def _files(context: Path) -> list[Path]:
    """Return what counts in a folder: not what Python leaves there."""
    found = (path for path in context.rglob("*") if path.is_file())
    return [path for path in found if "__pycache__" not in path.parts]


WSL = (
    "--device=/dev/fuse",
    "--env=container=wsl",
    "--env=WSL_DISTRO_NAME=Debian",
    # wsl.exe --terminate shuts it down, and Windows starts it again when it is wanted.
    "--restart=always",
)
"""What the stand-in for WSL needs: see wsl/boot.sh."""

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("debian13", bootstrap=(*DEBIAN, "trixie", "-", MIRROR)),
        Recipe("debian12", bootstrap=(*DEBIAN, "bookworm", "-", MIRROR)),
        Recipe("ubuntu", base="debian12", dockerfile=UBUNTU),
        Recipe("ubuntu26", base="debian13", dockerfile=UBUNTU_26),
        Recipe("wsl", base="debian13", context=Path(__file__).parent / "wsl", options=WSL),
    )
}


def image(name: str) -> str:
    """The tag of an image of RECIPES, which is built when it is not there yet."""
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
    base = image(recipe.base)
    argv = ["docker", "build", "--quiet", "--tag", tag, f"--build-arg=BASE={base}"]
    # The engine's own builder: BuildKit's is a package of its own in some distributions.
    done = subprocess.run(
        [*argv, str(recipe.context or "-")],
        env={**os.environ, "DOCKER_BUILDKIT": "0"},
        input=recipe.dockerfile.format(base=base, mirror=MIRROR),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise EngineError(f"{recipe.name}: {done.returncode}\n{done.stdout}{done.stderr}")


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
