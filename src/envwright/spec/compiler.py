"""The compiler: turns an environment into resources, merged and ordered, without a machine."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from envwright.errors import ConflictError, SpecError, SpecErrors, UnfitError
from envwright.facts import TEXT_LIMIT
from envwright.model.resource import Origin, Resource, wanted_by
from envwright.spec.claims import conflicts
from envwright.spec.reach import NO_REACH, Reach, reach_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from envwright.facts import Machine
    from envwright.model.capability import Section
    from envwright.model.proof import Proof, Requirement
    from envwright.model.secrets import Secrets
    from envwright.spec.environment import Environment


@dataclass(frozen=True)
class Compiled:
    """A compiled environment, for one kind of machine.

    Args:
        name: the name of the environment.
        resources: the resources, in the order in which apply makes them.
        proofs: the effects that verify looks for.
        requirements: the conditions that must hold before apply changes anything.
        reach: the commands and files of the environment on the computer that runs envwright.
    """

    name: str
    resources: tuple[Resource, ...]
    proofs: tuple[Proof, ...]
    requirements: tuple[Requirement, ...]
    reach: Reach = NO_REACH


def compile_environment(environment: Environment, machine: Machine) -> Compiled:
    """Compile an environment for a machine.

    Raises:
        UnfitError: parts of the environment can never work on such a machine.
        SpecErrors: two sections contradict each other or claim one path, other users could see a
            secret, resources depend on each other in a circle, or a file is too large to compare.
    """
    _refuse_unfit(environment, machine)
    wanted = list(_wanted(environment, machine))
    _refuse_exposed(wanted, environment.secrets)
    _refuse_oversized(environment, wanted)
    proofs = [
        replace(proof, origins=(_origin(environment, section, proof.at),))
        for section in environment.sections
        for proof in section.proofs(machine)
    ]
    requirements = [
        replace(requirement, origins=(_origin(environment, section, requirement.at),))
        for section in environment.sections
        for requirement in section.requirements(machine)
    ]
    resources = tuple(_ordered(_merged(wanted)))
    reach = reach_of(environment.file, environment.files, environment.secrets)
    return Compiled(environment.name, resources, tuple(proofs), tuple(requirements), reach)


def _wanted(environment: Environment, machine: Machine) -> Iterator[Resource]:
    """Yield the resources that the sections want, not merged yet."""
    for section in environment.sections:
        for resource in section.resources(machine):
            yield replace(resource, origins=(_origin(environment, section, resource.at),))


def _refuse_unfit(environment: Environment, machine: Machine) -> None:
    """Raise UnfitError for parts of the environment that can never work on such a machine."""
    faults = [
        environment.fault(section.section, objection.at, objection.reason, objection.hint)
        for section in environment.sections
        for objection in section.objections(machine)
    ]
    if faults:
        raise UnfitError(faults)


def _refuse_exposed(resources: Iterable[Resource], secrets: Secrets) -> None:
    """Refuse secrets where other users would see them: in names, paths, addresses, commands."""
    faults = [
        SpecError(
            f"{resource.origins[0].file}:{resource.origins[0].line}: other users could see the "
            f"secret {name!r} in {resource.id}",
            hint="put the secret into the content of a file, or into the value of a key",
        )
        for resource in resources
        for name in secrets.references(repr(resource.public_values()))
    ]
    if faults:
        raise SpecErrors(faults)


def _refuse_oversized(environment: Environment, resources: Iterable[Resource]) -> None:
    """Refuse a text that no plan can read back, since its file would always differ."""
    faults = [
        environment.fault(
            resource.origins[0].capability,
            resource.at,
            f"{resource.id} would have {size / TEXT_LIMIT:.1f} MiB, "
            "and a file is compared up to 1 MiB",
            "bring it by a package, or by an archive with a checksum",
        )
        for resource in resources
        if resource.text_field and (size := _text_size(resource)) > TEXT_LIMIT
    ]
    if faults:
        raise SpecErrors(faults)


def _text_size(resource: Resource) -> int:
    text = (resource.desired() or {}).get(resource.text_field)
    return len(text.encode("utf-8", "surrogateescape")) if isinstance(text, str) else 0


def _origin(environment: Environment, section: Section, at: tuple[str | int, ...]) -> Origin:
    return Origin(section.section, *environment.place(section.section, at))


def _merged(wanted: Iterable[Resource]) -> Mapping[str, Resource]:
    """Merge the resources that share an id into one, with the origins of all.

    Raises:
        SpecErrors: resources with one id contradict each other, or resources with different ids
            claim one path.
    """
    merged: dict[str, Resource] = {}
    faults: list[ConflictError] = []
    for resource in wanted:
        first = merged.setdefault(resource.id, resource)
        if first is not resource:
            try:
                merged[resource.id] = _joined(first, resource)
            except ConflictError as conflict:
                faults.append(conflict)
    faults += conflicts(merged.values())
    if faults:
        raise SpecErrors(faults)
    return merged


def _joined(first: Resource, other: Resource) -> Resource:
    origins = tuple(dict.fromkeys((*first.origins, *other.origins)))
    needs = tuple(dict.fromkeys((*first.needs, *other.needs)))
    return replace(first.merge(other), origins=origins, needs=needs)


def _ordered(resources: Mapping[str, Resource]) -> Iterator[Resource]:
    """Sort resources by their dependencies, then by rank, then by their order in the environment.

    Raises:
        SpecErrors: some resources depend on each other in a circle.
    """
    # No sets here: the order of ids decides which circle the error shows, and must not vary.
    before = {
        id_: [
            other
            for other in dict.fromkeys((*resource.needs, *resource.autorequires))
            if other in resources and other != id_
        ]
        for id_, resource in resources.items()
    }
    sorter = TopologicalSorter(before)
    try:
        sorter.prepare()
    except CycleError as error:
        raise _circle(resources, error.args[1]) from error
    ranks = _ranks(resources, before)
    sequence = {id_: number for number, id_ in enumerate(resources)}
    ready: list[tuple[tuple[int, bool], int, str]] = []
    while sorter.is_active():
        for id_ in sorter.get_ready():
            heapq.heappush(ready, (ranks[id_], sequence[id_], id_))
        _, _, id_ = heapq.heappop(ready)
        yield resources[id_]
        sorter.done(id_)


def _ranks(
    resources: Mapping[str, Resource], before: Mapping[str, Sequence[str]]
) -> dict[str, tuple[int, bool]]:
    """Return the ranks, where no resource comes later than a resource that depends on it.

    What is validated comes after the others of its rank.
    """
    ranks = {id_: (resource.rank, resource.validated) for id_, resource in resources.items()}
    for id_ in reversed(tuple(TopologicalSorter(before).static_order())):
        for other in before[id_]:
            ranks[other] = min(ranks[other], ranks[id_])
    return ranks


def _circle(resources: Mapping[str, Resource], cycle: Sequence[str]) -> SpecErrors:
    """Return the error of a circle; it begins with the resource that the environment has first.

    Args:
        resources: all resources, in the order of the environment.
        cycle: ids, each a dependency of the next; the last one is the first one again.
    """
    dependents = list(cycle[:0:-1])
    start = min(range(len(dependents)), key=lambda n: list(resources).index(dependents[n]))
    circle = [*dependents[start:], *dependents[:start]]
    error = ConflictError(
        f"these resources depend on each other: {' -> '.join([*circle, circle[0]])}"
        f"{wanted_by(*(resources[id_] for id_ in circle))}",
        hint="remove one of these dependencies",
    )
    return SpecErrors([error])
