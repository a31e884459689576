"""Whole files: a file that is written whole or not at all, in a folder that is held open."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write(folder: int, name: str, data: bytes, mode: int = 0o600) -> None:
    """Write a file, or leave the one that is there as it is.

    Args:
        folder: the descriptor of the folder.
        name: the file's name in the folder.
        data: what the file is to hold.
        mode: the file's mode, whatever the umask is.

    Raises:
        OSError: the file cannot be written.
    """
    new = f".{os.urandom(8).hex()}.new"
    try:
        with open(os.open(new, _NEW, 0o600, dir_fd=folder), "wb") as file:  # noqa: PTH123 - in a folder
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        try:  # noqa: SIM105 - a name that is free is what is wanted
            os.unlink(new, dir_fd=folder)
        except OSError:
            pass
        raise


def open_folder(path: Path, *, through_links: bool = True) -> int:
    """Return the descriptor of a folder; the caller closes it.

    Args:
        path: the folder's absolute path.
        through_links: symbolic links on the way are followed. A user who can change a folder on
            the way must not lead root elsewhere by a link: then no link is followed.

    Raises:
        OSError: there is no such folder.
    """
    if through_links:
        return os.open(path, _FOLDER)
    folder = os.open(path.anchor, _FOLDER)
    for part in path.parts[1:]:
        try:
            inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
        finally:
            os.close(folder)
        folder = inner
    return folder
