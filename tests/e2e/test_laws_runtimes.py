"""The laws for `runtimes`: mise itself installs Node.js, on a Debian 13 that boots systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from effects import RUNTIMES, Effect, rows
from law12 import hold
from law_environments import law_environment
from laws import Law2OfArchives, Law3, drift
from machines.runtimes import publish
from workstation import Workstation, workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine
    from machines.server import Server

CONFIG = "/home/dev/.config/mise/config.toml"
BEFORE = "# mine\n[settings]\nquiet = true   # less\n\n[tools]\nage = '1.2.0'\n"
AFTER = """\
# mine
[settings]
quiet = true   # less

[tools]
age = '1.2.0'
node = "24"
"npm:envwright-greeter" = "1.2.3"

[settings.node]
mirror_url = "https://files.envwright.test/node/"
"""


@pytest.fixture(scope="module")
def bare(server: Server, debian13: Machine) -> Iterator[Workstation]:
    """A machine of a person who uses mise for another tool, which nobody installed there."""
    publish(server)
    debian13.sh("useradd -m -s /bin/bash dev")
    debian13.put(CONFIG, BEFORE)
    debian13.sh("chown -R dev: /home/dev/.config")
    with workstation(debian13, law_environment("runtimes")) as opened:
        yield opened


class TestLaw3(Law3):
    """After the first apply."""


class TestLaw2(Law2OfArchives):
    """A second apply."""


def test_the_persons_own_configuration_stays_and_gets_the_versions(converged: Workstation) -> None:
    assert converged.machine.sh(f"cat {CONFIG}") == AFTER


def test_all_that_is_installed_is_the_persons(converged: Workstation) -> None:
    find = "find /home/dev -mindepth 1 ! -user dev; find /root -name mise"
    assert converged.machine.sh(find) == ""


def test_a_login_shell_runs_the_tool(converged: Workstation) -> None:
    assert converged.machine.sh("su - dev -c greeter") == "greeter 1.2.3\n"


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    # test_laws_go.py breaks an archive and what zsh reads; each break takes a while.
    assert drift(converged, "runtimes", without=("archive:", "zsh")) == []


@pytest.mark.parametrize(("capability", "effect"), rows(RUNTIMES), ids=str)
def test_law_12_what_is_broken_is_told_and_mended(
    converged: Workstation, capability: str, effect: Effect
) -> None:
    hold(converged, capability, effect)
