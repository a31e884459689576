"""Compares what two environments ask for, resource by resource, without asking a machine."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from envwright.engine.plan import Change, plain
from envwright.model.resource import EXISTENCE, Difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envwright.model.resource import Field, Resource, State

PRESENCE = "presence"
"""The field that differs where one side wants a thing, and the other wants it not to be there."""
_PLACES = ("origins", "needs", "at")
"""The attributes of a resource that say where it is from and when its turn is, not what it is."""


@dataclass(frozen=True)
class Pair:
    """A resource that only one of two environments has, or that differs between them.

    Args:
        first, second: the resource of each; None where there is none.
        difference: the state that each asks for, and the fields that differ.
    """

    first: Resource | None
    second: Resource | None
    difference: Difference

    @property
    def change(self) -> Change:
        """The pair as the change from the first to the second, which names the places of both."""
        one, *more = [each for each in (self.first, self.second) if each is not None]
        origins = dict.fromkeys([*one.origins, *(o for other in more for o in other.origins)])
        resource, difference = more[-1] if more else one, self.difference
        if difference.before is not None and difference.after is not None:
            before, after = (
                {name: _in_words(side, name) for name in difference.fields}
                for side in (difference.before, difference.after)
            )
            difference = Difference(
                {**difference.before, **before}, {**difference.after, **after}, difference.fields
            )
        return Change(replace(resource, origins=(*origins,)), difference)

    def json(self) -> dict[str, Any]:
        """Return the pair as JSON values, in the stable form of `diff --json`."""
        sides = {"a": self.first, "b": self.second}
        return {
            "id": next(each.id for each in sides.values() if each),
            "in": [name for name, each in sides.items() if each],
            "fields": [str(field) for field in self.difference.fields],
            "a": plain(self.difference.before),
            "b": plain(self.difference.after),
            "origins": {name: list(map(str, each.origins)) for name, each in sides.items() if each},
        }


def compared(first: Sequence[Resource], second: Sequence[Resource]) -> list[Pair]:
    """Return the pairs that differ: those of the first in its order, then the second's own."""
    here, there = ({each.id: each for each in side} for side in (first, second))
    pairs = [_pair(here.get(id_), there.get(id_)) for id_ in dict.fromkeys((*here, *there))]
    return [pair for pair in pairs if pair.difference]


def _pair(first: Resource | None, second: Resource | None) -> Pair:
    before, after = _wanted(first), _wanted(second)
    if before is None or after is None or first is None or second is None:
        return Pair(first, second, Difference(before, after, (EXISTENCE,)))
    names = dict.fromkeys((*before, *after))
    differing: tuple[Field, ...] = tuple(
        name for name in names if before.get(name) != after.get(name)
    )
    if not differing and (others := _others(first, second)):
        # The states are the same, and what is done about them is not.
        before = {**before, **{name: repr(getattr(first, name)) for name in others}}
        after = {**after, **{name: repr(getattr(second, name)) for name in others}}
        differing = others
    return Pair(first, second, Difference(before, after, differing))


def _wanted(resource: Resource | None) -> State | None:
    """Return the state that is wanted; PRESENCE says of a resource that must not be there."""
    if resource is None:
        return None
    state = resource.desired()
    return {PRESENCE: "absent"} if state is None else state


def _in_words(state: State, name: Field) -> Any:
    """Return the value of a field; in words where a side has none."""
    return state.get(name, "present" if name == PRESENCE else "not said")


def _others(first: Resource, second: Resource) -> tuple[str, ...]:
    """Return the attributes beside places in which two resources of one id differ."""
    return tuple(
        each.name
        for each in fields(first)
        if each.name not in _PLACES and getattr(first, each.name) != getattr(second, each.name)
    )
