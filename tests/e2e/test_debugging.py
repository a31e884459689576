"""Core dumps, the right to trace and symbols by network, on machines that have lived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from box import Box
from machines import kernel
from sections import compile_section

if TYPE_CHECKING:
    from pathlib import Path

    from machines.machine import Machine, NewMachine

CRASH = "a program that crashes leaves a core dump, which gdb opens"
FAILED = 2
WSL = "WSL hands core dumps to Windows, who keeps them in %TEMP%\\wsl-crashes"


@pytest.fixture(scope="module")
def machine(start_machine: NewMachine) -> Machine:
    """A machine with settings of the kernel that are its own."""
    made = start_machine("debian13")
    kernel.stand_in(made, yama__ptrace_scope="1")
    made.install("gdb")
    return made


def proof(folder: Path, section: str, name: str) -> str:
    """Return the script of a proof."""
    made = compile_section(folder, f"debugging: {section}\n")
    (script,) = (proof.script for proof in made.proofs if proof.name == name)
    return script


HANDS = "the kernel hands core dumps to"
PATTERNS = {
    "|/wsl-capture-crash %t %E %p %s": (
        77,
        f"{WSL}; `cores: {{pattern: core}}` keeps them here",
    ),
    "|/usr/lib/systemd/systemd-coredump %P %u %g %s %t %c %h %d": (
        77,
        f"{HANDS} systemd-coredump of the machine or of its host: `coredumpctl gdb` opens them",
    ),
    "|/usr/share/apport/apport -p%p -- %E": (
        77,
        f"{HANDS} a program of the machine or of its host: |/usr/share/apport/apport -p%p -- %E",
    ),
    "/var/crash/%e/core": (77, "the name of the folder is made at the crash: /var/crash/%e/core"),
    "": (1, "kernel.core_pattern is empty: the kernel writes no core dumps"),
}
"""What kernels have in kernel.core_pattern, and what the proof says of it."""


@pytest.mark.parametrize("pattern", PATTERNS)
def test_where_core_dumps_go_is_told(machine: Machine, tmp_path: Path, pattern: str) -> None:
    machine.put("/proc/sys/kernel/core_pattern", f"{pattern}\n")
    script = proof(tmp_path, "{cores: {}}", CRASH)
    said = machine.sh(f"({script}); echo $?").splitlines()
    code, words = PATTERNS[pattern]
    assert said == [words, str(code)]


def test_a_pattern_is_set_for_now_and_the_next_boot(machine: Machine, tmp_path: Path) -> None:
    machine.put("/proc/sys/kernel/core_pattern", "|/usr/share/apport/apport %p\n")
    box = Box(machine, tmp_path)
    box.write("debugging: {cores: {pattern: /var/tmp/core.%e.%p}}\n")
    assert box.run("apply", "--yes", "--no-verify").code == 0
    assert machine.sh("cat /proc/sys/kernel/core_pattern") == "/var/tmp/core.%e.%p\n"
    assert box.run("plan").code == 0
    # As apport's package enables it, which sets its own pattern at each boot.
    unit = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
    machine.put("/etc/systemd/system/apport.service", unit)
    machine.sh("systemctl enable apport.service")
    told = box.run("plan")
    assert told.code == FAILED
    assert "apport.service sets kernel.core_pattern at each boot" in told.out
    machine.sh("systemctl disable apport.service; rm /etc/systemd/system/apport.service")
    assert box.run("plan").code == 0


def test_a_kernel_without_yama_lets_a_person_trace_the_own_programs_and_no_less(
    machine: Machine, tmp_path: Path
) -> None:
    machine.sh("mv /run/kernel/yama /run/kernel/away")
    try:
        box = Box(machine, tmp_path)
        box.write("debugging: {ptrace: children}\n")
        refused = box.run("plan")
        assert (refused.code, refused.out) == (1, "")
        assert (
            "sysctl kernel.yama.ptrace_scope: the kernel of this machine lacks "
            "kernel.yama.ptrace_scope, and acts as with 0"
        ) in refused.err
        box.write("debugging: {ptrace: own}\n")
        assert box.run("apply", "--yes").code == 0
        assert box.run("plan").code == 0
        assert box.run("verify").code == 0
    finally:
        machine.sh("mv /run/kernel/away /run/kernel/yama")


def test_a_setting_that_gdb_lacks_does_not_go_live(machine: Machine, tmp_path: Path) -> None:
    box = Box(machine, tmp_path)
    box.write("debugging: {gdb: {settings: {print prettyy: true}}}\n")
    done = box.run("apply", "--yes")
    assert done.code == 1
    assert 'Undefined set print command: "prettyy on"' in done.err
    assert machine.sh("ls /etc/gdb/gdbinit.d") == ""
