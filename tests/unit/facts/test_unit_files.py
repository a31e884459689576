"""The files of a unit: what a shell finds of them, and the command line that they give."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from envwright.facts import CommandLine, UnitFiles, command_line
from envwright.facts.unit_files import FOLDERS

if TYPE_CHECKING:
    from pathlib import Path

ETC, LIB = "/etc/systemd/system", "/usr/lib/systemd/system"
PACKAGED = "[Unit]\nA=b\n[Service]\nExecStart=/usr/bin/d -H fd://\n[Install]\n"


def test_a_shell_finds_unit_and_drop_ins_with_their_texts(tmp_path: Path) -> None:
    files = {
        f"{ETC}/d.service.d/b.conf": "[Service]\nExecStart=\nExecStart=/x 'a b'\n",
        f"{LIB}/d.service": PACKAGED,
        f"{LIB}/other.service": "[Service]\nExecStart=/other\n",
        f"{LIB}/d.service.d/no-line-end.conf": "[Service]",
        f"{LIB}/d.service.d/not.a.drop-in": "x",
    }
    for path, text in files.items():
        file = tmp_path / path[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / f"{ETC[1:]}/d.service.d/masked.conf").symlink_to("/dev/null")
    script = UnitFiles.script([UnitFiles("d.service"), UnitFiles("gone.service")])
    for folder in FOLDERS:
        script = script.replace(f" {folder}/", f" {tmp_path}{folder}/")
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    output = done.stdout.replace(str(tmp_path).encode(), b"")
    found = UnitFiles.parse([UnitFiles("d.service"), UnitFiles("gone.service")], output)
    assert found == {
        UnitFiles("d.service"): {
            f"{ETC}/d.service.d/b.conf": "[Service]\nExecStart=\nExecStart=/x 'a b'",
            f"{ETC}/d.service.d/masked.conf": "",
            f"{LIB}/d.service": PACKAGED.removesuffix("\n"),
            f"{LIB}/d.service.d/no-line-end.conf": "[Service]",
        },
        UnitFiles("gone.service"): {},
    }


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({}, None),
        ({f"{ETC}/d.service.d/a.conf": "[Service]\nNice=1\n"}, None),
        ({f"{LIB}/d.service": PACKAGED}, (("/usr/bin/d", "-H", "fd://"), f"{LIB}/d.service")),
        (
            {f"{LIB}/d.service": PACKAGED, f"{ETC}/d.service": "[Service]\nExecStart=@/e x -y\n"},
            (("/e", "x", "-y"), f"{ETC}/d.service"),
        ),
        (
            {
                f"{LIB}/d.service": PACKAGED,
                f"{ETC}/d.service.d/z.conf": "[Service]\n#c\\\nExecStart=\nExecStart=-/z a\\\n b\n",
                f"{LIB}/d.service.d/a.conf": "[Service]\nExecStart=\nExecStart=/a\n",
            },
            (("/z", "a", "b"), f"{ETC}/d.service.d/z.conf"),
        ),
        (
            {
                f"{LIB}/d.service": PACKAGED,
                f"{LIB}/d.service.d/a.conf": "[Service]\nExecStart=\nExecStart=/a\n",
                f"{ETC}/d.service.d/a.conf": "",
            },
            (("/usr/bin/d", "-H", "fd://"), f"{LIB}/d.service"),
        ),
        (
            {
                f"{LIB}/d.service": (
                    "[Service]\nEnvironment='A=-x 1' B=2\nEnvironment=C=3\n"
                    "ExecStart=/d $A --b=${B} ${C}$C $GONE $FILE\n[Other]\nExecStart=/no\n"
                )
            },
            (("/d", "-x", "1", "--b=2", "3$C", "-D"), f"{LIB}/d.service"),
        ),
        (
            {f"{LIB}/d.service": '[Service]\nExecStart=/d "open\n'},
            (("/d", '"open'), f"{LIB}/d.service"),
        ),
    ],
)
def test_the_command_line_is_the_one_that_systemd_would_start(
    files: dict[str, str], line: tuple[tuple[str, ...], str] | None
) -> None:
    wanted = None if line is None else CommandLine(*line)
    assert command_line(files, "d.service", ["FILE=-D"]) == wanted
