"""The laws for what an account runs without root, on a Debian 13 that boots systemd.

The containers of podman are real; their layers and networks take two devices of this computer.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from effects import AS_DEV, ROOTLESS, Effect, rows
from law12 import hold
from law_environments import law_environment
from laws import Law2, Law3, drift
from workstation import Workstation, workstation

from envwright.errors import EnvwrightError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import NewMachine

DEVICES = ("/dev/fuse", "/dev/net/tun")


@pytest.fixture(scope="module")
def bare(start_machine: NewMachine) -> Iterator[Workstation]:
    """The machine before anything was done to it: without logind and buses for accounts."""
    if missing := [device for device in DEVICES if not Path(device).exists()]:
        pytest.skip(f"this computer has no {' and no '.join(missing)}")
    machine = start_machine("debian13", *(f"--device={device}" for device in DEVICES))
    # As udev has them on a machine that is no container.
    machine.sh(f"chmod 0666 {' '.join(DEVICES)}")
    with workstation(machine, law_environment("rootless")) as opened:
        yield opened


class TestLaw2(Law2):
    """A second apply changes nothing."""


class TestLaw3(Law3):
    """After an apply all is green."""


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert (
        drift(converged, "user_units", "podman", without=("package:", "directory:", "linger")) == []
    )


@pytest.mark.parametrize(("capability", "effect"), rows(ROOTLESS), ids=str)
def test_law_12_what_is_broken_is_told_and_mended(
    converged: Workstation, capability: str, effect: Effect
) -> None:
    hold(converged, capability, effect)


def test_units_of_an_account_run_as_the_account_with_nobody_logged_in(
    converged: Workstation,
) -> None:
    machine = converged.machine
    assert machine.sh("loginctl show-user dev -P Linger") == "yes\n"
    shown = machine.sh(f'ps -o user=,args= -p "$({AS_DEV} show -P MainPID app.service)"')
    assert shown.split() == ["dev", "sleep", "infinity"]


def test_a_drop_in_that_systemd_cannot_use_does_not_go_live(
    converged: Workstation, tmp_path: Path
) -> None:
    path = tmp_path / "box.yaml"
    drop_in = '    tick.timer:\n      drop_ins: {more: "[Timer]\\nOnCalnder=daily\\n"}\n'
    text = law_environment("rootless").read_text("utf-8")
    path.write_text(text.replace("    tick.timer:\n", drop_in), "utf-8")
    with (
        workstation(converged.machine, path) as opened,
        pytest.raises(EnvwrightError, match="Unknown key"),
    ):
        opened.apply()
    folder = "/home/dev/.config/systemd/user"
    assert converged.machine.sh(f"find {folder} -name more.conf") == ""
    assert converged.changed() == set()
