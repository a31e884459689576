"""./bootstrap on a bare machine: from nothing but a checkout to a running envwright."""

from __future__ import annotations

import textwrap
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from checkout import CHECKOUT, copy_checkout
from workstation import ENVIRONMENTS, docker_workstation, workstation

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine, NewMachine
    from machines.repository import Repository

AUTHORITY = "/usr/local/share/ca-certificates/envwright-tests.crt"
ANSWER = f"envwright {version('envwright')}\n"

KILL = """\
setsid {run} >/dev/null 2>&1 &
until ls .local/share/envwright/venv-*/bin/pip >/dev/null 2>&1; do sleep 0.05; done
kill -KILL -$!
"""


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


def shown_plan() -> list[str]:
    """The parts of the plan that the README shows; what it leaves out stands between them."""
    readme = (CHECKOUT / "README.md").read_text("utf-8")
    _, _, rest = readme.partition("    $ ./bootstrap plan environments/quickstart.yaml\n")
    return textwrap.dedent(rest.partition("\n\nLeft out here")[0] + "\n").split("  ...\n")


def test_the_first_command_of_the_readme_makes_a_proven_machine(debian13: Machine) -> None:
    run = f"cd /opt; {copy_checkout(debian13)}"
    said = debian13.sh(f"{run} plan environments/quickstart.yaml", check=False)
    begin, middle, end = shown_plan()
    assert (said[: len(begin)], middle in said, said[-len(end) :]) == (begin, True, end)
    said = debian13.sh(f"{run} apply environments/quickstart.yaml --yes")
    with workstation(debian13, ENVIRONMENTS / "quickstart.yaml") as station:
        checks = len(station.compiled.resources) + len(station.compiled.proofs)
        assert said.endswith(f"\nVerified: {checks} passed, 0 failed, 0 skipped.\n")
        said = debian13.sh(f"{run} plan environments/quickstart.yaml")
        assert said.endswith(station.nothing_to_do())


def test_a_team_extends_an_environment_and_applies_it_on_the_machine_itself(
    debian13: Machine, repository: Repository, tmp_path: Path
) -> None:
    run = f"cd /opt; {copy_checkout(debian13)}"
    team = (
        "name: team\nextends: environments/docker-workstation.yaml\n"
        f'docker: {{fingerprint: "{repository.fingerprint}"}}\n'
    )
    debian13.put("/opt/team.yaml", team)
    debian13.sh(f"{run} apply team.yaml --yes")
    said = debian13.sh(f"{run} plan team.yaml")
    with workstation(debian13, docker_workstation(tmp_path, repository.fingerprint)) as station:
        assert said.endswith(station.nothing_to_do())


@pytest.mark.parametrize(
    ("index", "said"),
    [
        (
            "https://nowhere.invalid/simple",
            (
                "cannot reach nowhere.invalid, where the Python packages come from: is this "
                "machine online? https_proxy names a proxy, PIP_INDEX_URL an index of your own"
            ),
        ),
        (
            "https://files.envwright.test/pypi/simple",
            (
                "files.envwright.test shows a certificate that this machine does not trust: where "
                "a company's proxy reads along, name the file of its certificate in PIP_CERT"
            ),
        ),
    ],
)
def test_where_the_index_cannot_be_reached_a_sentence_says_so(
    debian13: Machine, index: str, said: str
) -> None:
    run = copy_checkout(debian13).removesuffix("/opt/bootstrap")
    debian13.sh("{ apt-get -qq update; apt-get -qq -y install python3-venv; } >/dev/null 2>&1")
    run += f"PIP_INDEX_URL={index} XDG_DATA_HOME=/root/other /opt/bootstrap --version"
    # The authority of the test's server is one that this machine does not know for a while.
    debian13.sh(f"mv {AUTHORITY} /root; update-ca-certificates --fresh >/dev/null 2>&1")
    told = debian13.sh(
        f"rm -rf /root/other; {run} 2>&1; echo $?; ls /root/other/*/*/complete 2>&-", check=False
    )
    debian13.sh(f"mv /root/envwright-tests.crt {AUTHORITY}; update-ca-certificates 2>&1 | tail -0")
    first, *rest = told.splitlines()
    assert first.startswith("bootstrap: installing requirements.lock into /root/other/")
    retry = "bootstrap: the index of Python packages does not answer; trying again"
    assert rest == [retry, f"bootstrap: {said}", "1"]


def test_a_killed_bootstrap_is_begun_anew(new_machine: NewMachine) -> None:
    machine = new_machine("debian12")
    run = f"{copy_checkout(machine)} --version"
    machine.sh(f"cd; {KILL.format(run=run)}")
    assert machine.sh("ls ~/.local/share/envwright/venv-*/complete", check=False) == ""
    assert machine.sh(f"cd; {run}") == ANSWER
