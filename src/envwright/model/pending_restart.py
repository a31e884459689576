"""Pending restarts under WSL: what is written on a machine and takes effect at its next start.

The machine itself tells, and no record of envwright's: a file that is read at a start and was
written after the last start is pending, whoever wrote it, and a restart by hand counts like any
other. Machines that do not run under WSL read no such files: nothing is pending there.
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
    """Tell whether a change of a resource takes effect only after a restart."""
    return machine.wsl and resource.takes_effect in RESTARTS


def questions(resources: Iterable[Resource], machine: Machine) -> Iterator[Question[Any]]:
    """Yield the questions whose answers `is_pending` needs."""
    for resource in resources:
        if restarts(resource, machine):
            yield Booted()
            yield from resource.written_questions()
            if resource.effect_check:
                yield Shell(resource.effect_check)


def is_pending(resource: Resource, facts: Facts, machine: Machine) -> bool:
    """Tell whether a resource that is written as it should be is not in effect yet."""
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
        # The kernel tells its start to the second only; Windows reads the file before that.
        return written >= boot.kernel + 1
    return written > boot.init


def greatest(moments: Iterable[Moment]) -> Moment | None:
    """Return the restart that includes all others; None where no moment is a restart."""
    found = set(moments)
    return next((moment for moment in reversed(RESTARTS) if moment in found), None)


def after(moment: Moment, machine: Machine) -> str:
    """Return, for a sentence, after what a change with this moment takes effect."""
    if moment is Moment.DISTRIBUTION:
        return f"`{moment.value} {machine.distribution or 'NAME'}`"
    return f"`{moment.value}`" if moment is Moment.VM else f"a {moment.value}"


@dataclass(frozen=True)
class SkipReasons:
    """What `verify` skips, since it cannot be seen before a restart or a change that is pending.

    Args:
        resources: by id, why the resource cannot be seen.
        capabilities: by name, why its proofs cannot be made.
    """

    resources: Mapping[str, str] = field(default_factory=dict)
    capabilities: Mapping[str, str] = field(default_factory=dict)


NO_SKIPS = SkipReasons()
