"""Support for an exported deploy: the bytes of its files, and the conditions of its operations.

`envwright export pyinfra` copies this file verbatim beside the deploy as support.py, with the
modules of envwright.portable that it imports; nothing else of envwright is needed to run it.
"""

from __future__ import annotations

import base64
import io
import shlex
from typing import TYPE_CHECKING, Any

import dialects
from checksums import published
from download import download_script
from openpgp import OpenPGPError, trusted
from pyinfra.api.exceptions import OperationError
from pyinfra.api.facts import FactBase
from pyinfra.context import host
from safepath import change

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class ContentError(OperationError, OSError):
    """The content of a file cannot be had, or is refused.

    pyinfra shows an OperationError without a traceback while it reads deploy.py, and takes an
    OSError during an upload for the failure of that operation on that machine.
    """


class Bytes(FactBase["bytes | None"]):
    """What a script prints, byte for byte; None where the script fails."""

    def command(self, script: str) -> str:
        """Run the script; base64 carries any byte through pyinfra's text channels.

        Without the first line, nothing printed could not be told from a failure.
        """
        return (
            "file=$(mktemp) && trap 'rm -f \"$file\"' EXIT && "
            f'sh -c {shlex.quote(script)} >"$file" && echo bytes && base64 -w0 "$file"'
        )

    def process(self, output: list[str]) -> bytes:
        """Decode."""
        return base64.b64decode("".join(output[1:]))


def _read(script: str, failure: str) -> bytes:
    """Return what a script prints on the machine.

    Raises:
        ContentError: the script fails; the message begins with `failure`.
    """
    data: bytes | None = host.get_fact(Bytes, script=script, _ignore_errors=True)
    if data is None:
        raise ContentError(f"{failure} on {host.name}")
    return data


class Late(io.BytesIO):
    """A file whose bytes are made when they are read from its start, as often as that is.

    pyinfra reads it while it prepares, too, when the operations before it have not run yet.
    """

    based_on = ""
    """Of an edit: what it is an edit of (see safepath.operations)."""

    def __init__(self, make: Callable[[], bytes]) -> None:
        super().__init__()
        self._make = make

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, as any file."""
        if self.tell() == 0:
            self.truncate()
            self.write(self._make())
            self.seek(0)
        return super().read(size)


def content(text: str) -> io.BytesIO:
    """Return a text as a file."""
    return io.BytesIO(text.encode())


def edited(path: str, dialect: str, changes: Mapping[str, Any]) -> io.BytesIO:
    """Return a file of the machine with some keys set in its dialect, all else as it is."""

    def make() -> bytes:
        # What cannot be read must not be taken for empty: its other keys would be lost.
        said = _read(change("get", path), f"cannot read {path}")
        based_on, _, data = said.partition(b"\n")
        late.based_on = based_on.decode()
        text = data.decode("utf-8", "surrogateescape")
        new: str = dialects.get(dialect).edit(text, changes)
        return new.encode("utf-8", "surrogateescape")

    late = Late(make)
    return late


def key(wanted: Sequence[str], url: str = "", text: str = "") -> io.BytesIO:
    """Return an OpenPGP key, armored, that has exactly these fingerprints.

    A key that is given as a text is checked at once, before anything is changed; one at a URL
    when it is uploaded.

    Raises:
        ContentError: it is no key, or another one.
    """

    def check(data: bytes) -> bytes:
        try:
            armored: bytes = trusted(data, wanted)
        except OpenPGPError as error:
            origin = url or "the key in deploy.py"
            raise ContentError(f"refused {origin}: {error}") from error
        return armored

    if text:
        return io.BytesIO(check(text.encode("utf-8", "surrogateescape")))
    return Late(lambda: check(_download(url)))


def checksum(url: str, file: str) -> io.BytesIO:
    """Return the SHA-256 that a list at a URL has for a file.

    Raises:
        ContentError: when it is uploaded: the list has none.
    """

    def make() -> bytes:
        try:
            return f"{published(_download(url), file)}\n".encode()
        except ValueError as error:
            raise ContentError(f"{url} {error}") from error

    return Late(make)


def _download(url: str) -> bytes:
    return _read(download_script(url), f"cannot download {url}")


def changed(*operations: Any) -> Callable[[], bool]:
    """Return a condition for `_if`: one of these operations did something."""
    return lambda: any(operation.did_change() for operation in operations)
