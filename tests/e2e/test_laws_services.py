"""The laws for servers, from Debian's own packages, on a Debian 13 that boots systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from effects import SERVICES, Effect, rows
from law12 import hold
from law_environments import law_environment
from laws import Law2, Law3, drift
from workstation import Workstation, workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine


@pytest.fixture(scope="module")
def bare(debian13: Machine) -> Iterator[Workstation]:
    """The machine before anything was done to it."""
    with workstation(debian13, law_environment("services")) as opened:
        yield opened


class TestLaw3(Law3):
    """After an apply."""


class TestLaw2(Law2):
    """A second apply."""


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    # Other laws break packages, files and units that start others.
    without = ("package:", "file:", "service:postgresql.service")
    assert drift(converged, *SERVICES, without=without) == []


@pytest.mark.parametrize(("capability", "effect"), rows(SERVICES), ids=str)
def test_law_12_what_is_broken_is_told_and_mended(
    converged: Workstation, capability: str, effect: Effect
) -> None:
    hold(converged, capability, effect)


def test_law_8_no_password_lies_on_the_machine_or_in_a_log(converged: Workstation) -> None:
    secret = law_environment("services").with_name("database").read_text("utf-8")
    converged.machine.put("/run/password", secret)
    shown = (
        "grep -rlF -f /run/password /etc /home /opt /root /srv /tmp /var || :; journalctl --sync"
    )
    assert converged.machine.sh(shown) == ""
    logged = converged.machine.sh("journalctl --no-pager | grep -cF -f /run/password || :")
    assert logged == "0\n"
