"""The laws for servers, from Debian's own packages, on a Debian 13 that boots systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from effects import SERVICES, Effect, rows
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


def test_a_server_that_does_not_come_up_with_its_settings_gets_the_old_ones_back(
    converged: Workstation, tmp_path: Path
) -> None:
    law = law_environment("services")
    # More than any machine has, which the server sees when it asks the kernel for the memory.
    text = law.read_text("utf-8").replace("max_connections: 30", "shared_buffers: 4TB")
    for name in ("database", "cache"):
        (tmp_path / name).write_bytes(law.with_name(name).read_bytes())
    (tmp_path / "box.yaml").write_text(text, "utf-8")
    with (
        workstation(converged.machine, tmp_path / "box.yaml") as station,
        pytest.raises(EnvwrightError) as raised,
    ):
        station.apply()
    told = [line.strip() for line in raised.value.message.splitlines()]
    file = "file:/etc/postgresql/17/main/conf.d/zz-envwright.conf"
    unit = "service:postgresql@17-main.service"
    assert {f"put back as before: {file}", f"{unit} works again"} <= {*told}
    assert converged.changed() == set()


def test_law_8_no_password_lies_on_the_machine_or_in_a_log(converged: Workstation) -> None:
    law = law_environment("services")
    secrets = [law.with_name(name).read_text("utf-8") for name in ("database", "cache")]
    converged.machine.put("/run/passwords", "\n".join(secrets))
    found = "grep -rlF -f /run/passwords /etc /home /opt /root /srv /tmp /var || :"
    # Redis has its password in its settings, which nobody else can read.
    assert converged.machine.sh(found) == "/etc/redis/zz-own.conf\n"
    logged = "journalctl --sync; journalctl --no-pager | grep -cF -f /run/passwords || :"
    assert converged.machine.sh(logged) == "0\n"
