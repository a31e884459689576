"""./bootstrap on a bare machine: from nothing but a checkout to a running envwright."""

from __future__ import annotations

import os
import shlex
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from machines.machine import Machine, NewMachine
    from machines.repository import Repository

CHECKOUT = Path(__file__).parents[2]

ANSWER = f"envwright {version('envwright')}\n"

PASSED_ON = ("PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "http_proxy", "https_proxy", "no_proxy")
"""How this computer reaches the package index: so does the machine."""

KILL = """\
setsid {run} >/dev/null 2>&1 &
until ls .local/share/envwright/venv-*/bin/pip >/dev/null 2>&1; do sleep 0.05; done
kill -KILL -$!
"""


def copy_checkout(machine: Machine) -> str:
    """Bring the checkout into a machine; the command that runs ./bootstrap in it."""
    skip = ("--exclude-vcs", "--exclude=.*_cache", "--exclude=__pycache__", "--exclude=*.egg-info")
    pack = ["tar", "-C", str(CHECKOUT), *skip, "--owner=root", "-cf", "-", "."]
    packed = subprocess.run(pack, capture_output=True, check=True).stdout
    unpack = ["docker", "exec", "-i", machine.name, "tar", "-C", "/opt", "-xf", "-"]
    subprocess.run(unpack, input=packed, check=True)
    settings = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    authorities = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    if authorities:
        machine.put("/root/authorities.pem", Path(authorities).read_text("utf-8"))
        settings |= dict.fromkeys(("PIP_CERT", "SSL_CERT_FILE"), "/root/authorities.pem")
    return shlex.join(["env", *(f"{name}={value}" for name, value in settings.items())]) + (
        " /opt/bootstrap"
    )


def test_bootstrap_says_what_it_would_install_where_it_may_not(debian12: Machine) -> None:
    copy_checkout(debian12)
    debian12.sh("useradd --create-home dev")
    said = debian12.sh("su dev -c '/opt/bootstrap --version' 2>&1; echo $?")
    assert said == (
        "bootstrap: needs root or sudo, to install python3 python3-venv ca-certificates\n1\n"
    )


def test_bootstrap_takes_a_bare_machine_to_a_running_envwright(debian13: Machine) -> None:
    run = f"cd; {copy_checkout(debian13)} --version"
    before = debian13.sh("find /opt | sort")
    assert debian13.sh(run) == ANSWER
    assert debian13.sh(f"{run} 2>&1") == ANSWER, "the second time it is quiet"
    assert debian13.sh("find /opt -name __pycache__ -prune -o -print | sort") == before


def test_the_first_command_of_the_readme_makes_a_proven_machine(debian13: Machine) -> None:
    run = f"cd /opt; {copy_checkout(debian13)}"
    said = debian13.sh(f"{run} apply environments/quickstart.yaml --yes")
    assert said.endswith("\nVerified: 12 passed, 0 failed, 0 skipped.\n")
    said = debian13.sh(f"{run} plan environments/quickstart.yaml")
    assert said.endswith("\nNothing to do: all 9 resources are as they should be.\n")


def test_a_team_extends_an_environment_and_applies_it_on_the_machine_itself(
    debian13: Machine, repository: Repository
) -> None:
    run = f"cd /opt; {copy_checkout(debian13)}"
    team = (
        "name: team\nextends: environments/docker-workstation.yaml\n"
        f'docker: {{fingerprint: "{repository.fingerprint}"}}\n'
    )
    debian13.put("/opt/team.yaml", team)
    debian13.sh(f"{run} apply team.yaml --yes")
    said = debian13.sh(f"{run} plan team.yaml")
    assert said.endswith("\nNothing to do: all 38 resources are as they should be.\n")


def test_a_killed_bootstrap_is_begun_anew(new_machine: NewMachine) -> None:
    machine = new_machine("debian12")
    run = f"{copy_checkout(machine)} --version"
    machine.sh(f"cd; {KILL.format(run=run)}")
    assert machine.sh("ls ~/.local/share/envwright/venv-*/complete", check=False) == ""
    assert machine.sh(f"cd; {run}") == ANSWER
