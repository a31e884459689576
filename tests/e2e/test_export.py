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


def done(folder: Path, *command: str | Path) -> tuple[int, str]:
    """The exit code of a command without envwright, and what it says."""
    process = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return process.returncode, process.stdout + process.stderr


def run(folder: Path, *command: str | Path) -> str:
    code, said = done(folder, *command)
    assert code == 0, said
    return said


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


def source_of_docker(folder: Path, name: str, repository: Repository, key: str) -> Path:
    """Write an environment that has Docker's repository as a source, with a key."""
    environment = folder / f"{name}.yaml"
    environment.write_text(
        f"name: {name}\n"
        "packages:\n"
        "  sources:\n"
        "    docker:\n"
        f"      url: {repository.url('debian')}\n"
        "      components: [stable]\n"
        f"      key: {{{key}, fingerprint: {repository.fingerprint}}}\n",
        "utf-8",
    )
    return environment


def test_plain_pyinfra_trusts_no_other_key_and_armors_a_binary_one(
    repository: Repository, new_machine: NewMachine, tools: Path, tmp_path: Path
) -> None:
    machine = new_machine("debian12")  # its apt verifies by gpgv
    (tmp_path / "other.asc").write_text(repository.other_key())
    refused = f"has the fingerprint {repository.other_fingerprint}, not {repository.fingerprint}"
    ways = {
        "text": ("file: other.asc", f"refused the key in deploy.py: {refused}"),
        "address": (
            f"url: {repository.other_key_url}",
            f"refused {repository.other_key_url}: {refused}",
        ),
    }
    deploy = (tools / "pyinfra", "-y", "inventory.py", "deploy.py")
    for name, (key, told) in ways.items():
        environment = source_of_docker(tmp_path, name, repository, key)
        with workstation(machine, environment) as station:
            export(station.compiled, station.secrets, machine.host, tmp_path / name)
        code, said = done(tmp_path / name, *deploy)
        assert (code != 0, told in said) == (True, True), said
        written = machine.sh("ls /etc/apt/*/docker.asc /etc/apt/*/docker.sources", check=False)
        assert written == "", said
    binary = f"url: {repository.binary_key_url}"
    environment = source_of_docker(tmp_path, "binary", repository, binary)
    with workstation(machine, environment) as station:
        export(station.compiled, station.secrets, machine.host, tmp_path / "binary")
        run(tmp_path / "binary", *deploy)
        assert (station.changed(), station.apply()) == (set(), [])
    assert machine.sh("head -n 1 /etc/apt/keyrings/docker.asc").strip() == (
        "-----BEGIN PGP PUBLIC KEY BLOCK-----"
    )
    assert repository.url("debian") in machine.sh("apt-get update -qq && apt-cache policy")


def test_plain_pyinfra_leaves_a_mount_alone_that_is_as_it_should_be(
    new_machine: NewMachine, tools: Path, tmp_path: Path
) -> None:
    machine = new_machine("debian13")
    environment = tmp_path / "mounts.yaml"
    environment.write_text(
        "name: mounts\nmounts:\n  /mnt/scratch: {type: tmpfs, options: [size=16m]}\n",
        "utf-8",
    )
    folder, deploy = tmp_path / "export", (tools / "pyinfra", "-y", "inventory.py", "deploy.py")
    kept = "cat /mnt/scratch/kept"
    with workstation(machine, environment) as station:
        export(station.compiled, station.secrets, machine.host, folder)
        run(folder, *deploy)
        machine.sh("echo still there >/mnt/scratch/kept")
        run(folder, *deploy)
        assert (machine.sh(kept).strip(), station.changed()) == ("still there", set())
        machine.sh("umount /mnt/scratch")
        run(folder, *deploy)
        assert station.changed() == set()
