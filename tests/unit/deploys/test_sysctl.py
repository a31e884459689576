"""sysctl: kernel settings, now and after the next boot."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, UBUNTU, WSL

from envwright.model.proof import Assertion
from envwright.resources.command import Command

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

SECTION = """\
sysctl:
  fs.inotify.max_user_watches: 524288
  net.ipv4.ip_local_port_range: "1024  65000"
"""
PATH = "/etc/sysctl.d/60-envwright.conf"


@pytest.mark.parametrize("machine", [DEBIAN, UBUNTU, WSL])
def test_settings_are_written_and_set(tmp_path: Path, machine: Machine) -> None:
    assert states(tmp_path, SECTION, machine) == {
        f"file:{PATH}": {
            "kind": "file",
            "mode": "0644",
            "owner": "root",
            "group": "root",
            "content": (
                "fs.inotify.max_user_watches = 524288\nnet.ipv4.ip_local_port_range = 1024  65000\n"
            ),
        },
        "command:sysctl fs.inotify.max_user_watches": {"value": "524288"},
        "command:sysctl net.ipv4.ip_local_port_range": {"value": "1024\t65000"},
    }


def test_no_settings_are_no_file(tmp_path: Path) -> None:
    assert states(tmp_path, "sysctl: {}\n") == {}


def test_a_setting_is_read_set_and_witnessed_in_proc(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    command = made.resources[-1]
    assert isinstance(command, Command)
    path = "/proc/sys/net/ipv4/ip_local_port_range"
    assert (command.observe, command.run, command.after) == (
        f"cat {path}",
        f"printf '%s\\n' '1024  65000' > {path}",
        (f"file:{PATH}",),
    )
    assert list(command.witness()) == [
        Assertion("file", (path,), "content_string", "1024\t65000\n")
    ]


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ("vm.max_map_count = 5\n", 0),
        ("vm/max_map_count=5\n", 0),
        ("vm.max_map_count = 5\n# later\n-vm.max_map_count = 6\n", 1),
        ("vm.max_map_counts = 5\n", 1),
        ("", 1),
    ],
)
def test_the_proof_sees_the_setting_that_will_hold(tmp_path: Path, config: str, code: int) -> None:
    """The reader is a stand-in of systemd-sysctl, which prints all files that it would read."""
    made = compile_section(tmp_path, "sysctl: {vm.max_map_count: 5}\n")
    (proof,) = made.proofs
    (tmp_path / "config").write_text(config)
    reader = tmp_path / "reader"
    reader.write_text(f"#!/bin/sh\ncat {tmp_path}/config\n")
    reader.chmod(0o755)
    script = proof.script.replace("/usr/lib/systemd/systemd-sysctl", str(reader))
    assert proof.name == "vm.max_map_count is 5 after the next boot, too"
    assert ill_written(made) == []
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=False)
    assert done.returncode == code
    reader.unlink()
    assert subprocess.run(["sh", "-c", script], capture_output=True, check=False).returncode == 77


TEXT = "text on one line, and no secret, since everybody reads it"
NAME = "a setting's name with dots, like `vm.max_map_count`"


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("{x: 1}", f"2:10: the key 'x' of sysctl must be {NAME}"),
        ('{"vm/x": 1}', f"2:10: the key 'vm/x' of sysctl must be {NAME}"),
        ('{"vm.$(id)": 1}', f"2:10: the key 'vm.$(id)' of sysctl must be {NAME}"),
        ("{vm.x: true}", f"2:16: sysctl.vm.x must be an integer or {TEXT}, not true"),
        ("{vm.x: 1.5}", f"2:16: sysctl.vm.x must be an integer or {TEXT}, not the number 1.5"),
        ('{vm.x: "a;b"}', f"2:16: sysctl.vm.x must be {TEXT}, not text 'a;b'"),
        ('{vm.x: ""}', f"2:16: sysctl.vm.x must be {TEXT}, not empty text"),
    ],
)
def test_what_is_no_setting_is_refused(tmp_path: Path, section: str, told: str) -> None:
    assert refusals(tmp_path, f"sysctl: {section}\n") == [told]
