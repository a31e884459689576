"""Masking: the forms in which a secret's value can turn up in a text, and what stands there then.

A value is found as it is, and as programs write it: in base64 (also behind a user's name, as HTTP
sends it), in hexadecimal digits, quoted for URLs, JSON, HTML, a shell or Python. A form that mixes
the value with other text in a way not listed here, such as a digest or a compressed stream, is not.
"""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
import urllib.parse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SHORTEST = 4
"""The length of the shortest value that is masked: a shorter one is in every other word."""
_ALIGNED = 8
"""The length of the shortest value, in bytes, that is looked for inside of longer base64."""


class Mask:
    """Replaces the values that it knows by what stands for each.

    Args:
        kept: a pattern of texts in which nothing is replaced.
    """

    def __init__(self, kept: str) -> None:
        self._kept = kept
        self._stands: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None

    def copy(self) -> Mask:
        """Return another mask that knows the same values."""
        made = Mask(self._kept)
        made._stands, made._pattern = {**self._stands}, self._pattern
        return made

    def add(self, value: str, stands: str) -> None:
        """Replace a value from now on, each of its lines too, in every form."""
        self._stands |= dict.fromkeys(forms(value), stands)
        # Longest first, so that no part of a value is found before the whole.
        longest = sorted(self._stands, key=len, reverse=True)
        self._pattern = re.compile("|".join([self._kept, *map(re.escape, longest)]))

    def __call__(self, text: str) -> str:
        """Return a text without the values."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._stands.get(found[0], found[0]), text)


def mask_values(value: Any, mask: Callable[[str], str]) -> Any:
    """Return a JSON value in which `mask` was applied to each text by itself, keys among them."""
    if isinstance(value, dict):
        return {mask(key): mask_values(item, mask) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_values(item, mask) for item in value]
    return mask(value) if isinstance(value, str) else value


def forms(value: str) -> Iterator[str]:
    """Yield the forms of a value and of its lines, as far as they have SHORTEST characters."""
    for part in dict.fromkeys([value, *value.splitlines()]):
        if len(part) >= SHORTEST:
            yield from _quoted(part)
            for text in (part, f"{part}\n"):
                yield from _encoded(text.encode("utf-8", "surrogateescape"))


def _quoted(part: str) -> Iterator[str]:
    yield part
    yield urllib.parse.quote(part, safe="", errors="surrogateescape")
    yield urllib.parse.quote(part, errors="surrogateescape")
    yield urllib.parse.quote_plus(part, errors="surrogateescape")
    yield json.dumps(part)[1:-1]
    yield json.dumps(part, ensure_ascii=False)[1:-1]
    yield html.escape(part)
    yield html.escape(part, quote=False)
    yield shlex.quote(part)
    yield repr(part)[1:-1]
    yield ascii(part)[1:-1]
    yield part.encode("unicode_escape").decode()


def _encoded(data: bytes) -> Iterator[str]:
    yield data.hex()
    yield data.hex().upper()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(data).decode()
        yield text
        yield text.rstrip("=")
        if len(data) >= _ALIGNED:
            # Behind other bytes, such as `user:`, the value begins at any of three places of a
            # group; the characters that its neighbours decide, too, are not looked for.
            for before, shared in ((0, 0), (1, 2), (2, 3)):
                whole = (before + len(data)) * 8 // 6
                yield encode(bytes(before) + data).decode()[shared:whole]
