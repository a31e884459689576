"""Support for an exported deploy: the bytes of its files, and the conditions of its operations.

`envwright export pyinfra` copies this file beside the deploy as support.py, with the modules of
envwright.portable that it imports. The deploy needs nothing else of envwright.
"""

from __future__ import annotations

import base64
import io
import shlex
from types import MappingProxyType
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

NONE: Mapping[str, Any] = MappingProxyType({})


class ContentError(OperationError, OSError):
    """The content of a file cannot be read or downloaded, or is refused.

    It is both errors that pyinfra handles: an OperationError is shown without a traceback while
    pyinfra reads deploy.py; an OSError during an upload fails the operation on that machine.
    """


class Bytes(FactBase["bytes | None"]):
    """The output of a script, byte for byte; None where the script fails."""

    def command(self, script: str) -> str:
        """Return the command; base64 carries any byte through pyinfra's text channels.

        The line `bytes` distinguishes an empty output from a failure.
        """
        return (
            "file=$(mktemp) && trap 'rm -f \"$file\"' EXIT && "
            f'sh -c {shlex.quote(script)} >"$file" && echo bytes && base64 -w0 "$file"'
        )

    def process(self, output: list[str]) -> bytes:
        """Return the decoded bytes."""
        return base64.b64decode("".join(output[1:]))


def _read(script: str, failure: str) -> bytes:
    """Return the output of a script on the machine.

    Raises:
        ContentError: the script fails; the message begins with `failure`.
    """
    data: bytes | None = host.get_fact(Bytes, script=script, _ignore_errors=True)
    if data is None:
        raise ContentError(f"{failure} on {host.name}")
    return data


class Late(io.BytesIO):
    """A file whose bytes are made anew each time it is read from its start.

    pyinfra reads the file also while it prepares, before the earlier operations have run.
    """

    based_on = ""
    """For an edit: the old file that it edits (see safepath.operations)."""

    def __init__(self, make: Callable[[], bytes]) -> None:
        super().__init__()
        self._make = make

    def read(self, size: int | None = -1, /) -> bytes:
        """Read as from any file; at the start of the file, make its bytes first."""
        if self.tell() == 0:
            self.truncate()
            self.write(self._make())
            self.seek(0)
        return super().read(size)


def content(text: str) -> io.BytesIO:
    """Return a text as an open file."""
    return io.BytesIO(text.encode("utf-8", "surrogateescape"))


def edited(
    path: str,
    dialect: str,
    changes: Mapping[str, Any],
    defaults: Mapping[str, Any] = NONE,
    published: Mapping[str, str] = NONE,
) -> io.BytesIO:
    """Return a file of the machine with some keys set, and all other bytes unchanged.

    The defaults are set where the file leaves them open. Lines that the file lacks are looked up
    by their keys in the texts that are published at URLs.
    """

    def make() -> bytes:
        # What cannot be read must not be taken for empty: its other keys would be lost.
        said = _read(change("get", path), f"cannot read {path}")
        based_on, _, data = said.partition(b"\n")
        late.based_on = based_on.decode()
        text = data.decode("utf-8", "surrogateescape")
        more = dialects.left_open(dialect, text, defaults)
        for line in dialects.lacking(dialect, text, published):
            lines = _download(published[line]).decode("utf-8", "surrogateescape")
            more[dialects.published(dialect, lines, line)] = True
        new: str = dialects.get(dialect).edit(text, {**changes, **more})
        return new.encode("utf-8", "surrogateescape")

    late = Late(make)
    return late


def key(wanted: Sequence[str], url: str = "", text: str = "") -> io.BytesIO:
    """Return an OpenPGP key, armored, that has the first of these fingerprints, and no others.

    A key that is given as text is checked at once, before anything is changed. A key at a URL is
    checked when it is uploaded.

    Raises:
        ContentError: the data are no key, or another key.
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
    """Return a file with the SHA-256 that a list at a URL has for an archive.

    Raises:
        ContentError: the list has no SHA-256 of the archive; raised when the file is uploaded.
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
    """Return a condition for `_if`: one of these operations changed something."""
    return lambda: any(operation.did_change() for operation in operations)
