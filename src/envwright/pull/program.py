"""The program that the timer starts: this very envwright, if only root can change it."""

from __future__ import annotations

import importlib
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from envwright.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BOOTSTRAP = "ENVWRIGHT_BOOTSTRAP"
"""The environment variable by which ./bootstrap says where it is."""
PACKAGES = ("envwright", "envwright.deploys", "envwright.templates")


def words() -> tuple[str, ...]:
    """Return the command that runs envwright: ./bootstrap where that started it, else Python."""
    bootstrap = os.environ.get(BOOTSTRAP)
    if bootstrap:
        return (bootstrap,)
    # -I: neither the working directory nor variables of anyone decide what is imported.
    return (sys.executable, "-I", "-m", "envwright")


def places() -> Iterator[Path]:
    """Yield the files and folders whose content the timer would run as root."""
    yield Path(words()[0])
    if sys.prefix != sys.base_prefix:
        yield Path(sys.prefix)
    for name in PACKAGES:
        yield from map(Path, importlib.import_module(name).__path__)


def check(paths: Iterable[Path]) -> None:
    """Refuse a program that somebody else than root can change.

    Raises:
        RefusedError: with the first path that it can be changed by.
    """
    seen: set[Path] = set()
    for path in dict.fromkeys(place.resolve() for place in paths):
        for part in (*reversed(path.parents), path, *_below(path)):
            if part not in seen and _is_others(part):
                raise RefusedError(
                    f"the timer would run {path} as root, and {part} can be changed by others",
                    hint="install envwright where only root can write, such as a clone that root "
                    "made: sudo git clone ... /opt/envwright; sudo /opt/envwright/bootstrap "
                    "pull install ...",
                )
            seen.add(part)


def _below(folder: Path) -> Iterator[Path]:
    for name, folders, files in os.walk(folder):
        yield from (Path(name, entry) for entry in (*folders, *files))


def _is_others(path: Path) -> bool:
    status = path.lstat()
    if status.st_uid != 0:
        return True
    if stat.S_ISLNK(status.st_mode):
        return False
    by_group = status.st_mode & stat.S_IWGRP and status.st_gid != 0
    return bool(by_group or status.st_mode & stat.S_IWOTH)
