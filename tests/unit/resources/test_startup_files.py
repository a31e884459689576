"""Startup files: each shell reads its own, at a login, and nothing else of it changes."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from envwright.model.resource import compare
from envwright.resources.command import Command
from envwright.resources.file import File
from envwright.resources.startup_files import ids, profile, startup_files

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "# Written by envwright: change the environment, not this file.\n"
LINE = "emulate sh -c '[ ! -r /etc/profile.d/x.sh ] || . /etc/profile.d/x.sh'\n"


def zsh_reads() -> Command:
    command = list(startup_files("x", "", ""))[-1]
    assert isinstance(command, Command)
    return command


def test_sh_and_zsh_read_one_file_and_fish_another_one_at_a_login_only() -> None:
    *files, command = startup_files("x", "A=1\n", "    set A 1\n")
    texts = {file.path: file.content for file in files if isinstance(file, File)}
    assert texts == {
        "/etc/profile.d/x.sh": f"{HEADER}A=1\n",
        "/etc/fish/conf.d/x.fish": f"{HEADER}if status is-login\n    set A 1\nend\n",
    }
    assert ids("x") == (
        "file:/etc/profile.d/x.sh",
        "file:/etc/fish/conf.d/x.fish",
        "command:zsh reads /etc/profile.d/x.sh",
    )
    assert (profile("x"), command.id) == ("/etc/profile.d/x.sh", ids("x")[-1])


def test_a_plan_that_installs_zsh_has_zsh_read_the_file() -> None:
    command = zsh_reads()
    nothing = compare({"value": "read"}, command.desired())
    assert command.predict(nothing, {"package:zsh"}).fields == ("value",)
    assert command.predict(nothing, {"package:fish"}).fields == ()


def run(script: str, folder: Path) -> str:
    """Run a script with a folder in the place of /etc/zsh."""
    here = script.replace("/etc/zsh", str(folder))
    return subprocess.run(["sh", "-c", here], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, LINE),
        ("", LINE),
        ("# of Debian\n", f"# of Debian\n{LINE}"),
        ("alias x=y", f"alias x=y\n{LINE}"),
        (f"{LINE}# more\n", f"{LINE}# more\n"),
        (f"# {LINE}", f"# {LINE}{LINE}"),
    ],
)
def test_a_line_is_added_to_the_file_of_zsh_once(
    tmp_path: Path, before: str | None, after: str
) -> None:
    command = zsh_reads()
    if before is not None:
        (tmp_path / "zprofile").write_text(before)
    assert run(command.observe, tmp_path) == ("read\n" if before == after else "not read\n")
    run(command.run, tmp_path)
    run(command.run, tmp_path)
    assert (tmp_path / "zprofile").read_text() == after
    assert run(command.observe, tmp_path) == "read\n"


def test_where_there_is_no_zsh_nothing_is_written(tmp_path: Path) -> None:
    command = zsh_reads()
    folder = tmp_path / "zsh"
    assert run(command.observe, folder) == "read\n"
    run(command.run, folder)
    assert list(tmp_path.iterdir()) == []
