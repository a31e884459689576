"""The compiler: turns an environment into resources, merged and ordered, without a machine."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from envwright.errors import ConflictError, SpecError, SpecErrors, UnfitError
from envwright.facts import TEXT_LIMIT, Guarded
from envwright.model.resource import Origin, Resource, wanted_by
from envwright.spec.claims import conflicts
from envwright.spec.following import followed
from envwright.spec.messages import suggestion
from envwright.spec.reach import NO_REACH, Reach, reach_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from envwright.errors import LocatedError
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
        prune: whether apply removes what the environment made and no longer names: `ask`, `always`
            or `never`.
        was: earlier names of the environment.
    """

    name: str
    resources: tuple[Resource, ...]
    proofs: tuple[Proof, ...]
    requirements: tuple[Requirement, ...]
    reach: Reach = NO_REACH
    prune: str = "ask"
    was: tuple[str, ...] = ()


def compile_environment(
    environment: Environment, machine: Machine, *, fresh: bool = False
) -> Compiled:
    """Compile an environment for a machine.

    Args:
        environment: the environment.
        machine: the facts of the machine.
        fresh: the machine is as its installer leaves it: it lacks what only a resource of the
            environment could bring (the `unless` of a requirement).

    Raises:
        UnfitError: parts of the environment can never work on such a machine.
        SpecErrors: two sections contradict each other or claim one path, other users could see a
            secret, resources depend on each other in a circle, or a file is too large to compare.
            Parts that can never work are among the errors.
    """
    unfit = list(_objections(environment, machine))
    fit = [s for s in environment.sections if s.section not in {each for each, _ in unfit}]
    wanted = list(_wanted(environment, fit, machine))
    faults = [fault for _, fault in unfit] + list(_turned_off(environment, wanted, machine))
    faults += _unguarded(environment, wanted)
    merged, mistakes = _merged(wanted)
    merged, unknown = followed(environment, merged)
    mistakes += unknown
    mistakes += [*_exposed(wanted, environment.secrets), *_oversized(environment, wanted)]
    requirements = list(_required(environment, fit, machine, merged.values()))
    if fresh:
        faults += [missing(environment, r) for r in requirements if r.unless and not r.assumed]
    if mistakes:
        raise SpecErrors([*faults, *mistakes])
    if faults:
        raise UnfitError(faults)
    proofs = [
        replace(proof, origins=(_origin(environment, section, proof.at),))
        for section in environment.sections
        for proof in section.proofs(machine)
    ]
    resources = tuple(_ordered(merged))
    reach = reach_of(environment.file, environment.files, environment.secrets, environment.trees)
    made = Compiled(environment.name, resources, tuple(proofs), tuple(requirements), reach)
    return replace(made, prune=environment.prune, was=environment.was)


def _objections(environment: Environment, machine: Machine) -> Iterator[tuple[str, LocatedError]]:
    """Yield what can never work on such a machine, each with the section that has it."""
    for section in environment.sections:
        for objection in section.objections(machine):
            where = (section.section, objection.at)
            yield section.section, environment.fault(*where, objection.reason, objection.hint)


def _wanted(
    environment: Environment, sections: Iterable[Section], machine: Machine
) -> Iterator[Resource]:
    """Yield the resources that sections want, not merged yet."""
    for section in sections:
        for resource in section.resources(machine):
            yield replace(resource, origins=(_origin(environment, section, resource.at),))


def _required(
    environment: Environment,
    sections: Iterable[Section],
    machine: Machine,
    resources: Iterable[Resource],
) -> Iterator[Requirement]:
    """Yield the requirements of sections that no resource brings about."""
    brought = {fact for resource in resources for fact in resource.brings()}
    for section in sections:
        for requirement in section.requirements(machine):
            if requirement.unless not in brought:
                word, _, name = requirement.unless.partition(":")
                alike = [fact[len(word) + 1 :] for fact in brought if fact.startswith(f"{word}:")]
                near = suggestion(name, alike) if requirement.assumed else ""
                origin = _origin(environment, section, requirement.at)
                refusal = f"{requirement.refusal}{near}"
                yield replace(requirement, origins=(origin,), refusal=refusal)


def missing(environment: Environment, requirement: Requirement) -> LocatedError:
    """Return the error of a requirement that a machine does not meet."""
    section = requirement.origins[0].capability
    return environment.fault(section, requirement.at, requirement.refusal, requirement.hint)


def _turned_off(
    environment: Environment, resources: Sequence[Resource], machine: Machine
) -> Iterator[LocatedError]:
    """Yield an error for each section that relies on a part of WSL which another one turns off."""
    off = {part: r.origins[0] for r in resources if machine.wsl for part in r.turns_off()}
    relying = {
        (part, r.origins[0].capability): r for r in reversed(resources) for part in r.relies_on()
    }
    for (part, section), resource in relying.items():
        if part in off:
            yield environment.fault(
                section,
                resource.at,
                f"{resource.name} needs {part}, which {off[part]} turns off",
                f"have WSL keep {part}, or leave this out",
            )


def _unguarded(environment: Environment, resources: Iterable[Resource]) -> Iterator[LocatedError]:
    """Yield an error for each path of root's below a folder that a resource gives to a user."""
    owners = {folder: who for r in resources for folder, who in r.folders().items()}
    for resource in resources:
        for question in resource.questions():
            path = question.path if isinstance(question, Guarded) else ""
            for folder in map(str, PurePosixPath(path).parents):
                if owners.get(folder, "root") != "root":
                    yield environment.fault(
                        resource.origins[0].capability,
                        resource.at,
                        f"{resource.id} lies in {folder}, which {owners[folder]} can change: root "
                        "could be led elsewhere",
                        "choose a path that only root can change",
                    )


def _exposed(resources: Iterable[Resource], secrets: Secrets) -> Iterator[SpecError]:
    """Yield an error for each secret that others could see in a name, path, address or command."""
    for resource in resources:
        for name in secrets.references(repr(resource.public_values())):
            origin = resource.origins[0]
            yield SpecError(
                f"{origin.file}:{origin.line}: other users could see the "
                f"secret {name!r} in {resource.id}",
                hint="put the secret into the content of a file, or into the value of a key",
            ).at(origin.file, origin.line)


def _oversized(environment: Environment, resources: Iterable[Resource]) -> Iterator[SpecError]:
    """Yield an error for each text that no plan can read back, as its file would always differ."""
    for resource in resources:
        size = _text_size(resource) if resource.text_field else 0
        if size > TEXT_LIMIT:
            yield environment.fault(
                resource.origins[0].capability,
                resource.at,
                f"{resource.id} would have {size / TEXT_LIMIT:.1f} MiB, "
                "and a file is compared up to 1 MiB",
                "bring it by a package, or by an archive with a checksum",
            )


def _text_size(resource: Resource) -> int:
    text = (resource.desired() or {}).get(resource.text_field)
    return len(text.encode("utf-8", "surrogateescape")) if isinstance(text, str) else 0


def _origin(environment: Environment, section: Section, at: tuple[str | int, ...]) -> Origin:
    return Origin(section.section, *environment.place(section.section, at))


def _merged(wanted: Iterable[Resource]) -> tuple[Mapping[str, Resource], list[SpecError]]:
    """Merge the resources that share an id into one, with the origins of all.

    Returns:
        The resources by id; an error for each two that share an id and contradict each other, or
        have different ids and claim one path.
    """
    merged: dict[str, Resource] = {}
    faults: list[SpecError] = []
    for resource in wanted:
        first = merged.setdefault(resource.id, resource)
        if first is not resource:
            try:
                merged[resource.id] = _joined(first, resource)
            except ConflictError as conflict:
                origin = resource.origins[0]
                faults.append(conflict.at(origin.file, origin.line))
    return merged, [*faults, *conflicts(merged.values())]


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

    A resource that is not brought forward keeps its rank. What is validated comes after the others
    of its rank.
    """
    ranks = {id_: (resource.order, resource.validated) for id_, resource in resources.items()}
    for id_ in reversed(tuple(TopologicalSorter(before).static_order())):
        for other in (other for other in before[id_] if resources[other].brought_forward):
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
