"""Judges the bounds of policies: the values of an environment on one machine."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from envwright.spec.conditions import version
from envwright.spec.merging import identity
from envwright.spec.messages import choices, quoted, value_in_words
from envwright.spec.policy import Bound, matches, shape_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from envwright.errors import LocatedError
    from envwright.spec.paths import Keys
    from envwright.spec.policy import Rule
    from envwright.spec.shape import Shape
    from envwright.spec.tree import Entry


class Values(NamedTuple):
    """The values of an environment on one machine.

    Args:
        tree: the values of all layers merged, with their places.
        plain: the values of the sections, variables and secrets, their templates rendered.
        shapes: the shapes of what a policy may name.
    """

    tree: Entry
    plain: Mapping[str, Any]
    shapes: Mapping[str, Shape]

    def at(self, keys: Keys) -> Any:
        """Return the value at a path, or its default; None where there is neither."""
        name, *rest = keys
        if name not in self.plain:
            return None
        value, shape = self.plain[name], self.shapes[name]
        for key in rest:
            if shape.short and not isinstance(value, dict):
                value = {shape.short: value}
            shape = shape.step(key)
            default = shape.schema.get("default")
            value = value.get(key, default) if isinstance(value, dict) else default
        return value


def broken(rules: Sequence[Rule], values: Values) -> Iterator[LocatedError]:
    """Yield an error for each demand that the values do not meet, at the value or nearest to it.

    Args:
        rules: the rules that hold.
        values: the values.
    """
    for rule in rules:
        if not isinstance(rule.ruling, Bound):
            continue
        value, shape = values.at(rule.keys), shape_at(rule.keys, values.shapes)
        place = f"the bound in {rule.place}"
        for complaint in _complaints(rule.ruling, value, shape, place):
            yield values.tree.nearest(rule.keys).place.error(
                f"{rule.path} {complaint}: {rule.ruling.reason}",
                f"change the value; only {rule.at.source.file} can move the bound",
            )


def _complaints(bound: Bound, value: Any, shape: Shape, place: str) -> Iterator[str]:
    """Yield what is wrong with a value, to follow its path in a sentence."""
    if value is None and bound.required:
        yield f"is not set, which {place} demands"
    many = value if isinstance(value, list | dict) else ()
    have = {identity(item, shape.adds) for item in many}
    lacking = [item for item in bound.contains or () if identity(item, shape.adds) not in have]
    if lacking:
        yield f"lacks {_listed(lacking)}, which {place} demands"
    if found := [item for item in bound.excludes or () if identity(item, shape.adds) in have]:
        yield f"has {_listed(found)}, which {place} excludes"
    for each in value if isinstance(value, list) else () if value is None else (value,):
        for words, holds in _single(bound):
            if not holds(each):
                verb = "has" if isinstance(value, list) else "is"
                yield f"{verb} {value_in_words(each)}, but {place} allows {words}"


def _single(bound: Bound) -> Iterator[tuple[str, Callable[[Any], bool]]]:
    """Yield what a bound allows a value that is no list, in words and as a check."""
    if bound.one_of is not None:
        allowed = [(type(each), each) for each in bound.one_of]
        yield f"only {_listed(bound.one_of)}", lambda value: (type(value), value) in allowed
    if (least := bound.at_least) is not None:
        yield f"at least {least}", lambda value: _is_ordered(least, value)
    if (most := bound.at_most) is not None:
        yield f"at most {most}", lambda value: _is_ordered(value, most)
    if (pattern := bound.matches) is not None:
        yield f"only what matches {quoted(pattern)}", lambda value: matches(pattern, value)


def _listed(items: Sequence[Any]) -> str:
    return choices((json.dumps(item, ensure_ascii=False) for item in items), "and")


_SIZE = re.compile(r"(?P<number>\d+)(?:(?P<unit>[kmgt])i?b?|b)", re.IGNORECASE)


def _is_ordered(low: Any, high: Any) -> bool:
    """Tell whether two numbers, sizes or versions are in order; False of what is none of these."""
    for read in (_number, _size):
        left, right = read(low), read(high)
        if left is not None and right is not None:
            return left <= right
    older, newer = version(str(low)), version(str(high))
    return bool(older and newer) and older <= newer


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _size(value: Any) -> float | None:
    """Return the bytes of a size such as `8GB` or `512MiB`; a number is one of bytes."""
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        return _number(value)
    return int(found["number"]) << 10 * (" kmgt".index((found["unit"] or " ").lower()))
