"""Law 12: plan and verify agree about effects that are missing while every file is right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from effects import ENVIRONMENT, Effect, Teller, rows
from workstation import Workstation, workstation

from envwright.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from machines.machine import NewMachine


@pytest.fixture(scope="module")
def station(
    start_machine: NewMachine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workstation]:
    """The machine of the table, as its environment wants it."""
    path = tmp_path_factory.mktemp("effects") / "box.yaml"
    path.write_text(ENVIRONMENT, "utf-8")
    (path.parent / "token").write_text("s3cret-of-git", "utf-8")
    with workstation(start_machine("debian13"), path) as opened:
        opened.apply()
        assert seen(opened) == Seen(frozenset())
        assert missed(opened) == set()
        yield opened


@dataclass(frozen=True)
class Seen:
    """What a plan tells: the ids of changes and failed proofs; or a refusal."""

    ids: frozenset[str]
    refusal: str = ""

    def __bool__(self) -> bool:
        return bool(self.ids or self.refusal)


def seen(station: Workstation) -> Seen:
    """Return what the plan tells."""
    try:
        plan = station.plan()
    except RefusedError as error:
        return Seen(frozenset(), error.message)
    changes = {change.resource.id for change in plan.changes}
    return Seen(frozenset(changes | {failure.id for failure in plan.failures}))


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


@pytest.mark.parametrize(("capability", "effect"), rows(), ids=str)
def test_law_12_what_is_broken_is_told_and_mended(
    station: Workstation, capability: str, effect: Effect
) -> None:
    station.machine.sh("systemctl reset-failed")
    station.machine.sh(effect.script)
    told, fails = seen(station), missed(station, capability)
    try:
        slow = {proof.name for proof in station.compiled.proofs if not proof.quick}
        assert told or not fails - slow
        teller = Teller.PLAN if told else Teller.VERIFY if fails else Teller.NOBODY
        assert teller <= effect.told, (told, fails)
        if not effect.person:
            station.apply()
    finally:
        if effect.person:
            station.machine.sh(effect.person)
    assert seen(station) == Seen(frozenset())


def test_after_all_that_verify_is_green(station: Workstation) -> None:
    assert missed(station) == set()
