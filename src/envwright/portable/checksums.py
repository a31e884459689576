"""Finds SHA-256 checksums in publishers' lists: a release index in JSON, or text of sha256sum(1).

Standard library only, since an exported deploy has a copy of this file.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SHA256 = re.compile(r"[0-9a-f]{64}")


def published(index: bytes, file: str) -> str:
    """Return the SHA-256 that an index lists for a file, in small hexadecimal digits.

    The index is JSON in which some object has the file's name as `filename` and `sha256` beside
    it; or text with a line `DIGITS  NAME` (the name may have the `*` of binary mode, or `./`,
    before it) or `SHA256 (NAME) = DIGITS`; or the digits of the one file alone.

    Raises:
        ValueError: it lists none, or several that differ.
    """
    text = index.decode("utf-8", "replace")
    alone = text.strip().lower()
    found = {digits.lower() for name, digits in _entries(text) if name == file}
    found |= {alone} & set(SHA256.findall(alone))
    good = {digits for digits in found if SHA256.fullmatch(digits)}
    if len(good) != 1:
        raise ValueError(f"lists {'several SHA-256' if good else 'no SHA-256'} of {file}")
    return good.pop()


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and digits."""
    try:
        index = json.loads(text)
    except ValueError:
        for digits, name in re.findall(r"^([0-9A-Fa-f]{64}) [ *](.+?)\r?$", text, re.MULTILINE):
            yield name.removeprefix("./"), digits
        for name, digits in re.findall(
            r"^SHA256 \((?:\./)?(.+?)\) = ([0-9A-Fa-f]{64})\r?$", text, re.MULTILINE
        ):
            yield name, digits
    else:
        yield from _objects(index)


def _objects(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        name, digits = value.get("filename"), value.get("sha256")
        if isinstance(name, str) and isinstance(digits, str):
            yield name, digits
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _objects(part)
