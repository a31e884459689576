"""Support of an exported deploy: contents that are known only when the machine is being changed.

`envwright export pyinfra` copies this file verbatim beside the deploy as support.py, with
openpgp.py and the package dialects; nothing else of envwright is needed to run it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import shlex
from typing import TYPE_CHECKING, Any

import dialects
from checksums import published
from openpgp import fingerprints
from pyinfra.api.facts import FactBase
from pyinfra.context import host
from pyinfra.facts.files import Sha1File

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Bytes(FactBase[bytes]):
    """What a script prints, byte for byte."""

    default = bytes

    def command(self, script: str) -> str:
        """Run the script; base64 carries any byte through pyinfra's text channels."""
        return f"sh -c {shlex.quote(script)} | base64 -w0"

    def process(self, output: list[str]) -> bytes:
        """Decode."""
        return base64.b64decode("".join(output))


class Late(io.BytesIO):
    """A file whose bytes are made when they are first read: after the operations before it."""

    def __init__(self, make: Callable[[], bytes]) -> None:
        super().__init__()
        self._make: Callable[[], bytes] | None = make

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, as any file."""
        if self._make:
            make, self._make = self._make, None
            self.write(make())
            self.seek(0)
        return super().read(size)


def content(text: str) -> io.BytesIO:
    """Return a text as a file."""
    return io.BytesIO(text.encode())


def edited(path: str, dialect: str, changes: Mapping[str, Any]) -> io.BytesIO:
    """Return a file of the machine with some keys set in its dialect, all else as it is."""

    def make() -> bytes:
        quoted = shlex.quote(path)
        data = host.get_fact(Bytes, script=f"[ ! -e {quoted} ] || cat -- {quoted}")
        text = data.decode("utf-8", "surrogateescape")
        new: str = dialects.get(dialect).edit(text, changes)
        return new.encode("utf-8", "surrogateescape")

    return Late(make)


def key(wanted: Sequence[str], url: str = "", text: str = "") -> io.BytesIO:
    """Return an OpenPGP key that has exactly these fingerprints, or object."""

    def make() -> bytes:
        data: bytes = host.get_fact(Bytes, script=_DOWNLOAD.format(url=shlex.quote(url)))
        if list(fingerprints(data)) != list(wanted):
            raise ValueError(f"{url} has the fingerprints {fingerprints(data)}, not {wanted}")
        return data

    return content(text) if text else Late(make)


def checksum(url: str, file: str) -> io.BytesIO:
    """Return the SHA-256 that a list at a URL has for a file, or object."""

    def make() -> bytes:
        index = host.get_fact(Bytes, script=_DOWNLOAD.format(url=shlex.quote(url)))
        return f"{published(index, file)}\n".encode()

    return Late(make)


_DOWNLOAD = """
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && chmod 755 "$folder"
chown _apt "$folder" 2>/dev/null || :
/usr/lib/apt/apt-helper download-file {url} "$folder/file" >&2 && cat "$folder/file"
"""


def differs(source: io.BytesIO, path: str) -> Callable[[], bool]:
    """Return a condition for `_if`: the file of the machine does not hold these bytes."""

    def check() -> bool:
        source.seek(0)
        wanted = hashlib.sha1(source.read()).hexdigest()  # noqa: S324 - what pyinfra's fact gives
        source.seek(0)
        return bool(host.get_fact(Sha1File, path=path) != wanted)

    return check


def changed(*operations: Any) -> Callable[[], bool]:
    """Return a condition for `_if`: one of these operations did something."""
    return lambda: any(operation.did_change() for operation in operations)
