"""perf: the program for the kernel that runs, and what persons may look at."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, UBUNTU, WSL

from envwright.resources.file import File

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

PATH = "/etc/sysctl.d/60-envwright-perf.conf"
OWN = {"kind": "file", "mode": "0644", "owner": "root", "group": "root"}
TOOLS = "/usr/lib/linux-tools"
HERE = os.uname().release


def test_debian_has_one_perf_for_all_kernels(tmp_path: Path) -> None:
    assert states(tmp_path, "perf: {}\n", DEBIAN) == {
        "package:linux-perf": {},
        f"file:{PATH}": {**OWN, "content": "kernel.perf_event_paranoid = 2\n"},
        "command:sysctl kernel.perf_event_paranoid": {"value": "2"},
    }


@pytest.mark.parametrize("machine", [UBUNTU, WSL])
def test_ubuntu_gets_a_program_that_looks_for_the_perf_of_the_kernel(
    tmp_path: Path, machine: Machine
) -> None:
    assert [*states(tmp_path, "perf: {access: keep}\n", machine)] == [
        "package:linux-tools-generic",
        "file:/usr/local/bin/perf",
    ]


@pytest.mark.parametrize(
    ("access", "values"),
    [
        ("own", {"kernel.perf_event_paranoid": "2"}),
        ("kernel", {"kernel.perf_event_paranoid": "1", "kernel.kptr_restrict": "0"}),
        ("all", {"kernel.perf_event_paranoid": "-1", "kernel.kptr_restrict": "0"}),
        ("keep", {}),
    ],
)
def test_what_persons_may_look_at_is_a_setting_of_the_kernel(
    tmp_path: Path, access: str, values: dict[str, str]
) -> None:
    made = states(tmp_path, f"perf: {{access: {access}}}\n")
    commands = {id_: state for id_, state in made.items() if id_.startswith("command:")}
    assert commands == {f"command:sysctl {name}": {"value": v} for name, v in values.items()}


@pytest.mark.parametrize(
    ("installed", "wanted"),
    [
        ([HERE, "9999.1.0-1-generic"], (0, f"{HERE} --version\n", "")),
        (["5.15.0-25-generic", "6.8.0-9-generic", "6.8.0-71-generic"], (0, "6.8.0-71-generic", "")),
        ([], (127, "", "perf: there is no program in {}: install linux-tools-generic\n")),
    ],
)
def test_the_perf_of_the_running_kernel_comes_first_and_else_the_newest(
    tmp_path: Path, installed: list[str], wanted: tuple[int, str, str]
) -> None:
    made = compile_section(tmp_path, "perf: {access: keep}\n", UBUNTU)
    (start,) = (one.content for one in made.resources if isinstance(one, File))
    tools = tmp_path / "tools"
    for version in installed:
        (tools / version).mkdir(parents=True)
        program = tools / version / "perf"
        program.write_text(f'#!/bin/sh\necho {version} "$@"\n', "utf-8")
        program.chmod(0o755)
    # Packages of other tools make a folder without perf.
    (tools / "9999.2.0-1-generic").mkdir(parents=True)
    script = start.replace(TOOLS, str(tools))
    done = subprocess.run(
        ["sh", "-c", script, "perf", "--version"], capture_output=True, text=True, check=False
    )
    code, out, err = wanted
    assert (done.returncode, done.stderr) == (code, err.format(tools))
    assert done.stdout.startswith(out)


def test_another_word_is_refused(tmp_path: Path) -> None:
    (said,) = refusals(tmp_path, "perf: {access: -1}\n")
    assert "perf.access" in said


def test_scripts_can_be_parsed(tmp_path: Path) -> None:
    assert ill_written(compile_section(tmp_path, "perf: {}\n")) == []
