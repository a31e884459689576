"""WindowsFile: its name, its states, how it is written, what witnesses it."""

from __future__ import annotations

from typing import Any

import pytest

from envwright.facts import Facts, Unknown
from envwright.facts.interop import on_windows
from envwright.facts.windows import ProfileFile, Windows
from envwright.model.operations import Content, operation
from envwright.model.resource import compare
from envwright.resources.windows.file import WindowsFile
from envwright.resources.windows.user_file import PLACE, Place

FILE = WindowsFile(folder="LOCALAPPDATA", file="a b/c.ps1", content="\ufeffnew\n")
ASKED = Windows(file="a b/c.ps1", folder="LOCALAPPDATA")
PATH = "/mnt/c/Users/dev/AppData/Local/a b/c.ps1"


def actual(kind: str, text: str | None) -> Any:
    return FILE.actual(Facts({ASKED: ProfileFile(PATH, "", "", kind, text)}))


def test_it_goes_by_the_name_that_windows_understands() -> None:
    assert (FILE.id, FILE.questions()) == (r"windows-file:%LOCALAPPDATA%\a b\c.ps1", (ASKED,))
    assert FILE.desired() == {"kind": "file", "content": "\ufeffnew\n"}


@pytest.mark.parametrize(
    ("kind", "text", "fields"),
    [
        ("file", "\ufeffnew\n", ()),
        ("file", "\ufeffnew\r\n", ("content",)),
        ("file", "new\n", ("content",)),
        ("", None, ("kind", "content")),
        ("directory", None, ("kind", "content")),
    ],
)
def test_what_differs_is_told(kind: str, text: str | None, fields: tuple[str, ...]) -> None:
    assert compare(actual(kind, text), FILE.desired()).fields == fields


def test_it_is_written_whole_where_windows_has_it() -> None:
    difference = compare(actual("", None), FILE.desired())
    wanted = operation("paths.put", src=Content("\ufeffnew\n"), dest=PATH)
    assert (FILE.refusal(difference), list(FILE.converge(difference))) == ("", [wanted])


def test_what_cannot_be_written_is_refused() -> None:
    unknown = FILE.actual(Facts({ASKED: Unknown("interop is off")}))
    assert [
        FILE.refusal(compare(seen, FILE.desired())) for seen in (unknown, actual("link", ""))
    ] == [
        r"%LOCALAPPDATA%\a b\c.ps1 of the Windows user: interop is off",
        r"%LOCALAPPDATA%\a b\c.ps1 of the Windows user is a link, not a file: move it away first",
    ]


def test_the_witness_is_what_windows_itself_types() -> None:
    (assertion,) = FILE.witness()
    (script,) = assertion.arguments
    assert script.startswith(on_windows("", folder="LOCALAPPDATA", file=r"a b\c.ps1").rstrip("\n"))
    assert script.endswith(
        'ew_run cmd.exe /d /c type "$(ew_cmd_utf16 echo "%$folder%")\\\\$file"\n'
    )
    assert (assertion.attribute, assertion.expected) == ("stdout", "\ufeffnew\n")


def test_its_place_is_known_beside_what_is_compared() -> None:
    assert actual("file", "x") == {PLACE: Place(PATH, "", ""), "kind": "file", "content": "x"}
