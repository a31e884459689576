"""Settings of OpenSSH's two configuration files, and keys of servers, as values of YAML."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from envwright.model.values import Replacing, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LEAST = 2
"""The least parts of a public key: its type, and the key itself."""
Keyword = Annotated[str, spelled(r"^[A-Za-z][A-Za-z0-9]*$", "a keyword, like `PermitRootLogin`")]
Text = Annotated[
    str,
    spelled(
        r"^[^\s\x00#⟦⟧]([^\n\r\x00⟦⟧]*[^\s\x00⟦⟧])?$",
        "text on one line without blanks around it, and no secret, since everybody reads it",
    ),
]
Setting = bool | int | Text | Replacing[Text | int]
"""A value; true is yes, false is no, and a list is a line for each item."""
Pattern = Annotated[
    str,
    spelled(
        r"^!?[A-Za-z0-9*?\[][A-Za-z0-9.*?:\[\]_-]*$", "a host or a pattern, like `*.example.com`"
    ),
]


def _public(text: str) -> str:
    """Take a public key of a server only where it is whole: it names its own type inside."""
    kind, _, key = text.partition(" ")
    try:
        parts = list(_parts(base64.b64decode(key, validate=True)))
    except ValueError:
        parts = []
    if len(parts) < LEAST or parts[0] != kind.encode():
        raise ValueError(
            "must be a whole public key, TYPE and KEY: what ssh-keyscan(1) prints behind the host"
        )
    return text


def _parts(data: bytes) -> Iterator[bytes]:
    """Yield the strings of which a public key consists, each behind its length (RFC 4251, 5)."""
    while data:
        end = 4 + int.from_bytes(data[:4], "big")
        if end > len(data):
            raise ValueError("cut short")
        yield data[4:end]
        data = data[end:]


HostKey = Annotated[str, AfterValidator(_public)]
"""A public key of a server, as `ssh-ed25519 AAAA...`."""


def lines(settings: Mapping[str, Setting]) -> Iterator[str]:
    """Yield the lines of some settings."""
    for keyword, value in settings.items():
        for one in value if isinstance(value, list) else [value]:
            word = {True: "yes", False: "no"}[one] if isinstance(one, bool) else str(one)
            yield f"{keyword} {word}\n"
