"""The laws, on one Debian 13 that boots systemd, with every capability in one environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from breaking import breaks
from workstation import Workstation, docker_workstation, workstation

from envwright.capability import discover
from envwright.engine import Engine
from envwright.environment import load
from envwright.resource import EXISTENCE, Difference
from envwright.verify import CheckError, host_over, witness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.machine import Machine
    from machines.repository import Repository

    from envwright.resource import Resource


@pytest.fixture(scope="module")
def environment(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return docker_workstation(tmp_path_factory.mktemp("laws"), repository.fingerprint)


@pytest.fixture(scope="module")
def bare(debian13: Machine, environment: Path) -> Iterator[Workstation]:
    """The machine before anything was done to it."""
    with workstation(debian13, environment) as opened:
        yield opened


@pytest.fixture(scope="module")
def converged(bare: Workstation) -> Workstation:
    """The same machine, applied to once; red before, as law 3 wants it."""
    assert bare.plan()
    assert "failed" in {result.outcome for result in bare.verify()}
    bare.apply()
    return bare


def test_the_environment_has_every_capability(environment: Path, bare: Workstation) -> None:
    sections = {section.section for section in load(environment, bare.facts).sections}
    assert sections == set(discover())


def test_a_plan_is_one_round_trip(bare: Workstation) -> None:
    before = bare.session.round_trips
    bare.plan()
    assert bare.session.round_trips - before == 1


def test_law_3_after_apply_the_plan_is_empty_and_verify_is_green(converged: Workstation) -> None:
    assert converged.changed() == set()
    failed = {r.id: r.reason for r in converged.verify() if r.outcome == "failed"}
    assert failed == {}


def test_proofs_are_skipped_only_where_windows_would_be_needed(converged: Workstation) -> None:
    skipped = {r.id: r.reason for r in converged.verify() if r.outcome == "skipped"}
    assert skipped == {
        "no Windows directory is in a login shell's PATH": "not under WSL",
        "Windows drives keep owners and modes": "not under WSL",
    }


def test_law_2_a_second_apply_makes_no_step(converged: Workstation) -> None:
    before = converged.session.round_trips
    assert converged.apply() == []
    assert converged.session.round_trips - before == 1


def test_law_2_pyinfra_agrees_that_nothing_is_to_be_done(converged: Workstation) -> None:
    engine = Engine(converged.session, converged.secrets)
    acted = []
    for resource in converged.compiled.resources:
        for operation in resource.converge(_whole(resource)):
            # A raw command and what it stages always act, and pyinfra knows no patterns of
            # versions: envwright calls these only for a difference, and there is none.
            raw = operation.name == "server.shell"
            staged = str(operation.arguments.get("dest", "")).endswith(".envwright-new")
            pattern = "*" in str(operation.arguments.get("packages", ""))
            if not raw and not staged and not pattern and engine.run(resource.id, operation):
                acted.append((resource.id, operation.name))
    converged.machine.sh("find /etc -name '*.envwright-new' -delete")
    assert acted == []


def _whole(resource: Resource) -> Difference:
    """Return the difference of all, with the service's restart left out: it is no idle call."""
    after = resource.desired()
    if after is None:
        return Difference({}, None, (EXISTENCE,))
    return Difference({}, after, tuple(name for name in after if name != "up to date"))


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    faults = []
    for resource in converged.compiled.resources:
        for what, script in breaks(resource):
            # So many restarts in so short a time are the test's doing.
            converged.machine.sh(f"systemctl reset-failed; {script}")
            faults += [f"{resource.id}, {what}: {f}" for f in _faults(converged, resource)]
    assert faults == []


def _faults(station: Workstation, broken: Resource) -> Iterator[str]:
    """Yield what law 4 does not find as it says, with one resource broken."""
    changed = station.changed()
    if broken.id not in changed:
        yield "not in the plan"
    strangers = changed - {broken.id} - _dependents(station, broken)
    if strangers:
        yield f"the plan names others: {sorted(strangers)}"
    try:
        witness(broken, host_over(station.session), station.secrets)
        yield "its witness does not fail"
    except CheckError:
        pass
    made = {id_ for step in station.apply() for id_ in step.split(", ")}
    if made != changed:
        yield f"apply made {sorted(made)} for {sorted(changed)}"
    left = station.changed()
    if left:
        yield f"still differing: {sorted(left)}"


def _dependents(station: Workstation, broken: Resource) -> set[str]:
    """Return the ids of what cannot be right while this is broken."""
    found = {broken.id}
    for resource in station.compiled.resources:
        if found & {*resource.needs, *resource.implied}:
            found.add(resource.id)
    return found - {broken.id}


def test_after_all_that_verify_is_green_again(converged: Workstation) -> None:
    failed = {r.id: r.reason for r in converged.verify() if r.outcome == "failed"}
    assert failed == {}
