"""bench io on a machine: real fio, git and SQLite, in the name of the person whose folder it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from command import envwright

from envwright.bench.measuring import NAMES

if TYPE_CHECKING:
    from machines.machine import NewMachine

LEFT = "find /home/dev /tmp -name '*envwright-bench*'; ls /home/dev; id -un"


def at(*folders: str) -> list[str]:
    return [f"--at={folder}" for folder in folders]


def test_a_home_is_measured_as_its_owner_and_nothing_is_left(new_machine: NewMachine) -> None:
    machine = new_machine("debian13")
    machine.sh("apt-get update -qq && apt-get install -qq -y fio git python3 >/dev/null 2>&1")
    machine.sh("id dev >/dev/null 2>&1 || useradd --create-home dev")
    before = machine.sh(LEFT)
    said = envwright("bench", "io", "--json", *at("/home/dev"), "--host", machine.host)
    assert (said.code, said.err) == (0, "")
    (home,) = json.loads(said.out)["places"]
    assert (home["path"], home["owner"], home["lacks"]) == ("/home/dev", "dev", [])
    assert home["figures"].keys() == NAMES.keys()
    assert min(home["figures"].values()) > 0
    assert machine.sh(LEFT) == before


def test_what_a_machine_lacks_is_told_and_the_rest_is_measured(new_machine: NewMachine) -> None:
    machine = new_machine("debian13")
    machine.sh("mkdir -p /mnt/small && mount -t tmpfs -o size=64m none /mnt/small")
    said = envwright("bench", "io", *at("/root", "/mnt/small"), "--host", machine.host)
    assert (said.code, said.err) == (0, "")
    root, small = said.out.split("/mnt/small  (tmpfs)\n")
    assert "not measured: fio, which measures random reads and writes: it is a package" in root
    assert "unpack 2 000 files, ms" in root
    assert "not measured: 1 GiB of free space: there are 64 MiB" in small
    assert "unpack" not in small


def test_only_a_machine_under_wsl_has_a_windows_side(new_machine: NewMachine) -> None:
    said = envwright("bench", "io", "--windows-step", "--host", new_machine("debian13").host)
    assert (said.code, said.out) == (1, "")
    assert "does not run under WSL: it has no Windows side" in said.err
