"""Finds what a person named as coming before a resource: entries, sections, ids of resources."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from envwright.spec.messages import quoted, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from envwright.errors import SpecError
    from envwright.model.resource import Resource
    from envwright.spec.environment import Environment


def followed(
    environment: Environment, resources: Mapping[str, Resource]
) -> tuple[dict[str, Resource], list[SpecError]]:
    """Put the ids of what `follows` names into `needs`.

    Returns:
        The resources by id; an error for each name of nothing.
    """
    found: dict[str, Resource] = {}
    faults: list[SpecError] = []
    for id_, resource in resources.items():
        known = _known(environment, resources, resource) if resource.follows else {}
        strange = [name for name in resource.follows if name not in known]
        faults += [_fault(environment, resource, name, known) for name in strange]
        named = (other for name in resource.follows for other in known.get(name, ()))
        needs = tuple(dict.fromkeys([*resource.needs, *named]))
        found[id_] = replace(resource, needs=needs) if resource.follows else resource
    return found, faults


def _known(
    environment: Environment, resources: Mapping[str, Resource], follower: Resource
) -> dict[str, list[str]]:
    """Return what a resource can follow: names with their ids. Its section's own names win."""
    known: dict[str, list[str]] = {id_: [id_] for id_ in resources}
    # A section may come to no resource on this machine.
    known |= {section.section: [] for section in environment.sections}
    own = follower.origins[0].capability
    for id_, resource in resources.items():
        for section in {origin.capability for origin in resource.origins}:
            known[section].append(id_)
    entries = [r for r in resources.values() if r.origins[0].capability == own]
    return known | {entry.name: [entry.id] for entry in entries}


def _fault(
    environment: Environment, resource: Resource, name: str, known: Iterable[str]
) -> SpecError:
    return environment.fault(
        resource.origins[0].capability,
        resource.at,
        f"{resource.id} comes after {quoted(name)}, but the environment has nothing of that name"
        f"{suggestion(name, known)}",
        "name an entry of the same section, another section, or the id of a resource, as "
        "`envwright plan` shows ids",
    )
