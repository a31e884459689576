"""Pointers (RFC 6901, without the leading slash): the names of nested keys as one text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import DialectError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

_BAD_TILDE = re.compile(r"~(?![01])")


def pointer(names: Iterable[str]) -> str:
    """The pointer of nested names, in which "/" is written ~1 and "~" is written ~0."""
    return "/".join(name.replace("~", "~0").replace("/", "~1") for name in names)


def names_of(key: str) -> list[str]:
    """The nested names of a pointer."""
    if _BAD_TILDE.search(key):
        raise DialectError(f"{key!r} is no JSON pointer: '~' in a name is written '~0'")
    return [part.replace("~1", "/").replace("~0", "~") for part in key.split("/")]


def leaves(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested tables by their pointers; an empty table is a value."""
    for name, value in table.items():
        key = above + pointer([name])
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{key}/")
        else:
            yield key, value


def require_apart(changes: Mapping[str, object]) -> None:
    """Refuse changes of which one is a part of another."""
    for key in changes:
        for other in changes:
            if other.startswith(f"{key}/"):
                raise DialectError(f"{key} is to be changed twice: {other} is part of it")
