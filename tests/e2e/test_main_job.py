"""The main job by the command line: a bare machine, one file, a proven machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from workstation import docker_workstation, workstation

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine, NewMachine, Ssh
    from machines.repository import Repository


def envwright(*arguments: str, code: int = 0, ssh: Ssh | None = None) -> str:
    """Run the command as a user does, and want an exit code; return what it printed."""
    options = {"ENVWRIGHT_SSH_OPTIONS": f"-F {ssh.config}"} if ssh else {}
    done = subprocess.run(
        [sys.executable, "-m", "envwright", *arguments],
        env={**os.environ, **options},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def environment(repository: Repository, tmp_path: Path) -> Path:
    return docker_workstation(tmp_path, repository.fingerprint)


@pytest.mark.parametrize("kind", ["debian12", "ubuntu"])
def test_a_bare_machine_is_planned_applied_and_verified(
    kind: str, environment: Path, new_machine: NewMachine, tmp_path: Path
) -> None:
    machine = new_machine(kind)
    target = (str(environment), "--host", machine.host)
    planned = json.loads(envwright("plan", *target, "--json", code=2))
    assert {"create", "change"} == {change["verb"] for change in planned["changes"]}
    said = envwright("apply", *target, "--yes")
    assert "a container runs and its published port answers" in said
    with workstation(machine, environment) as station:
        assert envwright("plan", *target).endswith(station.nothing_to_do())
    assert "Nothing to do" in envwright("apply", *target, "--yes")
    junit = tmp_path / "junit.xml"
    results = json.loads(envwright("verify", *target, "--format", "json", "--junit", str(junit)))
    assert {r["id"] for r in results if r["outcome"] == "skipped"} == {
        "no Windows directory is in a login shell's PATH",
        "no Windows directory is in the PATH of a session that Windows starts",
        "Windows drives keep owners and modes",
    }
    assert f'tests="{len(results)}"' in junit.read_text("utf-8")


def test_on_ubuntu_the_docker_source_names_ubuntu_and_its_codename(
    environment: Path, ubuntu: Machine
) -> None:
    with workstation(ubuntu, environment) as station:
        source = station.resource("apt-source:docker").desired()
    assert source is not None
    assert source["content"] == (
        "Types: deb\n"
        "URIs: https://download.docker.com/linux/ubuntu\n"
        "Suites: noble\n"
        "Components: stable\n"
        "Architectures: amd64\n"
        "Signed-By: /etc/apt/keyrings/docker.asc\n"
    )


def test_ssh_and_docker_see_the_same_machine_the_same(
    environment: Path, new_machine: NewMachine
) -> None:
    machine = new_machine("debian13")
    ssh = machine.enable_ssh("root")
    by_docker = json.loads(
        envwright("plan", str(environment), "--host", machine.host, "--json", code=2)
    )
    over_ssh = (str(environment), "--host", f"@ssh/{ssh.alias}")
    by_ssh = json.loads(envwright("plan", *over_ssh, "--json", code=2, ssh=ssh))
    assert by_ssh["changes"] == by_docker["changes"]
    envwright("apply", *over_ssh, "--yes", ssh=ssh)
    assert "Nothing to do" in envwright("plan", str(environment), "--host", machine.host)
