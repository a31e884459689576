"""The compiler: from an environment to resources, merged and ordered, with no machine at hand."""

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
    """A compiled environment: what it wants of one kind of machine.

    Args:
        name: of the environment.
        resources: in the order in which apply makes them.
        proofs: the effects that verify looks for.
        requirements: what must hold before apply changes anything.
        reach: what the environment runs and reads on the computer that runs envwright.
    """

    name: str
    resources: tuple[Resource, ...]
    proofs: tuple[Proof, ...]
    requirements: tuple[Requirement, ...]
    reach: Reach = NO_REACH


def compile_environment(environment: Environment, machine: Machine) -> Compiled:
    """Compile an environment for a machine.

    Raises:
        UnfitError: parts of it can never work on such a machine.
        SpecErrors: two of its sections disagree or want one place, a secret would be seen, or
            resources wait for one another, or a file is too large to be compared.
    """
    _refuse_unfit(environment, machine)
    wishes = list(_wishes(environment, machine))
    _refuse_exposed(wishes, environment.secrets)
    _refuse_oversized(environment, wishes)
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
    resources = tuple(_ordered(_merged(wishes)))
    reach = reach_of(environment.file, environment.files, environment.secrets)
    return Compiled(environment.name, resources, tuple(proofs), tuple(requirements), reach)


def _wishes(environment: Environment, machine: Machine) -> Iterator[Resource]:
    for section in environment.sections:
        for resource in section.resources(machine):
            yield replace(resource, origins=(_origin(environment, section, resource.at),))


def _refuse_unfit(environment: Environment, machine: Machine) -> None:
    """Object to what can never work on such a machine."""
    faults = [
        environment.fault(section.section, objection.at, objection.reason, objection.hint)
        for section in environment.sections
        for objection in section.objections(machine)
    ]
    if faults:
        raise UnfitError(faults)


def _refuse_exposed(wishes: Iterable[Resource], secrets: Secrets) -> None:
    """Refuse secrets where other users would see them: in names, paths, addresses, commands."""
    faults = [
        SpecError(
            f"{wish.origins[0].file}:{wish.origins[0].line}: the secret {name!r} "
            f"would be seen in {wish.id}",
            hint="a secret can be in the content of a file, or in the value of a key",
        )
        for wish in wishes
        for name in secrets.references(repr(wish.public_values()))
    ]
    if faults:
        raise SpecErrors(faults)


def _refuse_oversized(environment: Environment, wishes: Iterable[Resource]) -> None:
    """Refuse a text that no plan could read back: its file would differ for ever."""
    faults = [
        environment.fault(
            wish.origins[0].capability,
            wish.at,
            f"{wish.id} would have {size / TEXT_LIMIT:.1f} MiB, and a file is compared up to 1 MiB",
            "bring it by a package, or by an archive with a checksum",
        )
        for wish in wishes
        if wish.text_field and (size := _text_size(wish)) > TEXT_LIMIT
    ]
    if faults:
        raise SpecErrors(faults)


def _text_size(wish: Resource) -> int:
    text = (wish.desired() or {}).get(wish.text_field)
    return len(text.encode("utf-8", "surrogateescape")) if isinstance(text, str) else 0


def _origin(environment: Environment, section: Section, at: tuple[str | int, ...]) -> Origin:
    return Origin(section.section, *environment.place(section.section, at))


def _merged(wishes: Iterable[Resource]) -> Mapping[str, Resource]:
    """Make one resource of those that share an id, with the origins of all.

    Raises:
        SpecErrors: some that share an id disagree, or some that do not cannot share a place.
    """
    merged: dict[str, Resource] = {}
    faults: list[ConflictError] = []
    for wish in wishes:
        first = merged.setdefault(wish.id, wish)
        if first is not wish:
            try:
                merged[wish.id] = _joined(first, wish)
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
    """Sort by what comes after what, then by rank, then as written.

    Raises:
        SpecErrors: some of them wait for one another.
    """
    # The order of the ids before an id must not depend on hashes: the circle that is told does.
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
    ready: list[tuple[int, int, str]] = []
    while sorter.is_active():
        for id_ in sorter.get_ready():
            heapq.heappush(ready, (ranks[id_], sequence[id_], id_))
        _, _, id_ = heapq.heappop(ready)
        yield resources[id_]
        sorter.done(id_)


def _ranks(
    resources: Mapping[str, Resource], before: Mapping[str, Sequence[str]]
) -> dict[str, int]:
    """Give what others wait for the rank of the first of them: it should not hold them up."""
    ranks = {id_: resource.rank for id_, resource in resources.items()}
    for id_ in reversed(tuple(TopologicalSorter(before).static_order())):
        for other in before[id_]:
            ranks[other] = min(ranks[other], ranks[id_])
    return ranks


def _circle(resources: Mapping[str, Resource], cycle: Sequence[str]) -> SpecErrors:
    """Return the error of a circle, told from the resource in it that was written first.

    Args:
        resources: all of them, as written.
        cycle: ids, each before the next, the first of them once more as the last.
    """
    waiting = list(cycle[:0:-1])
    start = min(range(len(waiting)), key=lambda n: list(resources).index(waiting[n]))
    circle = [*waiting[start:], *waiting[:start]]
    told = ConflictError(
        f"these wait for one another: {' -> '.join([*circle, circle[0]])}"
        f"{wanted_by(*(resources[id_] for id_ in circle))}",
        hint="let one of them do without the next",
    )
    return SpecErrors([told])
