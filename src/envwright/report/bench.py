"""What a person reads of the figures of a machine, line by line; the report escapes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.bench.measuring import NAMES, PUBLISHED
from envwright.portable.visible import visible_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envwright.bench.measuring import Measured


def table(measured: Sequence[Measured]) -> Iterator[str]:
    """Yield a block for each place, what is missing, and the figures that others published."""
    best = [found for found in measured if not found.place.foreign]
    for found in measured:
        place = found.place
        yield f"{visible_line(place.path)}  ({visible_line(place.kind)})"
        for name, label in NAMES.items():
            if name in found.figures:
                cached = "  by the cache: no direct access here" if name in found.cached else ""
                yield f"  {label:<36}{_number(found.figures[name]):>10}{cached}"
        for why in found.lacks:
            yield f"  not measured: {visible_line(why)}"
        if place.foreign and best and (factor := slower(best[0], found)):
            yield f"  {visible_line(best[0].place.path)} unpacks {factor:.1f} times as fast"
    yield ""
    yield "To compare, 4 KiB at random as above, published by one author of one desktop, in MiB/s:"
    for name, value in PUBLISHED.items():
        yield f"  {name:<36}{_number(value):>10}"


def slower(near: Measured, far: Measured) -> float:
    """Return how many times as long files take to unpack far away as near; 0 where unknown."""
    there, here = far.figures.get("unpack", 0), near.figures.get("unpack", 0)
    return there / here if here else 0


def _number(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0").replace(",", " ")
