"""Installers: what puts tools on a site before they can run there; each serves some tools."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import HOUSE
from benchmarks.sites import PrepareError

if TYPE_CHECKING:
    from benchmarks.sites import Site

ANSIBLE = "2.19.14"
MISE = "2026.9.15"

PACKED = ("deploys", "templates", "environments", "src", "pyproject.toml", "setup.py", "README.md")
"""What of this checkout pip builds envwright from."""
LOCK = "requirements.lock"


def locked(site: Site) -> None:
    """Install this checkout with its locked dependencies, pyinfra and testinfra among them."""
    skip = ("--exclude=__pycache__", "--exclude=*.egg-info", "--owner=root")
    pack = ["tar", "-C", str(HOUSE), *skip, "-cf", "-", *PACKED, LOCK]
    _install(site, "envwright", subprocess.run(pack, capture_output=True, check=True).stdout)


def before(commit: str, site: Site) -> None:
    """Install an older commit of this repository, with the dependencies that it locks.

    Raises:
        PrepareError: there is no such commit here.
    """
    pack = ["git", "-C", str(HOUSE), "archive", "--format=tar", commit]
    done = subprocess.run(pack, capture_output=True, check=False)
    if done.returncode:
        raise PrepareError(done.stderr.decode("utf-8", "replace").strip())
    _install(site, "envwright-before", done.stdout)


def _install(site: Site, name: str, packed: bytes) -> None:
    site.unpack(f"{name}-checkout", packed)
    site.venv(
        name,
        f"--require-hashes --requirement {name}-checkout/{LOCK}",
        f"--no-deps --no-build-isolation ./{name}-checkout",
    )


def ansible(site: Site) -> None:
    """Install ansible-core alone: the modules that R1 needs are all in it."""
    site.venv("ansible", f"ansible-core=={ANSIBLE}")


def mise(site: Site) -> None:
    """Install the prebuilt binary that npm's package carries."""
    site.sh("cat >mise; chmod +x mise", _mise())


@functools.cache
def _mise() -> bytes:
    """The binary.

    `@jdxcode/mise` only installs the package of its platform by a script, and npm may be told to
    run none: so that package is asked for directly.
    """
    if shutil.which("npm") is None:
        raise PrepareError("npm is not installed")
    platform = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}.get(os.uname().machine)
    package = f"@jdxcode/mise-{platform}"
    with tempfile.TemporaryDirectory() as folder:
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        install = ["npm", "install", *quiet, "--prefix", folder, f"{package}@{MISE}"]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PrepareError(f"npm cannot install {package}: {done.stderr.strip()[-200:]}")
        return (Path(folder) / "node_modules" / package / "bin" / "mise").read_bytes()


INSTALLERS = {"locked": locked, "ansible": ansible, "mise": mise}
"""By the names that tools give them; `before` takes a commit, too: see `bench.Bench`."""
