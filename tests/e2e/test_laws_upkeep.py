"""The laws for packages that stay new, on a Debian 13 whose packages are old in part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from effects import UPKEEP, Effect, rows
from law12 import hold
from law_environments import law_environment
from laws import Law2, Law3, drift
from machines import debfiles
from workstation import Workstation, workstation

from envwright.errors import EnvwrightError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.machine import Machine
    from machines.server import Server

VERSIONS = {"ew-old": ("1.0", "2.0"), "ew-pinned": ("1.0", "1.5", "2.0"), "ew-left": ("1.0",)}
LIST = "/etc/apt/sources.list.d/tests.list"
INSTALLED = "dpkg-query -W -f '${Package} ${Version}\\n' 'ew-*'"


@pytest.fixture(scope="module")
def bare(server: Server, debian13: Machine) -> Iterator[Workstation]:
    """A machine with old packages, and one that came along with what is gone."""
    debian13.put(LIST, debfiles.publish_source(server, VERSIONS))
    install = "apt-get -qq -y install --no-install-recommends"
    debian13.sh(
        f"mv {LIST} /root; {{ apt-get -qq update && {install} ca-certificates; }} >/dev/null 2>&1; "
        f"mv /root/tests.list {LIST}; apt-get -qq update; "
        f"{install} ew-old=1.0 ew-pinned=1.0 ew-left >/dev/null 2>&1; apt-mark -q auto ew-left"
    )
    with workstation(debian13, law_environment("upkeep")) as opened:
        yield opened


def test_the_plan_shows_each_package_and_leaves_the_one_with_a_version(bare: Workstation) -> None:
    changes = {change.resource.id: change.difference.before for change in bare.plan().changes}
    assert changes["command:upgrade of all packages"] == {
        "value": "ew-old 1.0 -> 2.0\new-pinned 1.0 -> 1.5"
    }
    assert changes["command:removal of unneeded packages"] == {"value": "ew-left"}


class TestLaw3(Law3):
    """After an apply."""


def test_what_was_old_is_new_and_the_version_of_the_environment_stays(
    converged: Workstation,
) -> None:
    assert converged.machine.sh(INSTALLED) == "ew-old 2.0\new-pinned 1.5\n"


class TestLaw2(Law2):
    """A second apply."""


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert drift(converged, without=("package:",)) == []


@pytest.mark.parametrize(("capability", "effect"), rows(UPKEEP), ids=str)
def test_law_12_what_is_broken_is_told_and_mended(
    converged: Workstation, capability: str, effect: Effect
) -> None:
    hold(converged, capability, effect)


def test_a_held_package_stays_old_and_is_not_told(converged: Workstation) -> None:
    machine = converged.machine
    machine.sh("apt-get -qq -y --allow-downgrades install ew-old=1.0 && apt-mark -q hold ew-old")
    assert converged.changed() == set()
    machine.sh("apt-mark -q unhold ew-old")
    assert converged.changed() == {"command:upgrade of all packages"}
    assert converged.apply() == ["command:upgrade of all packages"]


def test_a_version_of_another_section_must_stand_in_install(
    converged: Workstation, tmp_path: Path
) -> None:
    file = tmp_path / "box.yaml"
    file.write_text('name: box\npackages: {upgrade: true}\ndocker: {version: "28.*"}\n', "utf-8")
    with (
        workstation(converged.machine, file) as station,
        pytest.raises(EnvwrightError) as refused,
    ):
        station.apply()
    assert f"docker ({file}:3) wants docker-ce=5:28.*, which an upgrade would not keep" in str(
        refused.value
    )
