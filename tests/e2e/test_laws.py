"""The laws for each environment that needs nothing but a bare Debian 13 that boots systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from law_environments import tried_as_they_are
from laws import Law2, drift
from workstation import Workstation, workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import NewMachine


@pytest.fixture(scope="module", params=tried_as_they_are(), ids=lambda path: path.stem)
def bare(start_machine: NewMachine, request: pytest.FixtureRequest) -> Iterator[Workstation]:
    """A machine of its own for each environment, before anything was done to it."""
    with workstation(start_machine("debian13"), request.param) as opened:
        yield opened


def test_law_3_after_apply_the_plan_is_empty_and_verify_is_green(converged: Workstation) -> None:
    assert converged.changed() == set()
    failed = {r.id: r.reason for r in converged.verify() if r.outcome == "failed"}
    assert failed == {}


class TestLaw2(Law2):
    """A second apply."""


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert drift(converged) == []
