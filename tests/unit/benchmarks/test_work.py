"""The work in all its sizes: equal for all tools, and the same each time."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from benchmarks.work import FOLDER, Work
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.sample_machines import MACHINES

if TYPE_CHECKING:
    from pathlib import Path


def test_the_work_at_its_own_size_is_r1_itself() -> None:
    assert Work().environment() == (FOLDER / "r1.yaml").read_text("utf-8")


@pytest.mark.parametrize("factor", [1, 10, 100])
def test_a_factor_multiplies_the_resources(factor: int) -> None:
    work = Work(factor)
    assert len(work.added_directories) + len(work.added_files) + 59 == work.resources == 59 * factor


def test_envwright_compiles_the_same_paths_that_the_others_are_given(tmp_path: Path) -> None:
    work = Work(3)
    file = tmp_path / "r1.yaml"
    file.write_text(work.environment(), "utf-8")
    compiled = compile_environment(load(str(file), MACHINES[0]), MACHINES[0])
    names = {resource.id for resource in compiled.resources}
    expected = {f"file:{path}" for path in work.dotfiles}
    expected |= {f"directory:{path}" for path in work.added_directories}
    assert {name for name in names if "/home/dev/.config/" in name} == expected


def test_mise_is_given_the_same_paths() -> None:
    work = Work(2)
    text = work.mise()
    files = re.findall(r'^\[bootstrap\.files\."(/home/.*)"\]$', text, re.MULTILINE)
    directories = re.findall(r'^"(/home/dev/\.config/.*)" = ', text, re.MULTILINE)
    assert (files, directories) == (list(work.dotfiles), work.added_directories)


def test_a_machine_grows_by_what_the_tools_are_given(tmp_path: Path) -> None:
    work = Work(3)
    script = work.growth().replace("/home/dev/.config", str(tmp_path)).replace("chown", ": chown")
    for _ in range(2):
        subprocess.run(["sh", "-ec", script], check=True)
    made = {f"/home/dev/.config/{p.relative_to(tmp_path)}": p for p in tmp_path.rglob("*")}
    files = {name: path.read_text("utf-8") for name, path in made.items() if path.is_file()}
    assert files == work.added_files
    assert made.keys() - files.keys() == set(work.added_directories)


def test_the_raw_reads_are_a_script_that_a_shell_takes() -> None:
    subprocess.run(["sh", "-n"], input=Work(2).reads().encode(), check=True)
