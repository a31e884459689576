"""The files of a commit, written to disk without git: no filter, hook or attribute applies."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envwright.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envwright.fetch.git import Git

SIZE_LIMIT = 64 << 20
"""Bytes of all files together."""
COUNT_LIMIT = 20_000
"""How many files a commit may have."""
PREFIX = "tree-"
_ENTRY = re.compile(rb"(\d{6}) (\w+) (\w+) +(-|\d+)\t(.+)", re.DOTALL)


class _Entry(NamedTuple):
    mode: str
    id: str
    size: int
    path: str


@contextlib.contextmanager
def written(git: Git, commit: str, state: Path) -> Iterator[Path]:
    """Write the files of a commit into a new folder below `state`; remove the folder in the end.

    Raises:
        RefusedError: as `write` does.
    """
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=state) as name:
        folder = Path(os.path.realpath(name))
        write(git, commit, folder)
        yield folder


def write(git: Git, commit: str, folder: Path) -> None:
    """Write the files of a commit into an empty folder, whose path holds no link.

    Submodules are left out; the files of LFS stay the pointers that they are.

    Raises:
        RefusedError: the commit is too large, or a path or link in it leads out of the folder.
    """
    # Links come last, so that no file can be written through one.
    order = sorted(_entries(git, commit), key=lambda entry: entry.mode == "120000")
    contents = _contents(git, order)
    try:
        for entry in order:
            _write(folder, entry, next(contents))
    except (OSError, ValueError) as error:
        raise _refused(commit, f"cannot be written to disk: {error}") from None
    for entry in order:
        real = os.path.realpath(folder / entry.path)
        if entry.mode == "120000" and not is_inside(real, folder):
            raise _refused(commit, f"holds a link that leads out of it: {entry.path}")


def is_inside(path: str | Path, folder: Path) -> bool:
    """Tell whether a path lies in a folder, once all links are followed."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _entries(git: Git, commit: str) -> list[_Entry]:
    listing = git.call("ls-tree", "-r", "-z", "--long", "--full-tree", commit)
    if listing.code:
        raise _refused(commit, "cannot be listed")
    found = [_ENTRY.fullmatch(line) for line in listing.out.split(b"\0") if line]
    entries = [
        _Entry(entry[1].decode(), entry[3].decode(), int(entry[4]), os.fsdecode(entry[5]))
        for entry in found
        if entry and entry[2] == b"blob"
    ]
    for entry in entries:
        if any(part in {"", ".", ".."} or part.lower() == ".git" for part in entry.path.split("/")):
            raise _refused(commit, f"holds a path that no commit should have: {entry.path!r}")
    if len(entries) > COUNT_LIMIT or sum(entry.size for entry in entries) > SIZE_LIMIT:
        raise _refused(
            commit, f"holds more than {COUNT_LIMIT} files, or {SIZE_LIMIT >> 20} MiB of them"
        )
    return entries


def _contents(git: Git, entries: Sequence[_Entry]) -> Iterator[bytes]:
    """Yield the content of each entry: `<id> blob <size>`, the bytes, and a line end."""
    asked = "".join(f"{entry.id}\n" for entry in entries).encode()
    data = git.call("cat-file", "--batch", stdin=asked).out
    offset = 0
    for entry in entries:
        start = data.index(b"\n", offset) + 1
        offset = start + entry.size + 1
        if data[offset - 1 : offset] != b"\n":
            raise ValueError(f"{entry.path} is not there")
        yield data[start : offset - 1]


def _write(folder: Path, entry: _Entry, content: bytes) -> None:
    path = folder / entry.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if entry.mode == "120000":
        path.symlink_to(os.fsdecode(content))
        return
    mode = 0o700 if entry.mode == "100755" else 0o600
    # Nothing can be there already, but in a tree that was made to have two of one name.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)


def _refused(commit: str, what: str) -> RefusedError:
    return RefusedError(
        f"commit {commit[:12]} {what}", hint="nothing was changed; make a new commit without it"
    )
