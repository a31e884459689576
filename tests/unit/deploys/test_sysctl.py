"""sysctl: kernel settings, now and after the next boot."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, refusals, states
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
    assert (command.run, command.after) == (
        f"printf '%s\\n' '1024  65000' > {path}",
        (f"file:{PATH}",),
    )
    assert list(command.witness()) == [
        Assertion("file", (path,), "content_string", "1024\t65000\n")
    ]


LACKING = (
    "the kernel of this machine has no setting vm.max_map_count: correct its name, or have the "
    "kernel module with the setting loaded at boot (modules-load.d(5)) and load it now"
)


def observed(tmp_path: Path, text: str | None) -> tuple[int, str]:
    """What the observation of a setting says, with a file in place of the kernel's."""
    made = compile_section(tmp_path, "sysctl: {vm.max_map_count: 5}\n")
    command = made.resources[-1]
    assert isinstance(command, Command)
    assert command.lacking == LACKING
    file = tmp_path / "setting"
    if text is not None:
        file.write_text(text)
    script = command.observe.replace("/proc/sys/vm/max_map_count", str(file))
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=False, text=True)
    return done.returncode, done.stdout


def test_a_setting_is_observed_as_the_kernel_has_it(tmp_path: Path) -> None:
    assert observed(tmp_path, "5\n") == (0, "5\n")
    assert observed(tmp_path, "6\n") == (0, "6\n")


def test_a_setting_that_the_kernel_lacks_is_none(tmp_path: Path) -> None:
    assert observed(tmp_path, None) == (1, "")


def boot(tmp_path: Path, section: str, files: dict[str, str]) -> tuple[int, str]:
    """What the proof says of the next boot, with folders in place of the machine's."""
    (proof,) = compile_section(tmp_path, f"sysctl: {section}\n").proofs
    assert (proof.name, proof.quick) == ("the kernel settings hold after the next boot, too", True)
    script = proof.script.replace("/usr/lib/systemd/systemd-sysctl", "/bin/sh")
    for folder in (
        "/etc/sysctl.d",
        "/run/sysctl.d",
        "/usr/local/lib/sysctl.d",
        "/usr/lib/sysctl.d",
    ):
        script = script.replace(f"{folder}/", f"{tmp_path}{folder}/")
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=False, text=True)
    assert done.stderr == ""
    return done.returncode, done.stdout.replace(str(tmp_path), "")


OWN = "etc/sysctl.d/60-envwright.conf"
COUNT = {OWN: "vm.max_map_count = 5\n"}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (COUNT, (0, "")),
        ({OWN: "vm/max_map_count=5\n"}, (0, "")),
        (
            {**COUNT, "etc/sysctl.d/99-other.conf": "# later\n-vm.max_map_count = 6\n"},
            (1, "vm.max_map_count: /etc/sysctl.d/99-other.conf sets it to 6\n"),
        ),
        (
            {**COUNT, "usr/lib/sysctl.d/99-other.conf": "vm/max_map_count=6"},
            (1, "vm.max_map_count: /usr/lib/sysctl.d/99-other.conf sets it to 6\n"),
        ),
        (
            {**COUNT, "run/sysctl.d/70-not.conf": "-vm.max_map_count\n"},
            (1, "vm.max_map_count: /run/sysctl.d/70-not.conf keeps it from being set\n"),
        ),
        ({**COUNT, "usr/lib/sysctl.d/10-early.conf": "vm.max_map_count = 6\n"}, (0, "")),
        ({**COUNT, "usr/lib/sysctl.d/60-envwright.conf": "vm.max_map_count = 6\n"}, (0, "")),
        (
            {
                **COUNT,
                "etc/sysctl.d/99-masked.conf": "",
                "usr/lib/sysctl.d/99-masked.conf": "vm.max_map_count = 6\n",
            },
            (0, ""),
        ),
        ({**COUNT, "run/sysctl.d/99-glob.conf": "vm.* = 6\n"}, (0, "")),
        ({OWN: "vm.max_map_counts = 5\n"}, (1, "vm.max_map_count: no file sets it\n")),
        ({}, (1, "vm.max_map_count: no file sets it\n")),
    ],
)
def test_the_proof_tells_which_file_wins_at_the_next_boot(
    tmp_path: Path, files: dict[str, str], said: tuple[int, str]
) -> None:
    assert boot(tmp_path, "{vm.max_map_count: 5}", files) == said


def test_the_proof_compares_the_numbers_of_a_list_and_names_all_settings(tmp_path: Path) -> None:
    section = '{net.ipv4.ip_local_port_range: "1024  65000", vm.swappiness: 1}'
    files = {OWN: "net.ipv4.ip_local_port_range = 1024\t65000\nvm.swappiness=1\n"}
    assert boot(tmp_path, section, files) == (0, "")
    later = {**files, "etc/sysctl.d/zz.conf": "vm.swappiness=9\n"}
    said = "vm.swappiness: /etc/sysctl.d/zz.conf sets it to 9\n"
    assert boot(tmp_path, section, later) == (1, said)


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
