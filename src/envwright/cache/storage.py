"""Files that are kept between runs: the user's own, whole or not at all, checked when read."""

from __future__ import annotations

import hashlib
import importlib
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENTRIES = 200
"""How many entries are kept; the ones unused for longest go."""
PARTS = ("envwright", "envwright.deploys", "envwright.templates")
"""Our code: packages that may lie apart."""
DIGEST = 64
"""The length of a SHA-256 in hexadecimal digits."""


def checksum(data: bytes) -> str:
    """Return a SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def place(*given: object) -> str:
    """Return the path of the entry for what is given, here, by this state of our own code."""
    home = os.environ.get("HOME", "")
    folder = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - light
    # Paths are kept as they were given: relative ones mean another file elsewhere.
    here = (*_code(), sys.version, sys.prefix, os.getcwd(), home)  # noqa: PTH109 - light
    name = checksum(repr((here, given)).encode("utf-8", "surrogateescape"))
    return f"{folder}/envwright/{name}"


def _code() -> Iterator[tuple[str, int, int]]:
    """Yield what tells one state of our own code from another."""
    places = [importlib.import_module(name).__path__ for name in PARTS]
    pending = list(dict.fromkeys(path for place in places for path in place))
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in sorted(entries, key=lambda e: e.name):
                if entry.name.endswith((".py", ".j2")):
                    status = entry.stat()
                    yield entry.path, status.st_mtime_ns, status.st_size
                elif not entry.name.startswith(("__", ".")) and entry.is_dir():
                    pending.append(entry.path)


def read(file: str) -> bytes | None:
    """Return what an entry holds; None where there is none that is whole and the user's own."""
    try:
        with open(file, "rb") as stream:  # noqa: PTH123 - light
            if os.fstat(stream.fileno()).st_uid != os.getuid():
                return None
            digest, payload = stream.read(DIGEST), stream.read()
    except OSError:
        return None
    return payload if checksum(payload).encode() == digest else None


def touch(file: str) -> None:
    """Note that an entry was of use."""
    try:  # noqa: SIM105 - contextlib costs 1 ms
        os.utime(file)
    except OSError:
        pass  # it goes sooner than it might


def write(file: str, payload: bytes) -> None:
    """Write an entry; OSError where it cannot be.

    Args:
        file: its path, of `place`.
        payload: what it is to hold.
    """
    folder = os.path.dirname(file)  # noqa: PTH120 - light
    os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103 - light
    new = f"{file}.{os.urandom(4).hex()}"
    with open(new, "xb") as stream:  # noqa: PTH123 - light
        stream.write(checksum(payload).encode() + payload)
    os.replace(new, file)  # noqa: PTH105 - light
    with os.scandir(folder) as entries:
        kept = sorted(entries, key=lambda entry: entry.stat().st_mtime, reverse=True)
    for entry in kept[ENTRIES:]:
        os.unlink(entry.path)  # noqa: PTH108 - light


def checksums_hold(files: Mapping[str, str]) -> bool:
    """Tell whether each file still has its checksum; that of one that cannot be read is ""."""
    return all(_of_file(path) == known for path, known in files.items())


def _of_file(path: str) -> str:
    try:
        with open(path, "rb") as stream:  # noqa: PTH123 - light
            return checksum(stream.read())
    except OSError:
        return ""
