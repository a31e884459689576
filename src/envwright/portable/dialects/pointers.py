"""Pointers (RFC 6901, without the leading slash): the names of nested keys as one text."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING

from . import DialectError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def value_at(root: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The value of nested names; None where there is none."""
    value: Any = root
    for name in names:
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return value


def same_values(one: Any, other: Any) -> bool:
    """Whether two values say the same; 1 and true do not, and dates are their text."""
    written = (json.dumps(value, sort_keys=True, default=str) for value in (one, other))
    return next(written) == next(written)


def with_value(
    root: Mapping[str, Any], names: Sequence[str], value: object, kind: str
) -> dict[str, Any]:
    """A copy of nested tables with a value set, or removed where it is None.

    Args:
        root: the tables; a name without a value stands for an empty one.
        names: the nested names of the value.
        value: the value.
        kind: what the format calls a table.

    Raises:
        DialectError: a name above the value has a value that is no table.
    """
    after = copy.deepcopy(dict(root))
    table = after
    for end, name in enumerate(names[:-1], start=1):
        if table.get(name) is None:
            table[name] = {}
        if not isinstance(table[name], dict):
            above = pointer(names[:end])
            raise DialectError(f"{pointer(names)} cannot be: {above} is not a {kind}")
        table = table[name]
    table[names[-1]] = value
    if value is None:
        del table[names[-1]]
    return after
