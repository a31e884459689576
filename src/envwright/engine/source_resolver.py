"""Resolves the source of a file into its bytes, at the moment when the file is uploaded."""

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
    """The bytes of a source; for an edit, `based_on` says which old file it edits (Session.get)."""

    based_on = ""


def resolve(source: Source, session: Session, secrets: Secrets) -> Resolved:
    """Return the bytes of a source, as an open file.

    Raises:
        StepError: a download failed, or the file to edit cannot be read in its dialect.
        RefusedError: a key has another fingerprint than the environment names, or what was
            published lacks the key or the file.
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
    # A file that cannot be read must not be taken for empty: its other keys would be lost.
    based_on, data = session.get(source.path)
    text = decode(data)
    try:
        changes |= dialects.left_open(source.dialect, text, source.defaults)
        changes |= _published(source, text, session)
        text = dialects.get(source.dialect).edit(text, changes)
    except dialects.DialectError as error:
        raise StepError(f"{source.path}: {error}") from error
    resolved = Resolved(_encode(text))
    resolved.based_on = based_on
    return resolved


def _published(source: Edited, text: str, session: Session) -> dict[str, bool]:
    """Return the lines of the published keys that a text lacks, downloaded by the machine."""
    lines = {}
    for key in dialects.lacking(source.dialect, text, source.published):
        url = source.published[key]
        try:
            lines[dialects.published(source.dialect, decode(_download(url, session)), key)] = True
        except dialects.DialectError as error:
            raise RefusedError(
                f"{url} {error}",
                hint="nothing was added; ask its owner which keys are there now, and name these",
            ) from error
    return lines


def _key(source: Key, session: Session) -> bytes:
    data = _download(source.url, session) if source.url else _encode(source.text)
    origin = source.url or "the key in the environment"
    try:
        return trusted(data, source.fingerprints)
    except WrongKeyError as error:
        raise RefusedError(
            f"{origin} {error}",
            hint="no key was trusted; compare with the fingerprint that the publisher announces",
        ) from error
    except OpenPGPError as error:
        raise RefusedError(
            f"{origin} is no OpenPGP public key: {error}",
            hint="open the address in a browser: a proxy may have answered instead",
        ) from error


def _checksum(source: Checksum, session: Session) -> bytes:
    try:
        return f"{published(_download(source.url, session), source.file)}\n".encode()
    except ValueError as error:
        raise RefusedError(
            f"{source.url} {error}",
            hint="check that this version exists for this architecture; where a mirror lists no "
            "checksums, write the publisher's checksum into the environment",
        ) from error


def _download(url: str, session: Session) -> bytes:
    """Return the content of a file that the machine itself downloads.

    Raises:
        StepError: the download failed; the message has the reason that apt gives.
    """
    result = session.run(download_script(url))
    if not result.ok:
        # E: Failed to fetch https://... 404 Not Found
        lines = "\n".join(evidence(decode(result.stderr)))
        found = re.search(rf"^E: Failed to fetch {re.escape(url)} +(.*)", lines, re.MULTILINE)
        reason = found[1] if found else "no answer"
        raise StepError(
            f"{session.name} cannot download {url}: {reason}",
            hint="check the address, the machine's network, proxy and certificates",
        )
    return result.stdout


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
