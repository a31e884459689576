"""Pins: the versions that a lock records for a kind of machine, and resources that hold to them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from envwright.errors import RefusedError
from envwright.model.resource import wanted_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envwright.facts import Machine
    from envwright.model.resource import Resource
    from envwright.spec.compiler import Compiled
    from envwright.spec.lockfile import Lock


class Pin(NamedTuple):
    """A version of a lock.

    Args:
        id: the resource.
        before: what the lock said; None where it said nothing.
        after: what it says now; "" where the resource has no version of its own, as a virtual
            package has none.
    """

    id: str
    before: str | None
    after: str


def kind(machine: Machine) -> str:
    """Return the kind of a machine in a lock: what offers the same versions to all alike."""
    return f"{machine.distro}-{machine.release}-{machine.architecture}"


def hold(compiled: Compiled, lock: Lock, machine: Machine) -> Compiled:
    """Return a compiled environment that takes the versions of a lock, and no others.

    Raises:
        RefusedError: the lock does not say the version of a resource, or says another one than the
            environment itself.
    """
    known = lock.machines.get(kind(machine), {})
    faults: list[str] = []
    resources = tuple(_held(compiled.resources, known, faults))
    if faults:
        raise RefusedError(
            "\n".join([f"{lock.path} does not fit {compiled.name} on {kind(machine)}:", *faults]),
            hint="`envwright lock FILE --host HOST` records what is missing, with --upgrade NAME "
            "what became another",
        )
    return replace(compiled, resources=resources)


def _held(
    resources: tuple[Resource, ...], known: Mapping[str, str], faults: list[str]
) -> Iterator[Resource]:
    for resource in resources:
        if not resource.pinnable:
            yield resource
        elif resource.id not in known:
            faults.append(f"    {resource.id}: no version{wanted_by(resource)}")
        else:
            try:
                yield resource.pinned(known[resource.id])
            except RefusedError as error:
                faults.append(f"    {error.message}{wanted_by(resource)}")


def merge(
    known: Mapping[str, str], found: Mapping[str, str], upgrade: str | None = None
) -> tuple[Pin, ...]:
    """Return what a lock says of resources from now on, in the order of their ids.

    Args:
        known: what it said for this kind of machine; that stays.
        found: what a machine has, or would get.
        upgrade: resources whose id holds this text take what was found; None for none.
    """
    pins = []
    for id_ in sorted(found):
        before = known.get(id_)
        moves = before is None or (upgrade is not None and upgrade in id_)
        pins.append(Pin(id_, before, found[id_] if moves or before is None else before))
    return tuple(pins)
