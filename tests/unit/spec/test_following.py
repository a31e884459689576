"""What a person named as coming before a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sections import refusals
from standins import StandInSection, compiled

from envwright.resources.command import Command
from envwright.resources.file import File

if TYPE_CHECKING:
    from pathlib import Path


def command(title: str, *follows: str) -> Command:
    return Command(title=title, observe="", expected="", run="", seen=(), follows=follows)


def test_entries_of_the_section_win_over_sections_and_ids() -> None:
    made = compiled(
        StandInSection("files", [File(path="/a"), File(path="/b")]),
        StandInSection("empty", []),
        StandInSection("own", [command("files"), command("x", "files", "empty", "file:/a")]),
        StandInSection("other", [command("y", "files")]),
    )
    needs = {resource.id: resource.needs for resource in made.resources}
    assert needs["command:x"] == ("command:files", "file:/a")
    assert needs["command:y"] == ("file:/a", "file:/b")


def test_a_name_of_nothing_is_refused_with_what_is_close_to_it(tmp_path: Path) -> None:
    section = """\
files: {/a: {content: ""}}
commands:
  x: {run: a, unless: b, needs: [file, "file:/b"]}
"""
    told = "4:6: command:x comes after '{}', but the environment has nothing of that name; did you "
    assert refusals(tmp_path, section) == [
        f"{told}mean '{{}}'?".format("file", "files"),
        f"{told}mean '{{}}'?".format("file:/b", "file:/a"),
    ]
