"""The cache folder: entries that are whole, and that nobody but the user could have written.

What is read from the cache decides what a plan says and what an apply does, and entries that were
not used for long are deleted. So the folder counts only where no other user can change anything:
every directory on the way to it belongs to root or to the user (for root: to root) and lets nobody
else write, and nothing on the way is a symbolic link. The way is walked by directory descriptors,
so that no later change of a name leads elsewhere. Where this does not hold, there is no cache.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENTRIES = 200
"""How many entries are kept; the ones unused for longest are deleted."""
LARGEST = 64 * 1024 * 1024
"""The most bytes of an entry: more is read neither by mistake nor by malice."""
PARTS = ("envwright", "envwright.deploys", "envwright.templates")
"""Our code: packages that may lie in different folders."""
DIGEST = 64
"""The length of a SHA-256 in hexadecimal digits: of an entry's name, and of its first field."""

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class ForeignError(PermissionError):
    """Another user could change what lies in a folder."""


def checksum(data: bytes) -> str:
    """Return a SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def name(*given: object) -> str:
    """Return the name of the entry for what is given, in this folder, by this state of our code."""
    home = os.environ.get("HOME", "")
    # Paths are kept as they were given: relative ones mean another file elsewhere.
    here = (*_code(), sys.version, sys.prefix, os.getcwd(), home)  # noqa: PTH109 - light
    return checksum(repr((here, given)).encode("utf-8", "surrogateescape"))


_states: list[tuple[tuple[str, int, int], ...]] = []


def _code() -> tuple[tuple[str, int, int], ...]:
    """Return what tells one state of our own code from another; a process looks once."""
    if not _states:
        _states.append(tuple(_scan()))
    return _states[0]


def _scan() -> Iterator[tuple[str, int, int]]:
    """Yield the path, the time of change and the size of each of our files."""
    places = [__import__(part, fromlist=["__path__"]).__path__ for part in PARTS]
    pending = list(dict.fromkeys(path for place in places for path in place))
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                if entry.name.endswith((".py", ".j2", ".pl", ".sh")):
                    status = entry.stat()
                    yield entry.path, status.st_mtime_ns, status.st_size
                elif not entry.name.startswith(("__", ".")) and entry.is_dir():
                    pending.append(entry.path)


# --- Entries -------------------------------------------------------------------------------


def read(entry: str) -> bytes | None:
    """Return what an entry holds; None where there is none that is whole and the user's own."""
    try:
        folder = _open_folder()
    except OSError:
        return None
    try:
        # O_NONBLOCK: a FIFO of that name would hold the run up.
        file = os.open(entry, _OPEN | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return None
    finally:
        os.close(folder)
    status = os.fstat(file)
    if not _is_own_file(status) or status.st_size > LARGEST:
        os.close(file)
        return None
    with open(file, "rb") as stream:  # noqa: PTH123 - light
        digest, payload = stream.read(DIGEST), stream.read(LARGEST)
    return payload if checksum(payload).encode() == digest else None


def touch(entry: str) -> None:
    """Record that an entry was of use."""
    try:
        folder = _open_folder()
    except OSError:
        return
    try:
        os.utime(entry, dir_fd=folder, follow_symlinks=False)
    except OSError:
        pass  # it is deleted sooner than it might be
    finally:
        os.close(folder)


def write(entry: str, payload: bytes) -> None:
    """Write an entry, whole or not at all; delete what was not used for longest.

    Args:
        entry: its name, of `name`.
        payload: what it is to hold.

    Raises:
        OSError: it cannot be written.
    """
    folder = _open_folder(create=True)
    new = f"{entry}.{os.urandom(4).hex()}"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(new, flags, 0o600, dir_fd=folder), "wb") as stream:  # noqa: PTH123 - light
            stream.write(checksum(payload).encode() + payload)
        os.replace(new, entry, src_dir_fd=folder, dst_dir_fd=folder)
        _clean(folder)
    finally:
        os.close(folder)


def _clean(folder: int) -> None:
    """Delete the entries that were not used for longest; whatever else lies there stays."""
    times = {}
    for file in filter(_is_entry, os.listdir(folder)):
        try:
            status = os.stat(file, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:  # another run cleans, too
            continue
        if _is_own_file(status):
            times[file] = status.st_mtime
    for file in sorted(times, key=times.__getitem__, reverse=True)[ENTRIES:]:
        try:  # noqa: SIM105 - contextlib costs 1 ms
            os.unlink(file, dir_fd=folder)
        except FileNotFoundError:
            pass  # another run cleans, too


def _is_entry(file: str) -> bool:
    """Tell whether a file's name is one of ours: a digest, and eight digits more while written."""
    digest, dot, unique = file.partition(".")
    lengths = (len(digest), len(unique)) in ((DIGEST, 0), (DIGEST, 8))
    return lengths and dot == "." * bool(unique) and set(digest + unique) <= set("0123456789abcdef")


def _is_own_file(status: os.stat_result) -> bool:
    own = status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_WRITE
    return own and stat.S_ISREG(status.st_mode)


# --- The folder ----------------------------------------------------------------------------


def place(*, create: bool = False) -> str:
    """Return the path of the cache folder, without links, for what is too large for an entry.

    Raises:
        OSError: as _open_folder does.
    """
    folder = _open_folder(create=create)
    try:
        return os.readlink(f"/proc/self/fd/{folder}")  # noqa: PTH115 - light
    finally:
        os.close(folder)


def _open_folder(*, create: bool = False) -> int:
    """Return a descriptor of the cache folder.

    Root under a user's HOME (`sudo -E`) has the cache of its own home: what root reads and deletes
    must not lie where that user can write.

    Raises:
        OSError: there is no cache folder, or another user could change what lies in it.
    """
    given = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - light
    try:
        return _walk(f"{given}/envwright", create=create)
    except ForeignError:
        if os.geteuid() != 0:
            raise
    import pwd  # noqa: PLC0415 - seldom needed

    return _walk(f"{pwd.getpwuid(0).pw_dir}/.cache/envwright", create=create)


def _walk(path: str, *, create: bool) -> int:
    """Open a folder from the root directory on, one name after the other."""
    names = [part for part in os.path.abspath(path).split("/") if part]  # noqa: PTH100 - light
    folder = os.open("/", _OPEN | os.O_DIRECTORY)
    try:
        _refuse_foreign(folder, last=False)
        for number, part in enumerate(names, 1):
            if create:
                try:  # noqa: SIM105 - contextlib costs 1 ms
                    os.mkdir(part, 0o700, dir_fd=folder)
                except FileExistsError:
                    pass
            inner = os.open(part, _OPEN | os.O_DIRECTORY, dir_fd=folder)
            os.close(folder)
            folder = inner
            _refuse_foreign(folder, last=number == len(names))
    except BaseException:
        os.close(folder)
        raise
    return folder


def _refuse_foreign(folder: int, *, last: bool) -> None:
    """Object to a directory in which another user could put or exchange something."""
    status, user = os.fstat(folder), os.geteuid()
    if status.st_uid not in ({user} if last else {0, user}):
        raise ForeignError("another user owns it")
    if not status.st_mode & _OTHERS_WRITE:
        return
    # In a directory with the sticky bit, as /tmp is, only the owner exchanges a file (unlink(2)).
    if status.st_mode & stat.S_ISVTX and not last:
        return
    if status.st_mode & stat.S_IWOTH or not _is_private(user, status.st_gid):
        raise ForeignError("others can write in it")


def _is_private(user: int, group: int) -> bool:
    """Tell whether a group is the user's alone, as Debian gives one to each user (adduser(8))."""
    import grp  # noqa: PLC0415 - seldom needed
    import pwd  # noqa: PLC0415 - seldom needed

    try:
        account, members = pwd.getpwuid(user), grp.getgrgid(group)
    except KeyError:
        return False
    own = account.pw_gid == group and account.pw_name == members.gr_name
    return own and not {*members.gr_mem} - {account.pw_name}


# --- The files that an entry depends on ------------------------------------------------------


def checksums_hold(files: Mapping[str, str]) -> bool:
    """Tell whether each file still has its checksum, and each folder that of its listing.

    The checksum of what cannot be read is "".
    """
    return all(_of_file(path) == known for path, known in files.items())


def _of_file(path: str) -> str:
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - light
            return checksum(stream.read())
    except IsADirectoryError:
        return _of_folder(path)
    except OSError:
        return ""


def _of_folder(path: str) -> str:
    """Return the checksum of a folder's listing, as a folder of files is noted by the reader."""
    from envwright.portable.listing import listing  # noqa: PLC0415 - seldom needed

    try:
        return checksum(listing(path))
    except OSError:
        return ""
