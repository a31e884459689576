"""The laws for what is a person's own, on a Debian 13 that boots systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from law_environments import law_environment
from laws import acted, drift
from workstation import Workstation, workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine


@pytest.fixture(scope="module")
def bare(debian13: Machine) -> Iterator[Workstation]:
    """The machine before anything was done to it."""
    with workstation(debian13, law_environment("person")) as opened:
        yield opened


@pytest.fixture(scope="module")
def converged(bare: Workstation) -> Workstation:
    """The same machine, applied to once; red before, as law 3 wants it."""
    assert bare.plan()
    assert "failed" in {result.outcome for result in bare.verify()}
    bare.apply()
    return bare


def test_law_3_after_apply_the_plan_is_empty_and_verify_is_green(converged: Workstation) -> None:
    assert converged.changed() == set()
    results = {r.id: f"{r.outcome}: {r.reason}" for r in converged.verify()}
    assert {id_: said for id_, said in results.items() if not said.startswith("passed")} == {}


def test_law_2_a_second_apply_makes_no_step(converged: Workstation) -> None:
    before = converged.session.round_trips
    assert converged.apply() == []
    assert converged.session.round_trips - before == 1


def test_law_2_pyinfra_agrees_that_nothing_is_to_be_done(converged: Workstation) -> None:
    assert acted(converged) == []


def test_law_8_the_secret_is_in_no_file_but_those_it_is_for(converged: Workstation) -> None:
    find = "grep -rlF s3cret-t0ken /etc /home /root /run /tmp /usr/local/bin /var/lib /var/log"
    assert converged.machine.sh(find, check=False).split() == ["/home/dev/fetched"]


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert drift(converged) == []
