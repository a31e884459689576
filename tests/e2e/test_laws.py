"""The laws, on one Debian 13 that boots systemd, with every capability in one environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from laws import acted, drift
from workstation import Workstation, docker_workstation, workstation

from envwright.capability import discover
from envwright.environment import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.machine import Machine
    from machines.repository import Repository

ELSEWHERE = {"compose", "go", "logins", "nvidia", "windows"}
"""Capabilities that this environment leaves to tests of their own."""


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
    assert sections | ELSEWHERE == set(discover())


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
        "no Windows directory is in the PATH of a session that Windows starts": "not under WSL",
        "Windows drives keep owners and modes": "not under WSL",
    }


def test_law_2_a_second_apply_makes_no_step(converged: Workstation) -> None:
    before = converged.session.round_trips
    assert converged.apply() == []
    assert converged.session.round_trips - before == 1


def test_law_2_pyinfra_agrees_that_nothing_is_to_be_done(converged: Workstation) -> None:
    assert acted(converged) == []


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert drift(converged) == []


def test_after_all_that_verify_is_green_again(converged: Workstation) -> None:
    failed = {r.id: r.reason for r in converged.verify() if r.outcome == "failed"}
    assert failed == {}
