"""swap: a file that is swap space now and at the next boot, where the machine has its own."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, WSL

from envwright.model.resource import FileKey
from envwright.resources.command import Command

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

SECTION = "swap: {size: 64MB}\n"


@pytest.mark.parametrize(
    ("section", "state", "line"),
    [
        (
            "swap: {size: 4GB}\n",
            "regular file of 4096 MB, mode 600 of root:root, in use",
            "/swapfile none swap sw 0 0",
        ),
        (
            "swap: {size: 64M, priority: 0}\n",
            "regular file of 64 MB, mode 600 of root:root, in use, priority 0",
            "/swapfile none swap sw,pri=0 0 0",
        ),
    ],
)
def test_a_swap_file_is_in_use_before_it_is_in_the_table(
    tmp_path: Path, section: str, state: str, line: str
) -> None:
    assert states(tmp_path, section) == {
        "command:swap /swapfile": {"value": state},
        "keys:/etc/fstab": {
            "kind": "file",
            "mode": "0644",
            "owner": "root",
            "group": "root",
            FileKey("swap /swapfile"): line,
        },
    }


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (WSL, ["2:7: the swap space of WSL is a file of Windows"]),
        (replace(DEBIAN, container=True), ["2:7: a container uses the swap space of its host"]),
        (DEBIAN, []),
    ],
)
def test_only_a_machine_of_its_own_has_swap_space(
    tmp_path: Path, machine: Machine, said: list[str]
) -> None:
    assert refusals(tmp_path, SECTION, machine) == said


@pytest.mark.parametrize("size", ["0", "0GB", "4", "4KB", "-1G", "half", "1.5GB"])
def test_what_is_no_size_is_refused(tmp_path: Path, size: str) -> None:
    (said,) = refusals(tmp_path, f"swap: {{size: '{size}'}}\n")
    assert "a whole number with MB, GB or TB: `4GB`" in said


@pytest.mark.parametrize("file", ["swapfile", "/", "/a b", "/$(id)", "/../swap"])
def test_what_is_no_place_for_swap_space_is_refused(tmp_path: Path, file: str) -> None:
    (said,) = refusals(tmp_path, f"swap: {{size: 64MB, file: '{file}'}}\n")
    assert "the absolute path of a file" in said


def test_a_place_that_is_a_persons_or_does_not_last_is_refused(tmp_path: Path) -> None:
    (said,) = refusals(tmp_path, "swap: {size: 64MB, file: /home/dev/swap}\n")
    assert said == (
        "2:26: swap.file must not lie in /home/dev: choose a folder that is root's and lasts"
    )


def observed(tmp_path: Path, file: Path, size: str = "64MB", **instead: str) -> tuple[int, str]:
    """Ask this computer for the state of a swap file; return the exit code and what is said."""
    # The path of a test lies where an environment may name none.
    made = compile_section(tmp_path, f"swap: {{size: {size}, file: /here}}\n").resources[0]
    assert isinstance(made, Command)
    script = made.observe
    for path, other in {"/here": str(file), **instead}.items():
        script = script.replace(path, other)
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.replace(str(tmp_path), "").strip()


def test_a_swap_file_that_is_not_in_use_is_told_with_its_size(tmp_path: Path) -> None:
    file = tmp_path / "swap"
    subprocess.run(["fallocate", "-l", "16M", file], check=True)
    file.chmod(0o600)
    subprocess.run(["/usr/sbin/mkswap", file], check=True, capture_output=True)
    owner = f"{file.owner()}:{file.group()}"
    code, said = observed(tmp_path, file)
    state = f"regular file of 16 MB, mode 600 of {owner}, not in use"
    assert (code, said.partition(";")[0]) == (0, state)


@pytest.mark.parametrize("kind", ["text", "folder", "link", "dangling"])
def test_what_is_no_swap_file_is_not_overwritten(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "swap"
    if kind == "text":
        file.write_text("mine\n", "utf-8")
    elif kind == "folder":
        file.mkdir()
    else:
        file.symlink_to("/etc/fstab" if kind == "link" else "/nowhere")
    said = "/swap exists and is no swap file: move it away, or choose another path"
    assert observed(tmp_path, file) == (77, said)


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    said = "there is no folder /gone: make it, or choose another path"
    assert observed(tmp_path, tmp_path / "gone" / "swap") == (77, said)


def test_a_disk_without_room_is_told_before_anything_is_changed(tmp_path: Path) -> None:
    code, said = observed(tmp_path, tmp_path / "swap", "900TB")
    assert (code, said.partition(" has room for ")[0], said.partition(", not for ")[2]) == (
        77,
        "the file system of ",
        "943718400 MB: make room, or choose a smaller size",
    )


SWAPS = """\
Filename Type Size Used Priority
/dev/sda2 partition 2097148 1048576 -2
{} file 4194300 {} -3
"""
MEMORY = "MemTotal: 4000000 kB\nMemAvailable: 1048576 kB\nSwapFree: {} kB\n"


STAYS = "regular empty file of 0 MB, mode 600 of me, in use; other swap space stays: "
FULL = "/swap holds 2047 MB of programs, and 2047 MB of memory are free: end some programs first"


# 1 GB of memory and 1 GB less 4 KB of the partition can take what is in the file.
@pytest.mark.parametrize(
    ("used", "result"),
    [(2097148, (0, f"{STAYS}/dev/sda2 (2047 MB)")), (2097149, (77, FULL))],
)
def test_a_file_whose_content_fits_nowhere_else_stays_in_use(
    tmp_path: Path, used: int, result: tuple[int, str]
) -> None:
    # Stand-ins for the kernel's two files: no test fills the memory of this computer.
    file, swaps, memory = tmp_path / "swap", tmp_path / "swaps", tmp_path / "meminfo"
    file.touch(0o600)
    swaps.write_text(SWAPS.format(file, used), "utf-8")
    free = 2097148 - 1048576 + 4194300 - used
    memory.write_text(MEMORY.format(free), "utf-8")
    stand_ins = {"/proc/swaps": str(swaps), "/proc/meminfo": str(memory)}
    code, said = observed(tmp_path, file, **stand_ins)
    assert (code, said.replace(f"{file.owner()}:{file.group()}", "me")) == result


def test_scripts_can_be_parsed(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, "swap: {size: 64MB, priority: 5}\n")) == []
