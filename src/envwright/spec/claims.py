"""Finds conflicts between resources that claim one path, or a path below another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import PurePath

    from envwright.errors import SpecError
    from envwright.model.claim import Claim
    from envwright.model.resource import Resource

HINT = "remove one of the two"


def conflicts(resources: Iterable[Resource]) -> Iterator[SpecError]:
    """Yield an error for each pair of resources whose claims exclude each other."""
    holders: dict[PurePath, list[tuple[Claim, Resource]]] = {}
    for resource in resources:
        for claim in resource.claims():
            holders.setdefault(claim.place, []).append((claim, resource))
    for place, claims in holders.items():
        yield from _at_one_place(claims)
        for above in place.parents:
            yield from _below(holders.get(above, []), claims)


def _at_one_place(claims: list[tuple[Claim, Resource]]) -> Iterator[SpecError]:
    for number, (claim, resource) in enumerate(claims):
        for other, first in claims[:number]:
            if first is not resource and not claim.admits(other):
                yield ConflictError(
                    f"{claim.place} is wanted as {other.noun} by {first.origins[0]} "
                    f"and as {claim.noun} by {resource.origins[0]}",
                    hint=HINT,
                ).at(resource.origins[0].file, resource.origins[0].line)


def _below(
    above: list[tuple[Claim, Resource]], claims: list[tuple[Claim, Resource]]
) -> Iterator[SpecError]:
    for outer, holder in above:
        for claim, resource in claims:
            if holder is not resource and not outer.open:
                yield ConflictError(
                    f"{claim.place} is wanted as {claim.noun} by {resource.origins[0]}, but "
                    f"{outer.place} is wanted as {outer.noun} by {holder.origins[0]}, "
                    "in which nothing else can lie",
                    hint="choose another path for one of them",
                ).at(resource.origins[0].file, resource.origins[0].line)
