"""mounts: entries of fstab and what they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, UBUNTU, WSL

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

LINUX = """\
mounts:
  /mnt/scratch: {type: tmpfs, options: [size=64m, mode=1777]}
  /srv/my data: {bind: /opt/data, options: [ro]}
  /mnt/backup: {source: UUID=1-2, type: ext4, options: [noauto]}
"""
SECTION = f"""\
{LINUX}\
  /mnt/d: {{drive: "D:", options: [metadata]}}
  /mnt/share: {{drive: '\\\\server\\a share'}}
"""
EXPECTED = {
    "mount:/mnt/scratch": {
        "fstab": "tmpfs /mnt/scratch tmpfs size=64m,mode=1777 0 0",
        "mounted": ("tmpfs", "size=67108864"),
    },
    "mount:/srv/my data": {
        "fstab": "/opt/data /srv/my\\040data none bind,ro 0 0",
        "mounted": ("bind", "ro"),
    },
    "mount:/mnt/backup": {"fstab": "UUID=1-2 /mnt/backup ext4 noauto 0 0"},
    "mount:/mnt/d": {"fstab": "D: /mnt/d drvfs metadata 0 0", "mounted": ("drvfs",)},
    "mount:/mnt/share": {
        "fstab": "\\134\\134server\\134a\\040share /mnt/share drvfs defaults 0 0",
        "mounted": ("drvfs",),
    },
}


def test_each_mount_point_has_an_entry_and_what_it_stands_for(tmp_path: Path) -> None:
    assert states(tmp_path, SECTION, WSL) == EXPECTED


@pytest.mark.parametrize("machine", [DEBIAN, UBUNTU])
def test_elsewhere_a_mount_is_the_same(tmp_path: Path, machine: Machine) -> None:
    assert states(tmp_path, LINUX, machine) == dict(list(EXPECTED.items())[:3])


def test_what_can_be_written_to_is_proved(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION, WSL)
    assert [(proof.name, proof.origins[0].line) for proof in made.proofs] == [
        ("/mnt/scratch can be written to", 3),
        ("/mnt/d can be written to", 6),
        ("/mnt/share can be written to", 7),
    ]
    assert ill_written(made) == []


def test_a_windows_drive_needs_wsl(tmp_path: Path) -> None:
    assert refusals(tmp_path, SECTION, WSL) == []
    assert refusals(tmp_path, SECTION, DEBIAN) == [
        "6:11: /mnt/d is a Windows drive, and this machine does not run under WSL",
        "7:15: /mnt/share is a Windows drive, and this machine does not run under WSL",
    ]


ONE = "needs exactly one of 'type', 'bind' and 'drive'"
PATH = "must be an absolute path without `..`, `//` or a `/` at its end"


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("{/mnt/x: {}}", f"2:18: mounts./mnt/x {ONE}"),
        ("{/mnt/x: {type: tmpfs, bind: /a}}", f"2:18: mounts./mnt/x {ONE}"),
        ("{/mnt/x: {type: ext4}}", "2:18: mounts./mnt/x needs a 'source'"),
        ("{mnt: {type: tmpfs}}", f"2:10: the key 'mnt' of mounts {PATH}"),
        ("{/mnt/x: {bind: opt}}", f"2:25: mounts./mnt/x.bind {PATH}"),
        (
            '{/mnt/x: {type: tmpfs, options: ["a b"]}}',
            (
                "2:42: mounts./mnt/x.options[0] must be one option, without blanks or `,`, "
                "not text 'a b'"
            ),
        ),
        (
            "{/mnt/x: {drive: DD}}",
            (
                "2:26: mounts./mnt/x.drive must be a drive like `D:` or a share like "
                "`\\\\server\\share`, not text 'DD'"
            ),
        ),
        (
            '{/mnt/x: {type: ext4, source: "#x"}}',
            (
                "2:39: mounts./mnt/x.source must be text on one line that does not begin with "
                "a blank, `#` or `,`, not text '#x'"
            ),
        ),
    ],
)
def test_what_is_no_mount_is_refused(tmp_path: Path, section: str, told: str) -> None:
    assert refusals(tmp_path, f"mounts: {section}\n") == [told]
