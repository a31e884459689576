"""What a source of bytes comes to on a machine, at the moment when it is uploaded."""

from __future__ import annotations

import base64
import re
import shlex
import textwrap
from typing import TYPE_CHECKING

from envwright.errors import RefusedError, StepError
from envwright.facts import decode
from envwright.host.error_hints import evidence
from envwright.model.operations import Checksum, Content, Edited, Key
from envwright.portable import dialects
from envwright.portable.checksums import published
from envwright.portable.openpgp import OpenPGPError, fingerprints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envwright.host.session import Session
    from envwright.model.operations import Source
    from envwright.model.secrets import Secrets


def resolve(source: Source, session: Session, secrets: Secrets) -> bytes:
    """Return the bytes that a source stands for.

    Raises:
        StepError: a download failed, or the file to edit cannot be read in its dialect.
        RefusedError: a key is not the one that was named, or no checksum is listed.
    """
    if isinstance(source, Content):
        return _encode(secrets.reveal(source.text))
    if isinstance(source, Edited):
        return _edited(source, session, secrets)
    if isinstance(source, Checksum):
        return _checksum(source, session)
    return _key(source, session)


def _edited(source: Edited, session: Session, secrets: Secrets) -> bytes:
    changes = {
        key: secrets.reveal(value) if isinstance(value, str) else value
        for key, value in source.changes.items()
    }
    path = shlex.quote(source.path)
    result = session.run(f"[ ! -e {path} ] || cat -- {path}")
    if not result.ok:
        # What cannot be read must not be taken for empty: its other keys would be lost.
        raise StepError(f"{session.name} cannot read {source.path}: {result.reason}")
    try:
        return _encode(dialects.get(source.dialect).edit(decode(result.stdout), changes))
    except dialects.DialectError as error:
        raise StepError(f"{source.path}: {error}") from error


def _key(source: Key, session: Session) -> bytes:
    data = _download(source.url, session) if source.url else _encode(source.text)
    origin = source.url or "the key in the environment"
    try:
        found = fingerprints(data)
    except OpenPGPError as error:
        raise RefusedError(
            f"{origin} is no OpenPGP public key: {error}",
            hint="open the address in a browser; a proxy may have answered instead",
        ) from error
    if found != source.fingerprints:
        raise RefusedError(
            f"{origin} has the fingerprint {_words(found)}, not {_words(source.fingerprints)}",
            hint="nothing was trusted; compare with the fingerprint that the publisher announces",
        )
    return data if data.lstrip().startswith(b"-----BEGIN") else _armored(data)


def _checksum(source: Checksum, session: Session) -> bytes:
    try:
        return f"{published(_download(source.url, session), source.file)}\n".encode()
    except ValueError as error:
        raise RefusedError(
            f"{source.url} {error}",
            hint="is there such a version for this architecture? where a mirror lists no "
            "checksums, write the publisher's into the environment",
        ) from error


def _armored(data: bytes) -> bytes:
    """Armor a binary key (RFC 9580, section 6.2): apt tells the two apart by the file's name."""
    lines = textwrap.wrap(base64.b64encode(data).decode(), 64)
    kind = "PGP PUBLIC KEY BLOCK"
    return "\n".join([f"-----BEGIN {kind}-----", "", *lines, f"-----END {kind}-----", ""]).encode()


def _words(keys: Sequence[str]) -> str:
    return " and ".join(keys) or "of no key at all"


def _download(url: str, session: Session) -> bytes:
    """Let the machine fetch a file by apt's own helper, which every Debian has (apt, apt-utils)."""
    # The helper works as user _apt where it can, so the folder must let it in.
    script = f"""
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT && chmod 755 "$folder"
chown _apt "$folder" 2>/dev/null || :
/usr/lib/apt/apt-helper -o Acquire::Retries=2 download-file {shlex.quote(url)} \
    "$folder/file" >"$folder/log" 2>&1 || {{ cat "$folder/log" >&2; exit 1; }}
cat "$folder/file"
"""
    result = session.run(script)
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
