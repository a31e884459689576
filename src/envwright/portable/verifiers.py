"""Verifiers of passwords: what a server keeps instead of a password, and whether a password fits.

A server's own client makes the verifier, with a salt of its own: two verifiers of one password
differ, and only a calculation tells whether a password is still the one that lets in.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

_SCRAM = re.compile(
    r"SCRAM-SHA-256\$([0-9]{1,7}):([A-Za-z0-9+/=]+)\$[A-Za-z0-9+/=]+:([A-Za-z0-9+/=]+)"
)
_NATIVE = re.compile(r"\*([0-9A-F]{40})")


@dataclass(frozen=True, eq=False)
class Verifier:
    """What a server keeps of a password; equal to each text that is the password.

    Args:
        text: SCRAM-SHA-256 (RFC 7677) as PostgreSQL writes it in pg_authid, or MariaDB's
            mysql_native_password, two rounds of SHA-1. Any other text equals no password.
    """

    text: str

    def __eq__(self, password: object) -> bool:
        if not isinstance(password, str):
            return NotImplemented
        data = password.encode("utf-8", "surrogateescape")
        if scram := _SCRAM.fullmatch(self.text):
            return hmac.compare_digest(scram[3], _server_key(data, int(scram[1]), scram[2]))
        native = _NATIVE.fullmatch(self.text)
        once = hashlib.sha1(data, usedforsecurity=False).digest()
        twice = hashlib.sha1(once, usedforsecurity=False).hexdigest().upper()
        return native is not None and hmac.compare_digest(native[1], twice)

    __hash__ = None  # type: ignore[assignment] # equal texts are not known beforehand

    def __repr__(self) -> str:
        return "Verifier(...)"


def _server_key(password: bytes, rounds: int, salt: str) -> str:
    salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(salt), rounds)
    return base64.b64encode(hmac.digest(salted, b"Server Key", "sha256")).decode()


def why_unfit(password: str) -> str:
    """Return why a password is none that every client sends alike; "" where it is one.

    Clients prepare other characters in different ways (RFC 4013), or not at all.
    """
    plain = all(" " <= character <= "~" for character in password)
    return "" if plain else "a password must be of letters, digits and signs of ASCII, on one line"
