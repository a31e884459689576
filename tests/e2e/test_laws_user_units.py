"""The laws for units of an account's own manager, on a Debian 13 that boots systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from effects import USER_UNITS, Effect, rows
from law12 import hold
from law_environments import law_environment
from laws import Law2, Law3, drift
from workstation import Workstation, workstation

from envwright.errors import EnvwrightError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.machine import Machine


@pytest.fixture(scope="module")
def bare(debian13: Machine) -> Iterator[Workstation]:
    """The machine before anything was done to it: without logind and buses for accounts."""
    with workstation(debian13, law_environment("user-units")) as opened:
        yield opened


class TestLaw2(Law2):
    """A second apply changes nothing."""


class TestLaw3(Law3):
    """After an apply all is green."""


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert drift(converged, "user_units", without=("package:",)) == []


@pytest.mark.parametrize(("capability", "effect"), rows(USER_UNITS), ids=str)
def test_law_12_what_is_broken_is_told_and_mended(
    converged: Workstation, capability: str, effect: Effect
) -> None:
    hold(converged, capability, effect)


def test_units_of_an_account_run_as_the_account_with_nobody_logged_in(
    converged: Workstation,
) -> None:
    machine = converged.machine
    uid = machine.sh("id -u dev").strip()
    assert machine.sh("loginctl show-user dev -P Linger -P Sessions").split() == ["yes"]
    shown = machine.sh(
        f"systemctl show -P ControlGroup user@{uid}.service; ps -o user= -C sleep | sort -u"
    )
    assert shown.splitlines() == [f"/user.slice/user-{uid}.slice/user@{uid}.service", "dev"]


def test_a_unit_file_that_systemd_cannot_use_does_not_go_live(
    converged: Workstation, tmp_path: Path
) -> None:
    text = law_environment("user-units").read_text("utf-8").replace("OnCalendar=h", "OnCalnder=h")
    machine = converged.machine
    before = machine.sh("cat /home/dev/.config/systemd/user/tick.timer")
    path = tmp_path / "box.yaml"
    path.write_text(text, "utf-8")
    with workstation(machine, path) as opened, pytest.raises(EnvwrightError, match="Unknown key"):
        opened.apply()
    assert machine.sh("cat /home/dev/.config/systemd/user/tick.timer") == before
    assert converged.changed() == set()
