"""The laws for a swap file, which the kernel of this computer uses for some seconds.

A container has no swap space of its own, and an environment with `swap` is refused there. The
machine is a stand-in for one that is no container: the marks by which envwright tells containers
are taken away. The file system, the file and the swap space are real.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from law_environments import law_environment
from laws import acted, drift
from workstation import Workstation, workstation

from envwright.errors import EnvwrightError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.machine import Machine, NewMachine

FILE = "/var/lib/containerd/swapfile"
LINE = f"{FILE} none swap sw,pri=7 0 0"
OTHER = "UUID=0a3407de-014b-458b-b5c1-848e92a327a3 none swap sw 0 0"
BEFORE = f"# mine\n{OTHER}\n"


@pytest.fixture(scope="module")
def no_container(start_machine: NewMachine) -> Iterator[Machine]:
    """A stand-in for a machine that is no container; its swap space ends before the machine."""
    machine = start_machine("debian13")
    kind = machine.sh("stat -f -c %T /var/lib/containerd").strip()
    if kind not in {"ext2/ext3", "xfs", "btrfs"}:
        pytest.skip(f"Docker keeps its volumes on a file system ({kind}) without swap files")
    machine.sh("rm /.dockerenv; : >/run/systemd/container")
    machine.put("/etc/fstab", BEFORE)
    yield machine
    machine.sh(f"swapoff {FILE}; rm -f {FILE}", check=False)


@pytest.fixture(scope="module")
def converged(no_container: Machine) -> Iterator[Workstation]:
    """The machine, applied to once; red before, as law 3 wants it."""
    with workstation(no_container, law_environment("swap")) as bare:
        assert bare.plan()
        assert "failed" in {result.outcome for result in bare.verify()}
        bare.apply()
        yield bare


def resized(folder: Path, size: str) -> Path:
    """Write the environment of the laws with another size."""
    text = law_environment("swap").read_text("utf-8").replace("64MB", size)
    (folder / "box.yaml").write_text(text, "utf-8")
    return folder / "box.yaml"


def live(machine: Machine) -> str:
    """Return size in KiB and priority of the swap file, as the kernel has them."""
    return machine.sh(f"awk '$1 == \"{FILE}\" {{ print $3, $5 }}' /proc/swaps").strip()


def test_law_3_after_apply_the_plan_is_empty_and_verify_is_green(converged: Workstation) -> None:
    assert converged.changed() == set()
    results = {r.id: f"{r.outcome}: {r.reason}" for r in converged.verify()}
    assert {id_: said for id_, said in results.items() if not said.startswith("passed")} == {}
    assert live(converged.machine) == "65532 7"
    assert converged.machine.sh("cat /etc/fstab") == f"{BEFORE}{LINE}\n"
    # No holes, and for root alone.
    shown = converged.machine.sh(f"stat -c '%a %U:%G %s' {FILE}; du -m {FILE} | cut -f 1")
    assert shown in {f"600 root:root 67108864\n{used}\n" for used in (64, 65)}


def test_law_2_a_second_apply_makes_no_step(converged: Workstation) -> None:
    assert converged.apply() == []
    assert acted(converged) == []


def test_law_4_what_is_broken_by_hand_is_named_proved_and_mended(converged: Workstation) -> None:
    assert drift(converged) == []


@pytest.mark.parametrize(("size", "kib"), [("96MB", "98300 7"), ("64MB", "65532 7")])
def test_a_file_in_use_grows_and_shrinks(
    converged: Workstation, tmp_path: Path, size: str, kib: str
) -> None:
    with workstation(converged.machine, resized(tmp_path, size)) as station:
        assert station.apply() == [f"command:swap {FILE}"]
        assert station.changed() == set()
    assert live(converged.machine) == kib


def test_a_file_for_which_the_disk_has_no_room_is_refused(
    converged: Workstation, tmp_path: Path
) -> None:
    said = r"has room for [0-9]+ MB, not for 943718400 MB"
    with (
        workstation(converged.machine, resized(tmp_path, "900TB")) as station,
        pytest.raises(EnvwrightError, match=said),
    ):
        station.apply()
    assert live(converged.machine) == "65532 7"


def test_a_file_that_is_no_swap_file_is_left(converged: Workstation) -> None:
    machine = converged.machine
    machine.sh(f"swapoff {FILE}; mv {FILE} {FILE}.kept; echo mine >{FILE}")
    try:
        with pytest.raises(EnvwrightError, match="exists and is no swap file: move it away"):
            converged.apply()
        assert machine.sh(f"cat {FILE}") == "mine\n"
    finally:
        machine.sh(f"mv {FILE}.kept {FILE}")
    assert converged.apply() == [f"command:swap {FILE}"]


BY_HAND = {
    "everybody could read it": f"dd if=/dev/zero of={FILE} bs=1M count=32 && chmod 644 {FILE} && "
    f"mkswap {FILE} && swapon {FILE}",
    "it has holes": f"truncate -s 64M {FILE} && chmod 600 {FILE} && mkswap {FILE} && "
    f"! swapon {FILE}",
    "an apply was cut off": f"fallocate -l 8M {FILE}.envwright-new",
}


@pytest.mark.parametrize("how", BY_HAND)
def test_what_somebody_made_by_hand_becomes_right(
    converged: Workstation, tmp_path: Path, how: str
) -> None:
    machine = converged.machine
    machine.sh(f"swapoff {FILE}; rm {FILE}; {{ {BY_HAND[how]}; }} 2>&1")
    # The line of many instructions means the same.
    line = f"{FILE} swap swap defaults 0 0\n"
    machine.put("/etc/fstab", line)
    text = law_environment("swap").read_text("utf-8").replace("  priority: 7\n", "")
    (tmp_path / "box.yaml").write_text(text, "utf-8")
    with workstation(machine, tmp_path / "box.yaml") as station:
        assert station.apply() == [f"command:swap {FILE}"]
        assert station.changed() == set()
        assert "failed" not in {result.outcome for result in station.verify()}
    shown = machine.sh(f"stat -c '%a %s' {FILE}*; cat /etc/fstab")
    assert (live(machine).split()[0], shown) == ("65532", f"600 67108864\n{line}")
