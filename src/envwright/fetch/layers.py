"""Fetches layers into the cache: commits of git repositories, files of web servers."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from envwright.cache import layers as kept
from envwright.errors import EnvwrightError, RefusedError, SpecError
from envwright.fetch.repository import Repository
from envwright.fetch.web import download
from envwright.spec import layers, lockfile
from envwright.spec.addresses import GitAddress, MissingLayer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from envwright.spec.addresses import Address
    from envwright.spec.trees import Tree


_NEW = ".new-"
_LONGEST = 86400
"""Seconds after which a folder that begins so was left by a run that was killed."""


def fetch(address: Address, pin: str) -> None:
    """Fetch a layer into the cache.

    Args:
        address: where it comes from.
        pin: the commit or SHA-256 that it must be.

    Raises:
        EnvwrightError: it cannot be had, or is another.
    """
    if isinstance(address, GitAddress):
        with Repository.new(address, pin) as repository:
            with _new(address, pin) as folder:
                repository.write(pin, folder)
            if address.signers:
                kept.signature(address, kept.place(address, pin)).touch()
    else:
        keep(address, pin, download(address, pin))


def keep(address: Address, pin: str, data: bytes) -> None:
    """Put the file of a web server into the cache."""
    with _new(address, pin) as folder:
        (folder / "fetched").write_bytes(data)


def fetch_all(environment: str, files: Sequence[str], tell: Callable[[str], None]) -> None:
    """Fetch all layers of an environment that are not in the cache, for all kinds of machine.

    Args:
        environment: its file.
        files: those that are laid over it.
        tell: tells a person what is being fetched.

    Raises:
        SpecError, SpecErrors: a layer cannot be fetched, or a file cannot be read.
    """
    find = kept.finder(environment)
    lock = lockfile.read(environment)

    def fetching(address: Address) -> Tree:
        try:
            return find(address)
        except MissingLayer:
            tell(f"Fetching {address} ...")
            with located():
                fetch(address, address.pinned or lock.pin(address))
            return find(address)

    layers.load([environment, *files], None, fetching)


@contextlib.contextmanager
def located() -> Iterator[None]:
    """Tell what goes wrong with a layer at the place that names the layer."""
    try:
        yield
    except SpecError:
        raise
    except EnvwrightError as error:
        raise SpecError(error.message, hint=error.hint) from None


@contextlib.contextmanager
def _new(address: Address, pin: str) -> Iterator[Path]:
    """Return an empty folder; what is put into it takes its place in the cache at the end."""
    try:
        place = Path(kept.place(address, pin, create=True))
    except OSError as error:
        raise RefusedError(
            f"there is no cache for layers: {error.strerror or error}",
            hint="layers are kept in ~/.cache/envwright, where nobody else may write; "
            "XDG_CACHE_HOME names another folder",
        ) from None
    for left in place.parent.glob(f"{_NEW}*"):
        if left.stat().st_mtime < time.time() - _LONGEST:
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_NEW, dir=place.parent))
    new = folder / "new"
    new.mkdir()
    try:
        yield new
        made = new if isinstance(address, GitAddress) else new / "fetched"
        # What is there was changed, or another run was faster: then it is the same.
        with contextlib.suppress(FileNotFoundError):
            place.replace(folder / "old")
        with contextlib.suppress(OSError):
            made.replace(place)
        if isinstance(address, GitAddress):
            kept.record(str(place)).write_text(kept.content(str(place)), "utf-8")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
