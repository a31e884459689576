"""Stages: what waits for a restart under WSL, told by the machine itself and by no record.

A file that is read at a start and was written after the last one waits for the next, whoever wrote
it and whatever became of them. A restart made by hand is one, too. Other machines have no such
starts: there the files mean nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from envwright.facts import Booted, Output, Shell, Unknown
from envwright.model.resource import Moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from envwright.facts import Facts, Machine, Question
    from envwright.model.resource import Resource

RESTARTS = (Moment.DISTRIBUTION, Moment.VM)
"""The moments that are restarts, from the smaller to the one that includes it."""


def restarts(resource: Resource, machine: Machine) -> bool:
    """Tell whether what is changed of a resource is felt after a restart only."""
    return machine.wsl and resource.takes_effect in RESTARTS


def questions(resources: Iterable[Resource], machine: Machine) -> Iterator[Question[Any]]:
    """Yield what `waits` has to know."""
    for resource in resources:
        if restarts(resource, machine):
            yield Booted()
            if resource.effect_check:
                yield Shell(resource.effect_check)


def waits(resource: Resource, facts: Facts, machine: Machine) -> bool:
    """Tell whether a resource that is as it should be is still to be felt."""
    if not restarts(resource, machine):
        return False
    boot, written = facts[Booted()], resource.written(facts)
    if written is None or isinstance(boot, Unknown):
        return False
    if resource.effect_check:
        seen = facts[Shell(resource.effect_check)]
        if isinstance(seen, Output) and seen.code == 0:
            return False
    if resource.takes_effect is Moment.VM:
        # The kernel's start is known to the second; Windows reads the file before it.
        return written >= boot.kernel + 1
    return written > boot.init


def greatest(moments: Iterable[Moment]) -> Moment | None:
    """Return the restart that includes all of them; None where none of them is one."""
    found = set(moments)
    return next((moment for moment in reversed(RESTARTS) if moment in found), None)


def after(moment: Moment, machine: Machine) -> str:
    """Say what something that takes effect at a moment is felt after."""
    if moment is Moment.DISTRIBUTION:
        return f"`{moment.value} {machine.distribution or 'NAME'}`"
    return f"`{moment.value}`" if moment is Moment.VM else f"a {moment.value}"


@dataclass(frozen=True)
class Waits:
    """What cannot be seen yet, and why: resources by id, and the capabilities that want them."""

    resources: Mapping[str, str] = field(default_factory=dict)
    capabilities: Mapping[str, str] = field(default_factory=dict)


NOTHING = Waits()
