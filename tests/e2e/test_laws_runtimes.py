"""The laws for what mise and pip install for a person, on a Debian 13 that boots systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from effects import RUNTIMES, Effect, rows
from law12 import hold
from law_environments import law_environment
from laws import Law2OfArchives, Law3, drift
from machines import pypi, runtimes
from workstation import Workstation, workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine
    from machines.server import Server

CONFIG = "/home/dev/.config/mise/config.toml"
ID = "command:virtualenv /home/dev/venvs/dates"
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
    runtimes.publish(server)
    pypi.publish(server)
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


def test_the_environment_has_the_versions_of_the_file(converged: Workstation) -> None:
    machine, python = converged.machine, "/home/dev/venvs/dates/bin/python"
    look = f"su - dev -c '{python} -m pip list --format freeze' | grep -v ^pip="
    assert machine.sh(look) == "python-dateutil==2.9.0.post0\nsix==1.17.0\n"
    # An older version of a pinned package does not stay.
    machine.sh(
        "cd /home/dev/venvs/dates/lib/*/site-packages && mv six-*-info six-1.16.0.dist-info"
        " && cd six-1.16.0.dist-info && sed -i s/1[.]17/1.16/ METADATA RECORD"
    )
    assert converged.changed() == {ID}
    assert converged.apply() == [ID]
    assert machine.sh(look) == "python-dateutil==2.9.0.post0\nsix==1.17.0\n"


def test_an_environment_whose_python_was_upgraded_away_is_made_anew(converged: Workstation) -> None:
    machine, venv = converged.machine, "/home/dev/venvs/dates"
    machine.sh(f"cd {venv}; mv lib/python3.* lib/python3.2; touch own")
    assert converged.changed() == {ID}
    assert converged.apply() == [ID]
    assert machine.sh(f"cd {venv}; ls; bin/python -c 'import dateutil'").split() == [
        *("bin", "include", "lib", "lib64", "own", "pyvenv.cfg", "requirements.txt"),
    ]
    machine.sh(f"ln -sfn /usr/bin/perl {venv}/bin/python3; rm {venv}/own")
    assert converged.changed() == {ID}
    assert converged.apply() == [ID]
    assert converged.plan().settled


def test_packages_that_do_not_fit_together_are_told_by_verify(converged: Workstation) -> None:
    machine = converged.machine
    machine.sh(
        "cd /home/dev/venvs/dates/lib/*/site-packages/python_dateutil*; cp METADATA /root/; "
        "sed -i 's/^Requires-Dist: six.*/Requires-Dist: six >=2/' METADATA"
    )
    failed = {r.id: r.reason.splitlines()[0] for r in converged.verify() if r.outcome == "failed"}
    machine.sh("cp /root/METADATA /home/dev/venvs/dates/lib/*/site-packages/python_dateutil*/")
    assert failed == {
        "the packages of /home/dev/venvs/dates fit together": (
            "python-dateutil 2.9.0.post0 has requirement six>=2, but you have six 1.17.0."
        )
    }


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    # test_laws_go.py breaks an archive and what zsh reads; each break takes a while.
    assert drift(converged, "runtimes", "virtualenvs", without=("archive:", "zsh")) == []


@pytest.mark.parametrize(("capability", "effect"), rows(RUNTIMES), ids=str)
def test_law_12_what_is_broken_is_told_and_mended(
    converged: Workstation, capability: str, effect: Effect
) -> None:
    hold(converged, capability, effect)
