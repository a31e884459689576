"""wsl: the settings of /etc/wsl.conf, by keys."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, UBUNTU, WSL

from envwright.model.resource import Fields, FileKey, Moment
from envwright.portable import dialects

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

SECTION = """\
wsl:
  boot: {systemd: true}
  automount: {options: {metadata: true, umask: "022"}}
  interop: {appendWindowsPath: false}
  user: {default: dev}
"""
ROOT: Fields = {"kind": "file", "mode": "0644", "owner": "root", "group": "root"}
EVERYTHING: dict[str, dict[str, Any]] = {
    "automount": {
        "enabled": True,
        "root": "/mnt",
        "options": "metadata",
        "mountFsTab": False,
        "ldconfig": True,
        "cgroups": "v2",
    },
    "network": {"generateHosts": True, "generateResolvConf": False, "hostname": "box"},
    "interop": {"enabled": True, "appendWindowsPath": False},
    "user": {"default": "dev"},
    "boot": {"systemd": True, "command": "a; b", "initTimeout": 5, "protectBinfmt": True},
    "gpu": {"enabled": True, "appendLibPath": False},
    "time": {"useWindowsTimezone": True},
    "filesystem": {"umask": "022"},
    "fileServer": {"enabled": True, "logFile": "/x", "logLevel": 4, "logTruncate": False},
    "general": {"guiApplications": True},
}


@pytest.mark.parametrize("machine", [DEBIAN, UBUNTU, WSL])
def test_only_the_keys_that_are_given_are_written(tmp_path: Path, machine: Machine) -> None:
    assert states(tmp_path, SECTION, machine) == {
        "keys:/etc/wsl.conf": {
            **ROOT,
            FileKey("automount.options"): "metadata,umask=022",
            FileKey("interop.appendWindowsPath"): False,
            FileKey("user.default"): "dev",
            FileKey("boot.systemd"): True,
        }
    }


def test_every_key_of_the_file_can_be_given_and_written(tmp_path: Path) -> None:
    found = states(tmp_path, f"wsl: {json.dumps(EVERYTHING)}\n")
    keys = {f"{part}.{key}": v for part, values in EVERYTHING.items() for key, v in values.items()}
    written: Fields = {FileKey(key): value for key, value in keys.items()}
    assert found["keys:/etc/wsl.conf"] == {**ROOT, **written}
    wsl = dialects.get("wsl")
    text = wsl.edit("", keys)
    assert (wsl.actual(text, keys), wsl.problems(text)) == (keys, [])


def test_nothing_given_is_nothing_written(tmp_path: Path) -> None:
    assert states(tmp_path, "wsl: {boot: {}}\n") == {}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("{metadata: true, uid: 1000, gid: 100, case: dir}", "metadata,uid=1000,gid=100,case=dir"),
        ("{metadata: false, fmask: '11', dmask: '0022'}", "fmask=11,dmask=0022"),
        ('"metadata,uid=5"', "metadata,uid=5"),
    ],
)
def test_mount_options_are_keys_or_the_text_itself(tmp_path: Path, options: str, text: str) -> None:
    found = states(tmp_path, f"wsl: {{automount: {{options: {options}}}}}\n")
    assert found["keys:/etc/wsl.conf"][FileKey("automount.options")] == text


def test_changes_are_felt_when_the_distribution_starts_again(tmp_path: Path) -> None:
    (keys,) = compile_section(tmp_path, SECTION).resources
    assert keys.takes_effect is Moment.DISTRIBUTION


def test_effects_are_proved(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION, WSL)
    assert [(proof.name, proof.origins[0].line) for proof in made.proofs] == [
        ("the default user dev exists", 6),
        ("systemd is PID 1", 3),
        ("no Windows directory is in a login shell's PATH", 5),
        ("no Windows directory is in the PATH of a session that Windows starts", 5),
        ("Windows drives keep owners and modes", 4),
    ]
    assert ill_written(made) == []


@pytest.mark.parametrize(
    ("machine", "name", "code"),
    [(WSL, "systemd", 0), (DEBIAN, "systemd", 0), (WSL, "init", 1), (DEBIAN, "init", 77)],
)
def test_pid_1_is_looked_at_and_means_nothing_outside_of_wsl(
    tmp_path: Path, machine: Machine, name: str, code: int
) -> None:
    made = compile_section(tmp_path, "wsl: {boot: {systemd: true}}\n", machine)
    (tmp_path / "comm").write_text(f"{name}\n")
    script = made.proofs[0].script.replace("/proc/1/comm", f"{tmp_path}/comm")
    assert subprocess.run(["sh", "-c", script], capture_output=True, check=False).returncode == code


DRIVES = "C:\\134 /mnt/c 9p rw,aname=drvfs;path=C:\\;metadata 0 0\n"


@pytest.mark.parametrize(
    ("mounts", "code"),
    [
        (DRIVES, 0),
        (f"{DRIVES}D:\\134 /mnt/d 9p rw,aname=drvfs;path=D:\\ 0 0\n", 1),
        ("tmpfs /tmp tmpfs rw 0 0\n", 77),
    ],
)
def test_every_windows_drive_has_to_keep_owners(tmp_path: Path, mounts: str, code: int) -> None:
    text = "wsl: {automount: {options: {metadata: true}}}\n"
    (proof,) = compile_section(tmp_path, text, WSL).proofs
    (tmp_path / "mounts").write_text(mounts)
    script = proof.script.replace("/proc/mounts", f"{tmp_path}/mounts")
    assert subprocess.run(["sh", "-c", script], capture_output=True, check=False).returncode == code


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (
            '{boot: {systemd: "true"}}',
            "2:23: wsl.boot.systemd must be true or false, not text 'true'",
        ),
        (
            "{automount: {options: {umask: 22}}}",
            (
                '2:36: wsl.automount.options.umask must be octal digits in quotes, like "022", '
                "not the integer 22"
            ),
        ),
        (
            '{automount: {options: {umask: "999"}}}',
            (
                '2:36: wsl.automount.options.umask must be octal digits in quotes, like "022", '
                "not text '999'"
            ),
        ),
        (
            "{interop: {append_windows_path: true}}",
            (
                "2:17: wsl.interop has no key 'append_windows_path'; "
                "did you mean 'appendWindowsPath'?"
            ),
        ),
        (
            '{boot: {command: "a\\nb"}}',
            "2:23: wsl.boot.command must be text on one line, not text 'a\\nb'",
        ),
        ("{bot: {systemd: true}}", "2:7: wsl has no key 'bot'; did you mean 'boot'?"),
        (
            "{automount: {cgroups: v3}}",
            "2:28: wsl.automount.cgroups must be 'v1' or 'v2', not text 'v3'",
        ),
        (
            "{boot: {initTimeout: -1}}",
            "2:27: wsl.boot.initTimeout must be an integer of at least 0, not the integer -1",
        ),
        (
            '{automount: {options: "metadata, umask=22"}}',
            (
                "2:28: wsl.automount.options must be options with `,` and no blanks between, not "
                "text 'metadata, umask=22'"
            ),
        ),
        (
            '{filesystem: {umask: "22"}}',
            (
                '2:27: wsl.filesystem.umask must be a 0 and octal digits, like "022", not '
                "text '22'"
            ),
        ),
        (
            "{boot: {generateHosts: false}}",
            "2:14: wsl.boot has no key 'generateHosts'; wsl.network has it",
        ),
    ],
)
def test_what_wsl_could_not_take_is_refused(tmp_path: Path, section: str, told: str) -> None:
    assert refusals(tmp_path, f"wsl: {section}\n") == [told]
