"""The cache of layers: commits of git and files of web servers, each fetched once and kept.

A commit lies in a folder of its name, a file of a web server under its SHA-256. Both names say what
the content is, whichever address it came from; so nothing here is ever stale. What was changed here
afterwards, by hand or by a disk, counts as not being here.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from envwright.cache import storage
from envwright.errors import SpecError
from envwright.spec import lockfile
from envwright.spec.addresses import GitAddress, MissingLayer
from envwright.spec.trees import Tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from envwright.spec.addresses import Address
    from envwright.spec.lockfile import Lock

FOLDER = "layers"


def place(address: Address, pin: str, *, create: bool = False) -> str:
    """Return the path of a layer in the cache, whether it is there or not.

    Args:
        address: the address.
        pin: the commit or SHA-256 that it stands for.
        create: make the folder above.

    Raises:
        OSError: there is no folder for it in which nobody else could change anything.
    """
    kind = "git" if isinstance(address, GitAddress) else "sha256"
    folder = Path(storage.place(create=create), FOLDER, kind)
    if create:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return str(folder / (pin if kind == "git" else f"{pin}.yaml"))


def content(path: str) -> str:
    """Return the SHA-256 of a layer: of a file its own, of a folder that of all files in it.

    Raises:
        OSError: it cannot be read.
    """
    if not os.path.isdir(path):  # noqa: PTH112 - a text
        return storage.checksum(Path(path).read_bytes())
    files = sorted(each for each in Path(path).rglob("*") if each.is_symlink() or each.is_file())
    told = [
        (
            str(each.relative_to(path)),
            str(each.readlink()) if each.is_symlink() else storage.checksum(each.read_bytes()),
        )
        for each in files
    ]
    return storage.checksum(repr(told).encode("utf-8", "surrogateescape"))


def record(path: str) -> Path:
    """Return the file that stands beside a commit, with the SHA-256 of its content."""
    return Path(f"{path}.content")


def signature(address: GitAddress, place_: str) -> Path:
    """Return the file that stands beside a commit whose signature was found good.

    Its name says for which name of the commit, and for which signers.
    """
    known = storage.checksum(repr((address.ref, address.signers)).encode())
    return Path(f"{place_}.signed-{known}")


def tree(address: Address, pin: str, lock: Lock | None = None) -> Tree | None:
    """Return a layer of the cache; None where it is not there, or not whole.

    Args:
        address: the address.
        pin: the commit or SHA-256 that it stands for.
        lock: where that is recorded, if the address does not say it itself.
    """
    try:
        path = place(address, pin)
        if isinstance(address, GitAddress):
            signed = not address.signers or signature(address, path).is_file()
            whole = signed and content(path) == record(path).read_text("utf-8")
        else:
            whole = content(path) == pin
    except OSError:
        return None
    if not whole:
        return None
    depends = MappingProxyType({lock.path: lock.checksum} if lock else {})
    before = f"{address.tree}:" if isinstance(address, GitAddress) else address.url
    return Tree(path, before, "", depends)


def finder(environment: str) -> Callable[[Address], Tree]:
    """Return what finds the layers of an environment in the cache.

    Args:
        environment: its file, beside which its lock lies.
    """
    locks: list[Lock] = []
    # An environment is compiled for many kinds of machine, and a layer is looked through once.
    known: dict[Address, Tree] = {}

    def find(address: Address) -> Tree:
        if address in known:
            return known[address]
        lock = None
        if not address.pinned:
            if not locks:
                locks.append(lockfile.read(environment))
            lock = locks[0]
        pin = lock.pin(address) if lock else address.pinned
        if not pin:
            raise _unlocked(address, environment)
        found = tree(address, pin, lock)
        if found is None:
            raise MissingLayer(
                f"{address} is not in the cache of layers",
                hint="`envwright check` without --offline fetches it",
            )
        known[address] = found
        return found

    return find


def _unlocked(address: Address, environment: str) -> SpecError:
    what = "commit" if isinstance(address, GitAddress) else "content"
    return SpecError(
        f"{lockfile.path_for(environment)} does not say which {what} {address.key} stands for",
        hint=f"run `envwright lock {shlex.quote(environment)}`: it finds that out and records it",
    )
