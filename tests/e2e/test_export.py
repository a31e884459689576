"""An exported deploy, run by plain pyinfra and pytest where envwright is not installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from workstation import docker_workstation, workstation

from envwright.targets.pyinfra_deploy import export

if TYPE_CHECKING:
    from machines.machine import NewMachine
    from machines.repository import Repository
    from machines.server import Server

LOCK = Path(__file__).parents[2] / "requirements.lock"


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a virtual environment that has our dependencies and not us."""
    folder = tmp_path_factory.mktemp("tools") / "venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = folder / "bin" / "pip"
    subprocess.run([pip, "install", "--quiet", "--require-hashes", "-r", LOCK], check=True)
    return folder / "bin"


def run(folder: Path, *command: str | Path) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_plain_pyinfra_makes_the_same_machine_and_pytest_proves_it(
    repository: Repository, new_machine: NewMachine, tools: Path, tmp_path: Path
) -> None:
    machine = new_machine("debian13")
    environment = docker_workstation(tmp_path, repository.fingerprint)
    folder = tmp_path / "export"
    missing = subprocess.run([tools / "python", "-c", "import envwright"], check=False)
    assert missing.returncode == 1
    with workstation(machine, environment) as station:
        export(station.compiled, station.secrets, machine.host, folder)
        run(folder, tools / "pyinfra", "-y", "inventory.py", "deploy.py")
        assert station.changed() == set()
        hosts = f"--hosts=docker://{machine.name}"
        said = run(folder, tools / "pytest", "-q", "-p", "no:cacheprovider", hosts)
        count = len(station.compiled.resources) + len(station.compiled.proofs)
    found = re.search(r"(\d+) passed, (\d+) skipped", said)
    assert found, said
    assert (int(found[1]) + int(found[2]), int(found[2])) == (count, 3)


def test_plain_pyinfra_checks_and_unpacks_archives_too(
    go_server: Server, new_machine: NewMachine, tools: Path, tmp_path: Path
) -> None:
    assert go_server
    environment = tmp_path / "archives.yaml"
    environment.write_text('name: archives\ngo: {version: "1.27.3"}\n', "utf-8")
    folder = tmp_path / "export"
    with workstation(new_machine("debian13"), environment) as station:
        export(station.compiled, station.secrets, station.machine.host, folder)
        # The second run finds the tree whole, and leaves it alone.
        inodes = set()
        for _ in range(2):
            run(folder, tools / "pyinfra", "-y", "inventory.py", "deploy.py")
            inodes.add(station.machine.sh("stat -c %i /usr/local/go-1.27.3/bin/go"))
        assert len(inodes) == 1
        assert station.changed() == set()
        assert station.machine.sh("find /usr/local -name '*.envwright-new'") == ""
        hosts = f"--hosts=docker://{station.machine.name}"
        said = run(folder, tools / "pytest", "-q", "-p", "no:cacheprovider", hosts)
        count = len(station.compiled.resources) + len(station.compiled.proofs)
    assert re.search(rf"^{count} passed in", said, re.MULTILINE), said
