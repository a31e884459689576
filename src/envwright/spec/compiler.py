"""The compiler: an environment to ordered resources. Pure, offline, total; it merges or objects."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envwright.errors import ConflictError, SpecError, SpecErrors
from envwright.model.resource import Origin, Resource, wanted_by
from envwright.resources.paths import PathResource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from envwright.facts import Machine
    from envwright.model.capability import Section
    from envwright.model.proof import Proof, Requirement
    from envwright.model.secrets import Secrets
    from envwright.spec.environment import Environment


@dataclass(frozen=True)
class Compiled:
    """What an environment comes to on one kind of machine; `resources` in the order of doing."""

    name: str
    resources: tuple[Resource, ...]
    proofs: tuple[Proof, ...]
    requirements: tuple[Requirement, ...]


def compile_environment(environment: Environment, machine: Machine) -> Compiled:
    """Compile an environment for a machine.

    Raises:
        SpecErrors: parts of it disagree, or need each other in a circle.
    """
    wishes = list(_wishes(environment, machine))
    _refuse_exposed(wishes, environment.secrets)
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
    return Compiled(
        environment.name, tuple(_ordered(_merged(wishes))), tuple(proofs), tuple(requirements)
    )


def _wishes(environment: Environment, machine: Machine) -> Iterator[Resource]:
    for section in environment.sections:
        for resource in section.resources(machine):
            yield replace(resource, origins=(_origin(environment, section, resource.at),))


def _refuse_exposed(wishes: Iterable[Resource], secrets: Secrets) -> None:
    """Object to secrets where they would be seen: in names, paths, addresses, commands."""
    faults = [
        SpecError(
            f"{spec.origins[0].file}:{spec.origins[0].line}: the secret {name!r} "
            f"would be seen in {spec.id}",
            hint="a secret can be in the content of a file, or in the value of a key",
        )
        for spec in wishes
        for name in secrets.references(repr(spec.public_values()))
    ]
    if faults:
        raise SpecErrors(faults)


def _origin(environment: Environment, section: Section, at: tuple[str | int, ...]) -> Origin:
    return Origin(section.section, *environment.place(section.section, at))


def _merged(wishes: Iterable[Resource]) -> Mapping[str, Resource]:
    """Make one resource of those that share an id, with the origins of all."""
    merged: dict[str, Resource] = {}
    paths: dict[str, Resource] = {}
    conflicts: list[ConflictError] = []
    for spec in wishes:
        try:
            if isinstance(spec, PathResource):
                _claim(paths, spec)
            if spec.id in merged:
                first = merged[spec.id]
                origins = tuple(dict.fromkeys((*first.origins, *spec.origins)))
                needs = tuple(dict.fromkeys((*first.needs, *spec.needs)))
                merged[spec.id] = replace(first.merge(spec), origins=origins, needs=needs)
            else:
                merged[spec.id] = spec
        except ConflictError as conflict:
            conflicts.append(conflict)
    if conflicts:
        raise SpecErrors(conflicts)
    return merged


_NOUNS = {
    "file": "a whole file",
    "keys": "a file of some keys",
    "directory": "a directory",
    "link": "a link",
}


def _claim(paths: dict[str, Resource], spec: PathResource) -> None:
    """Object when one path is wanted as two kinds of thing."""
    first = paths.setdefault(spec.path, spec)
    if first.word != spec.word:
        raise ConflictError(
            f"{spec.path} is wanted as {_NOUNS[first.word]} by {first.origins[0]} "
            f"and as {_NOUNS[spec.word]} by {spec.origins[0]}",
            hint="say it in one place",
        )


def _ordered(resources: Mapping[str, Resource]) -> Iterator[Resource]:
    """Sort by what comes after what, then by rank, then as written."""
    before = {
        id_: {other for other in (*r.needs, *r.autorequires) if other in resources and other != id_}
        for id_, r in resources.items()
    }
    after: dict[str, list[str]] = defaultdict(list)
    for id_, others in before.items():
        for other in others:
            after[other].append(id_)
    ranks = _ranks(resources, before)
    sequence = {id_: number for number, id_ in enumerate(resources)}
    missing = {id_: len(others) for id_, others in before.items()}
    ready = [(ranks[id_], sequence[id_], id_) for id_ in resources if not missing[id_]]
    heapq.heapify(ready)
    while ready:
        _, _, id_ = heapq.heappop(ready)
        yield resources[id_]
        for other in after[id_]:
            missing[other] -= 1
            if not missing[other]:
                heapq.heappush(ready, (ranks[other], sequence[other], other))


def _ranks(resources: Mapping[str, Resource], before: Mapping[str, set[str]]) -> dict[str, int]:
    """Give what others wait for the rank of the first of them: it should not hold them up."""
    ranks = {id_: resource.rank for id_, resource in resources.items()}
    for id_ in reversed(_topological(resources, before)):
        for other in before[id_]:
            ranks[other] = min(ranks[other], ranks[id_])
    return ranks


def _topological(resources: Mapping[str, Resource], before: Mapping[str, set[str]]) -> list[str]:
    """Sort ids so that each comes after those it waits for."""
    done: dict[str, None] = {}
    open_: dict[str, None] = {}
    for start in before:
        stack = [(start, False)]
        while stack:
            id_, leaving = stack.pop()
            if leaving:
                del open_[id_]
                done[id_] = None
            elif id_ in open_:
                raise _circle([resources[other] for other in open_], resources[id_])
            elif id_ not in done:
                open_[id_] = None
                stack.append((id_, True))
                stack.extend((other, False) for other in sorted(before[id_]) if other not in done)
    return list(done)


def _circle(chain: Sequence[Resource], again: Resource) -> SpecErrors:
    """Return the error of a chain, each waiting for the next, whose last waits for one of it."""
    circle = chain[chain.index(again) :]
    ids = " -> ".join(resource.id for resource in (*circle, again))
    told = ConflictError(
        f"these wait for one another: {ids}{wanted_by(*circle)}",
        hint="let one of them do without the next",
    )
    return SpecErrors([told])
