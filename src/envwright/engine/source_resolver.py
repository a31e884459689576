"""Resolve the source of a file into its bytes, at the moment when the file is uploaded."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from envwright.errors import RefusedError, StepError
from envwright.facts import decode
from envwright.host.error_hints import evidence
from envwright.model.operations import Checksum, Content, Edited, Key
from envwright.portable import dialects
from envwright.portable.checksums import published
from envwright.portable.download import download_script
from envwright.portable.openpgp import OpenPGPError, WrongKeyError, trusted

if TYPE_CHECKING:
    from envwright.host.session import Session
    from envwright.model.operations import Source
    from envwright.model.secrets import Secrets


class Resolved(io.BytesIO):
    """The bytes that a source stands for; of an edit, what it was `based_on` (Session.get)."""

    based_on = ""


def resolve(source: Source, session: Session, secrets: Secrets) -> Resolved:
    """Return the bytes that a source stands for, as an open file.

    Raises:
        StepError: a download failed, or the file to edit cannot be read in its dialect.
        RefusedError: a key is not the one that was named, or no checksum is listed.
    """
    if isinstance(source, Content):
        return Resolved(_encode(secrets.reveal(source.text)))
    if isinstance(source, Edited):
        return _edited(source, session, secrets)
    if isinstance(source, Checksum):
        return Resolved(_checksum(source, session))
    return Resolved(_key(source, session))


def _edited(source: Edited, session: Session, secrets: Secrets) -> Resolved:
    changes = {
        key: secrets.reveal(value) if isinstance(value, str) else value
        for key, value in source.changes.items()
    }
    # What cannot be read is not taken for empty: its other keys would be lost.
    based_on, data = session.get(source.path)
    try:
        text = dialects.get(source.dialect).edit(decode(data), changes)
    except dialects.DialectError as error:
        raise StepError(f"{source.path}: {error}") from error
    resolved = Resolved(_encode(text))
    resolved.based_on = based_on
    return resolved


def _key(source: Key, session: Session) -> bytes:
    data = _download(source.url, session) if source.url else _encode(source.text)
    origin = source.url or "the key in the environment"
    try:
        return trusted(data, source.fingerprints)
    except WrongKeyError as error:
        raise RefusedError(
            f"{origin} {error}",
            hint="nothing was trusted; compare with the fingerprint that the publisher announces",
        ) from error
    except OpenPGPError as error:
        raise RefusedError(
            f"{origin} is no OpenPGP public key: {error}",
            hint="open the address in a browser; a proxy may have answered instead",
        ) from error


def _checksum(source: Checksum, session: Session) -> bytes:
    try:
        return f"{published(_download(source.url, session), source.file)}\n".encode()
    except ValueError as error:
        raise RefusedError(
            f"{source.url} {error}",
            hint="is there such a version for this architecture? where a mirror lists no "
            "checksums, write the publisher's into the environment",
        ) from error


def _download(url: str, session: Session) -> bytes:
    """Return a file that the machine itself downloads.

    Raises:
        StepError: the machine cannot; the message has what apt says of it.
    """
    result = session.run(download_script(url))
    if not result.ok:
        # E: Failed to fetch https://... 404 Not Found
        words = "\n".join(evidence(decode(result.stderr)))
        reason = re.search(rf"^E: Failed to fetch {re.escape(url)} +(.*)", words, re.MULTILINE)
        said = reason[1] if reason else "no answer"
        raise StepError(
            f"{session.name} cannot download {url}: {said}",
            hint="look at the address, the machine's network, proxy and certificates",
        )
    return result.stdout


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
