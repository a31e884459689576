"""What is made once and kept in the user's cache, by one process at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "envwright-tests"


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """Make a thing while no other process does: the second finds the first one's work done."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def kept(name: str, make: Callable[[Path], Path]) -> Path:
    """Return what is kept under a name; where it is not there yet, it is made first.

    Args:
        name: its path below FOLDER.
        make: makes it in the folder that it gets, and returns where it is there.
    """
    made = FOLDER / name
    with alone(name.replace("/", "-")):
        if not made.exists():
            made.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
                make(Path(folder)).rename(made)
    return made
