"""OpenPGP public keys: read their fingerprints, check and armor a key file, all without gpg.

Standard library only, and nothing from the rest of envwright, since an exported deploy has a copy
of this file. The format is the one of RFC 9580, which includes the keys of RFC 4880.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import textwrap
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MARK = re.compile(rb"^-----BEGIN PGP ([A-Z0-9 ,/]+)-----[ \t]*\r?$", re.MULTILINE)
_PUBLIC = b"PUBLIC KEY BLOCK"
_BLOCK = re.compile(
    rb"""^-----BEGIN[ ]PGP[ ]PUBLIC[ ]KEY[ ]BLOCK-----[ \t]*\r?\n
    (?:[^\s:]+:[ ][^\n]*\n)*   # Version: ..., Comment: ...
    [ \t]*\r?\n
    ((?:[A-Za-z0-9+/]+=*[ \t]*\r?\n)+)
    (?:=([A-Za-z0-9+/]{4})[ \t]*\r?\n)?
    -----END[ ]PGP[ ]PUBLIC[ ]KEY[ ]BLOCK-----[ \t]*\r?$""",
    re.MULTILINE | re.VERBOSE,
)
_CRC24_START = 0xB704CE
_CRC24_POLYNOMIAL = 0x864CFB

_PACKET = 0x80
_NEW_FORMAT = 0x40
_TWO_OCTETS = 0xC0
_PARTIAL = 0xE0
_FIVE_OCTETS = 0xFF
_INDETERMINATE = 3
_PUBLIC_KEY = 6
_MARKER = 10
_SECRET_TAGS = {5: "secret key", 7: "secret subkey"}
# Signature, public key, marker, trust, user id, public subkey, user attribute, padding.
_KEY_TAGS = {2, 6, 10, 12, 13, 14, 17, 21}
_VERSION_4_DIGITS = 40
# A reader passes over an unknown packet from here on, and must refuse one below.
_FIRST_NON_CRITICAL_TAG = 40


class _Version(NamedTuple):
    """How a version frames a public key packet for its fingerprint."""

    digest: str
    prefix: bytes
    length_octets: int
    least_body: int


_VERSIONS = {4: _Version("sha1", b"\x99", 2, 7), 6: _Version("sha256", b"\x9b", 4, 11)}


class OpenPGPError(ValueError):
    """The data are not a file of OpenPGP public keys; the message says what they are."""


class WrongKeyError(OpenPGPError):
    """The data are public keys, but others than those that were named."""


def trusted(data: bytes, wanted: Sequence[str]) -> bytes:
    """Return a key file ASCII-armored, after a check that its primary keys are the wanted ones.

    apt tells armored keys from binary ones by the file's name alone, so all are kept armored.

    Args:
        data: a key file as a whole: binary, or armored in one block or several.
        wanted: the fingerprints of primary keys: the file must hold the first, may hold the others,
            and holds no other key.

    Raises:
        WrongKeyError: the file holds other keys; the message names both.
        OpenPGPError: as in `fingerprints`.
    """
    found = fingerprints(data)
    if not accepted(found, wanted):
        raise WrongKeyError(f"has the fingerprint {_listed(found)}, not {_listed(wanted)}")
    return _armored(data, found) if _is_binary(data) else data


def accepted(found: Sequence[str], wanted: Sequence[str]) -> bool:
    """Tell whether a file with the primary keys `found` may be trusted (`trusted`, wanted).

    While a publisher changes the key that signs, its file holds the old one and the new one; some
    day the old one is gone.
    """
    return wanted[0] in found and set(found) <= set(wanted)


def _listed(keys: Sequence[str]) -> str:
    return " and ".join(keys)


def _armored(data: bytes, keys: Sequence[str]) -> bytes:
    """Armor a binary key file (RFC 9580, section 6.2).

    GnuPG 2.2 needs the checksum to find the end of the data; the RFC (section 6.1) forbids it for
    keys of version 6, which that GnuPG cannot read.
    """
    lines = textwrap.wrap(base64.b64encode(data).decode(), 64)
    if all(len(key) == _VERSION_4_DIGITS for key in keys):
        lines.append(f"={base64.b64encode(_crc24(data).to_bytes(3, 'big')).decode()}")
    kind = "PGP PUBLIC KEY BLOCK"
    return "\n".join([f"-----BEGIN {kind}-----", "", *lines, f"-----END {kind}-----", ""]).encode()


def _is_binary(data: bytes) -> bool:
    """Tell whether data begin with a packet, and not with the byte order mark of a text."""
    boms = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
    return bool(data[0] & _PACKET) and not data.startswith(boms)


def fingerprints(data: bytes) -> tuple[str, ...]:
    """The fingerprints of the primary keys, in file order, each once.

    Args:
        data: a key file as a whole: binary, or ASCII-armored in one block or several.

    Returns:
        Upper-case hexadecimal without blanks: 40 digits for a version 4 key (SHA-1), 64 for
        version 6 (SHA-256).

    Raises:
        OpenPGPError: empty, HTML, truncated, damaged, a secret key, a message or a signature,
            or a key of another version.
    """
    if not data.strip():
        raise OpenPGPError("this is empty, not a key")
    found = [fingerprint for binary in _binaries(data) for fingerprint in _primary_keys(binary)]
    if not found:
        raise OpenPGPError("this holds no public key")
    return tuple(dict.fromkeys(found))


def _binaries(data: bytes) -> list[bytes]:
    if _is_binary(data):
        return [data]
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise OpenPGPError("this is HTML, not a key")
    kinds = [match[1] for match in _MARK.finditer(data)]
    if not kinds:
        raise OpenPGPError("this is no OpenPGP data, neither binary nor armored")
    for kind in kinds:
        if kind.startswith(b"PRIVATE KEY"):
            raise OpenPGPError("this is a secret key: only public keys are taken")
        if kind != _PUBLIC:
            raise OpenPGPError(f"this is an OpenPGP {kind.decode().lower()}, not a key")
    blocks = list(_BLOCK.finditer(data))
    # gpg may see a block that is written in a way unknown here: then trust none of them.
    if len(blocks) != data.count(b"-----BEGIN PGP"):
        raise OpenPGPError("the armor of the key is damaged or cut off")
    return [_dearmored(block[1], block[2]) for block in blocks]


def _dearmored(body: bytes, checksum: bytes | None) -> bytes:
    try:
        binary = base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error as error:
        raise OpenPGPError(f"the armor of the key is damaged: {error}") from error
    if checksum is not None and _crc24(binary) != int.from_bytes(base64.b64decode(checksum), "big"):
        raise OpenPGPError("the key is damaged: its checksum differs")
    return binary


def _crc24(data: bytes) -> int:
    crc = _CRC24_START
    for octet in data:
        crc ^= octet << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1000000 | _CRC24_POLYNOMIAL
    return crc


def _primary_keys(binary: bytes) -> Iterator[str]:
    for number, (tag, body) in enumerate(_packets(binary)):
        if tag in _SECRET_TAGS:
            raise OpenPGPError(f"this is a {_SECRET_TAGS[tag]}: only public keys are taken")
        if tag == _PUBLIC_KEY:
            yield _fingerprint(body)
        elif tag not in _KEY_TAGS and tag < _FIRST_NON_CRITICAL_TAG:
            raise OpenPGPError(f"this is no key: a packet of type {tag} has no place in one")
        elif number == 0 and tag != _MARKER:
            raise OpenPGPError(f"this is no key: it starts with a packet of type {tag}")


def _fingerprint(body: bytes) -> str:
    number = body[0] if body else 0
    version = _VERSIONS.get(number)
    if version is None:
        raise OpenPGPError(f"a key of version {number} is not supported, only 4 and 6 are")
    if not version.least_body <= len(body) < 1 << 8 * version.length_octets:
        raise OpenPGPError(f"the key is damaged: it is {len(body)} octets long")
    framed = version.prefix + len(body).to_bytes(version.length_octets, "big") + body
    # SHA-1 because the format defines version 4 so; who can make two keys collide owns both.
    return hashlib.new(version.digest, framed, usedforsecurity=False).hexdigest().upper()


def _packets(binary: bytes) -> Iterator[tuple[int, bytes]]:
    """The packets' tags and bodies."""
    offset = 0
    while offset < len(binary):
        header = binary[offset]
        if not header & _PACKET:
            raise OpenPGPError(f"the key is damaged: no packet starts at octet {offset}")
        if header & _NEW_FORMAT:
            tag = header & 0x3F
            start, length = _new_length(binary, offset + 1)
        else:
            tag = header >> 2 & 0x0F
            start, length = _old_length(binary, offset + 1, header & 3)
        offset = start + length
        if offset > len(binary):
            raise OpenPGPError("the key is cut off")
        yield tag, binary[start:offset]


def _new_length(binary: bytes, offset: int) -> tuple[int, int]:
    """Where the body starts and its length, in the four ways of the new packet format."""
    first = _number(binary, offset, 1)
    if first < _TWO_OCTETS:
        return offset + 1, first
    if first < _PARTIAL:
        second = _number(binary, offset + 1, 1)
        return offset + 2, (first - _TWO_OCTETS << 8) + second + _TWO_OCTETS
    if first < _FIVE_OCTETS:
        raise OpenPGPError("a packet of partial lengths has no place in a key")
    return offset + 5, _number(binary, offset + 1, 4)


def _old_length(binary: bytes, offset: int, kind: int) -> tuple[int, int]:
    if kind == _INDETERMINATE:
        raise OpenPGPError("a packet of indeterminate length has no place in a key")
    octets = 1 << kind
    return offset + octets, _number(binary, offset, octets)


def _number(binary: bytes, offset: int, octets: int) -> int:
    if offset + octets > len(binary):
        raise OpenPGPError("the key is cut off")
    return int.from_bytes(binary[offset : offset + octets], "big")
