r"""The keys that may log in (`authorized_keys`): ~/.ssh/authorized_keys, as sshd reads it.

The grammar, after sshd(8) and auth2-pubkeyfile.c of OpenSSH 9: a line is `[OPTIONS] TYPE KEY
[COMMENT]`, blanks before it aside; blank lines and lines that begin with # say nothing. Commas part
the options, whose names are in any case; in double quotes commas and blanks belong to the value,
and \" is a quote. KEY is base64, and names its type once more. sshd passes over a line that it does
not understand: one with an option that it does not know, or with a byte order mark in front. Of the
lines with the key that a person has it takes the first: its options hold, whatever stands below.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING, NamedTuple

from . import DialectError, Problem
from .text import content_of, insert_lines, require_writable, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from . import Dialect, Value

_FLAGS = (
    "restrict|cert-authority|(?:no-)?(?:agent-forwarding|port-forwarding|pty|user-rc|X11-forwarding"
    "|touch-required|verify-required)"
)
_VALUES = "command|environment|expiry-time|from|permitlisten|permitopen|principals|tunnel"
_OPTION = rf'(?:(?:{_FLAGS})|(?:{_VALUES})="(?:\\"|[^"])*")'
_ONE_OPTION = re.compile(_OPTION, re.IGNORECASE)
_OPTIONS = re.compile(rf"({_OPTION}(?:,{_OPTION})*)[ \t]+", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t]*")
_KEY = re.compile(r"([A-Za-z0-9@.-]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?=[ \t]|\Z)")
_AUTHORITY = "cert-authority"
"""The option by which a line is about certificates, and no longer about the key itself."""


class _Entry(NamedTuple):
    """A line with a key: where it is among the lines, and what it means to sshd."""

    position: int
    content: str
    options: frozenset[str]
    key: bytes


class AuthorizedKeysDialect:
    """A key is a whole line without its ending, or a fingerprint; its value is True.

    A fingerprint of a public key, as ssh-keygen(1) prints it, stands for each line with the key and
    no options. An edit cannot add the line of a fingerprint, which the fingerprint does not tell.

    A line that stands for the same options and key is the wanted one, whatever its comment. A new
    line goes to the end; where the file has the key with other options, in front of these, so that
    the new line counts. Removing takes every line with the key.
    """

    name = "authorized_keys"

    def read(self, text: str) -> dict[str, Value]:
        """Every line that counts: the first one of each key."""
        first: dict[bytes, str] = {}
        for entry in _entries(text):
            first.setdefault(entry.key, entry.content)
        return dict.fromkeys(first.values(), True)

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """The wanted lines that count; of a key with other options the line that does instead."""
        found: dict[str, Value] = {}
        for content in wanted:
            entry = _first(text, content)
            own = frozenset() if _is_fingerprint(content) else _parsed(content).options
            if entry:
                found[content] = True if entry.options == own else entry.content
        return found

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """The text with the lines added or removed."""
        for content, value in changes.items():
            if value is None:
                text = _without(text, content, any_options=True)
            elif value is not True:
                raise DialectError(f"{content!r}: a line is there (true) or not, it has no value")
            elif AuthorizedKeysDialect().actual(text, {content: True}) != {content: True}:
                text = _add(_without(text, content, any_options=False), content)
        return text

    def problems(self, text: str) -> list[Problem]:
        """Lines that sshd passes over, and lines whose key stands above."""
        found: list[Problem] = []
        above: dict[bytes, int] = {}
        for number, line in enumerate(split_lines(text), start=1):
            content = content_of(line)
            entry = _entry(number, content)
            if entry is None and content.strip(" \t") and not content.lstrip(" \t").startswith("#"):
                found.append(Problem(number, "sshd finds no key in this line"))
            if entry and above.setdefault(entry.key, number) != number:
                first = above[entry.key]
                found.append(
                    Problem(number, f"line {first} has this key, and sshd looks no further")
                )
        return found


def _entries(text: str) -> Iterator[_Entry]:
    found = (_entry(index, content_of(line)) for index, line in enumerate(split_lines(text)))
    return (entry for entry in found if entry)


def _entry(position: int, content: str) -> _Entry | None:
    """The entry of a line; None for a line that sshd passes over."""
    start = _behind(_BLANKS, content, 0)
    options = frozenset[str]()
    match = _KEY.match(content, start)
    if match is None:
        behind = _behind(_OPTIONS, content, start)
        options = _options(content[start:behind])
        match = _KEY.match(content, behind)
    key = _key(match[1], match[2]) if match else b""
    authority = _AUTHORITY.encode() if _AUTHORITY in options else b""
    return _Entry(position, content, options, authority + key) if key else None


def _behind(pattern: re.Pattern[str], text: str, offset: int) -> int:
    match = pattern.match(text, offset)
    return match.end() if match else offset


def _options(text: str) -> frozenset[str]:
    """The options, their names in lower case."""
    parts = (option.partition("=") for option in _ONE_OPTION.findall(text))
    return frozenset(name.lower() + equals + value for name, equals, value in parts)


def _key(kind: str, text: str) -> bytes:
    """The key in its binary form (RFC 4253, section 6.6); b"" where it is none of the kind."""
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
    fields = []
    offset = 0
    if base64.b64encode(data).decode() != text:
        return b""
    while offset + 4 <= len(data):
        length = int.from_bytes(data[offset : offset + 4], "big")
        fields.append(data[offset + 4 : offset + 4 + length])
        offset += 4 + length
    is_whole = offset == len(data) and len(fields) > 1
    return data if is_whole and fields[0] == kind.encode() else b""


def _parsed(content: str) -> _Entry:
    entry = _entry(0, content)
    if entry is None:
        raise DialectError(
            f"{content!r} is no line with a public key: [OPTIONS] TYPE KEY [COMMENT]"
        )
    return entry


def _is_fingerprint(content: str) -> bool:
    return content.startswith("SHA256:")


def _fingerprint(key: bytes) -> str:
    """The fingerprint of a key, as `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def _first(text: str, content: str) -> _Entry | None:
    if _is_fingerprint(content):
        return next((e for e in _entries(text) if _fingerprint(e.key) == content), None)
    key = _parsed(content).key
    return next((entry for entry in _entries(text) if entry.key == key), None)


def _without(text: str, content: str, *, any_options: bool) -> str:
    """The text without the lines that stand for the same key, and for the same options or any."""
    own = _parsed(content)
    gone = {
        entry.position
        for entry in _entries(text)
        if entry.key == own.key and (any_options or entry.options == own.options)
    }
    return "".join(line for index, line in enumerate(split_lines(text)) if index not in gone)


def _add(text: str, content: str) -> str:
    require_writable(content, without="\n\r\0")
    other = _first(text, content)
    offset = len("".join(split_lines(text)[: other.position])) if other else len(text)
    return insert_lines(text, offset, [content])


DIALECTS: Mapping[str, Dialect] = {"authorized_keys": AuthorizedKeysDialect()}
