"""NTFS reparse points: genuine symbolic links and junctions of Windows, by ntfs-3g.

Layout: [MS-FSCC] 2.1.2, REPARSE_DATA_BUFFER.
"""

from __future__ import annotations

import errno
import os
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .wslpath import drive

ATTRIBUTE = "system.ntfs_reparse_data"
IMAGE = "/C:\\"
"""The disk that the drive is on."""
DIRECTORY = 0x10
"""FILE_ATTRIBUTE_DIRECTORY."""
SYMLINK = 0xA000000C
JUNCTION = 0xA0000003


@dataclass(frozen=True)
class Link:
    """A link of Windows: its tag, the target as shown, whether that is relative."""

    tag: int
    target: str
    relative: bool = False

    def data(self) -> bytes:
        """The buffer that NTFS keeps."""
        unc = self.target.startswith("\\\\")
        native = "\\??\\UNC" + self.target[1:] if unc else "\\??\\" + self.target
        real = (self.target if self.relative else native).encode("utf-16le")
        shown = self.target.encode("utf-16le")
        if self.tag == JUNCTION:
            head = struct.pack("<HHHH", 0, len(real), len(real) + 2, len(shown))
            body = head + real + b"\0\0" + shown + b"\0\0"
        else:
            head = struct.pack("<HHHHI", 0, len(real), len(real), len(shown), self.relative)
            body = head + real + shown
        return struct.pack("<IHH", self.tag, len(body), 0) + body


def raw(path: str) -> bytes | None:
    """The reparse data of a path; None where it has none."""
    try:
        return os.getxattr(path, ATTRIBUTE, follow_symlinks=False)
    except OSError as error:
        if error.errno != errno.EIO:
            return None
    # ntfs-3g does not tell what it cannot follow; its own tool reads that from the disk.
    argv = ["ntfscat", "-f", "-a", "0xC0", IMAGE, path.removeprefix(drive())]
    return subprocess.run(argv, capture_output=True, check=True).stdout


def is_directory(path: str) -> bool:
    """Tell a link to a directory from one to a file."""
    flags = os.getxattr(path, "system.ntfs_attrib", follow_symlinks=False)
    return bool(int.from_bytes(flags, "little") & DIRECTORY)


def read(path: str) -> Link | None:
    """The link at a path; None where none is."""
    data = raw(path)
    if data is None:
        return None
    tag = int(struct.unpack_from("<I", data)[0])
    start = 20 if tag == SYMLINK else 16
    offset, size = struct.unpack_from("<HH", data, 12)
    return Link(tag, data[start + offset : start + offset + size].decode("utf-16le"))


def make(path: str, link: Link, *, directory: bool) -> None:
    """Make a link where nothing is."""
    if directory:
        Path(path).mkdir()
    else:
        Path(path).touch(exist_ok=False)
    os.setxattr(path, ATTRIBUTE, link.data(), follow_symlinks=False)
    # The kernel still holds the old kind of file: the first looks give EIO.
    for _ in range(20):
        try:
            os.lstat(path)
        except OSError:
            time.sleep(0.01)
        else:
            return
