"""KernelSettings: live values, and those that a kernel without the setting acts by."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from envwright.resources.command import Command
from envwright.resources.kernel_settings import KernelSettings

if TYPE_CHECKING:
    from pathlib import Path

NAME = "kernel.none.such"


def look(folder: Path, value: str, implied: dict[str, str], there: str | None) -> tuple[int, str]:
    """Run the script that looks at a setting, which is a file of a folder here."""
    command = list(KernelSettings("60-test", {NAME: value}, implied=implied).resources())[-1]
    assert isinstance(command, Command)
    file = folder / "setting"
    if there is not None:
        file.write_text(f"{there}\n", "utf-8")
    script = command.observe.replace("/proc/sys/kernel/none/such", str(file))
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("value", "there", "wanted"),
    [
        ("1", "1", (0, "1\n")),
        ("1", "0", (0, "0\n")),
        ("0", None, (0, "0\n")),
        (
            "1",
            None,
            (77, f"the kernel of this machine lacks {NAME}, and acts as with 0\n"),
        ),
    ],
)
def test_a_kernel_without_a_setting_acts_as_by_a_value(
    tmp_path: Path, value: str, there: str | None, wanted: tuple[int, str]
) -> None:
    assert look(tmp_path, value, {NAME: "0"}, there) == wanted


def test_a_setting_that_must_be_there_is_missing(tmp_path: Path) -> None:
    assert look(tmp_path, "1", {}, None) == (1, "")


def test_no_settings_are_no_file_and_no_proof() -> None:
    none = KernelSettings("60-test", {})
    assert (list(none.resources()), list(none.proofs())) == ([], [])
