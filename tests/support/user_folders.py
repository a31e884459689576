"""Folders of users that no machine has, for what root does in them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEV, EVE = 61001, 61002


def folder(path: Path, uid: int = DEV) -> Path:
    """Make a folder of a user's."""
    path.mkdir()
    os.chown(path, uid, uid)
    return path


def write(path: Path, text: str, uid: int = DEV) -> Path:
    """Write a file of a user's."""
    path.write_text(text)
    os.chown(path, uid, uid)
    return path


def link(path: Path, target: str) -> None:
    """Make a link of a user's."""
    path.symlink_to(target)
    os.chown(path, DEV, DEV, follow_symlinks=False)


@contextmanager
def entered_by_others(path: Path) -> Iterator[None]:
    """Let users get at a folder of pytest's, which are root's alone."""
    above = [place for place in (path, *path.parents) if not place.stat().st_mode & 0o001]
    modes = [place.stat().st_mode & 0o7777 for place in above]
    for place in above:
        place.chmod(0o755)
    try:
        yield
    finally:
        for place, mode in zip(above, modes, strict=True):
            place.chmod(mode)
