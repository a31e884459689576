"""Law 12: plan and verify agree about an effect that is missing while every file is right."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from effects import Effect, Teller

from envwright.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workstation import Workstation


def hold(station: Workstation, capability: str, effect: Effect) -> None:
    """Break an effect; assert that it is told as the table says, and mended. Verify agrees."""
    station.machine.sh("systemctl reset-failed")
    station.machine.sh(effect.script)
    try:
        told, fails = seen(station), missed(station, capability)
        slow = {proof.name for proof in station.compiled.proofs if not proof.quick}
        assert told or not fails - slow
        teller = Teller.PLAN if told else Teller.VERIFY if fails else Teller.NOBODY
        assert teller <= effect.told, (told, fails)
        if not effect.person:
            station.apply()
    finally:
        if effect.person:
            station.machine.sh(effect.person)
        if effect.after:
            station.machine.sh(effect.after)
    assert seen(station) == set()


def seen(station: Workstation) -> set[str]:
    """Return what the plan tells: the ids of changes and of failed proofs, or a refusal."""
    try:
        plan = station.plan()
    except RefusedError as error:
        return {error.message}
    changes = {change.resource.id for change in plan.changes}
    return changes | {failure.id for failure in plan.failures}


def missed(station: Workstation, *capabilities: str) -> set[str]:
    """Return the checks that fail: of all capabilities, or of some."""
    compiled = station.compiled

    def wanted(things: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(
            thing
            for thing in things
            if not capabilities or {o.capability for o in thing.origins} & {*capabilities}
        )

    part = replace(compiled, resources=wanted(compiled.resources), proofs=wanted(compiled.proofs))
    results = replace(station, compiled=part).verify()
    return {result.id for result in results if result.outcome == "failed"}
