"""The listing of a folder: what tells that a file came, went, or became executable.

Standard library only, and light: a plan that finds nothing to do imports it.
"""

from __future__ import annotations

import os
import stat


def listing(folder: str) -> bytes:
    """Return the names in a folder, each with whether its owner may execute it, and links' targets.

    Raises:
        OSError: the folder cannot be read.
    """
    with os.scandir(folder) as entries:
        lines = [_line(entry) for entry in entries]
    return os.fsencode("\n".join(sorted(lines)))


def _line(entry: os.DirEntry[str]) -> str:
    target = os.readlink(entry.path) if entry.is_symlink() else ""  # noqa: PTH115 - light
    return f"{entry.name}\0{int(bool(_mode(entry) & stat.S_IXUSR))}\0{target}"


def _mode(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_mode
    except OSError:  # a link that leads nowhere
        return 0
