"""How Windows is reached: the script that asks, run against stand-ins, and what it reads."""

from __future__ import annotations

import base64
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from envwright.facts import Unknown
from envwright.facts.interop import on_windows
from envwright.facts.windows import LINE, Entry, ProfileFile, Windows, parent

if TYPE_CHECKING:
    from pathlib import Path

LINK = Windows(path="C:\\codes\\docker")
OTHER = Windows(path="C:\\codes\\notes")
FILE = Windows(file=".wslconfig")


def answer(*fields: str) -> bytes:
    return "\0".join(["", *fields, ""]).encode()


def said(*lines: str) -> str:
    return "\n".join(["C:\\Users\\dev", *lines])


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (
            "11/21/2026  10:00 AM    <SYMLINKD>     docker [\\\\wsl.localhost\\Debian\\opt]",
            Entry("directory link", "\\\\wsl.localhost\\Debian\\opt"),
        ),
        ("21.11.2026  10:00    <SYMLINK>      DOCKER [C:\\x]", Entry("file link", "C:\\x")),
        ("21.11.2026  10:00    <VERBINDUNG>   docker [C:\\x]", Entry("junction", "C:\\x")),
        ("11/21/2026  10:00 AM    <SYMLINKD>     docker2 [C:\\x]", None),
        ("11/21/2026  10:00 AM    <SYMLINKD>     my docker [C:\\x]", None),
        (
            "11/21/2026  10:00 AM    <SYMLINKD>     docker [C:\\a [b]]",
            Entry("directory link", "C:\\a [b]"),
        ),
        (" Datei nicht gefunden", None),
    ],
)
def test_links_are_read_from_a_listing_in_any_language(line: str, entry: Entry | None) -> None:
    output = answer(said("?0", " Volume in drive C is Windows", line), "symbolic link\t")
    expected = entry or Entry("file")
    assert Windows.parse([LINK], output) == {LINK: expected}


def test_a_link_is_not_taken_for_one_of_the_same_name_elsewhere() -> None:
    there = Windows(path="C:\\other\\docker")
    output = answer(said("?0", "?1", "a <SYMLINKD> docker [C:\\x]"), "", "symbolic link\t")
    assert Windows.parse([LINK, there], output) == {
        LINK: None,
        there: Entry("directory link", "C:\\x"),
    }


@pytest.mark.parametrize(
    ("seen", "entry"),
    [
        ("", None),
        ("directory\t", Entry("directory")),
        ("regular file\t", Entry("file")),
        ("regular empty file\t", Entry("file")),
    ],
)
def test_what_is_no_link_is_told_by_linux(seen: str, entry: Entry | None) -> None:
    assert Windows.parse([OTHER], answer(said("?0"), seen)) == {OTHER: entry}


@pytest.mark.parametrize(
    ("fields", "file"),
    [
        (
            "/mnt/c/Users/dev/.wslconfig\t \tregular file\t.1795.25\n"
            + base64.b64encode(b"[wsl2]\r\n").decode(),
            ProfileFile("/mnt/c/Users/dev/.wslconfig", "", "", "file", "[wsl2]\r\n", 1795.25),
        ),
        (
            "/mnt/c/Users/dev/.wslconfig\tdev users\t\t",
            ProfileFile("/mnt/c/Users/dev/.wslconfig", "dev", "users", "", None),
        ),
        (
            "/mnt/c/e/.wslconfig\t \tregular empty file\t.5\n",
            ProfileFile("/mnt/c/e/.wslconfig", "", "", "file", "", 5),
        ),
        (
            "/mnt/c/e/.wslconfig\t \tsymbolic link\t",
            ProfileFile("/mnt/c/e/.wslconfig", "", "", "link", None),
        ),
        ("\t \t\t", Unknown("Windows does not say where the user's folders are")),
    ],
)
def test_a_file_of_the_profile_has_its_place_owner_text_and_time(
    fields: str, file: ProfileFile | Unknown
) -> None:
    assert Windows.parse([FILE], answer(said(), fields)) == {FILE: file}


def test_a_reason_why_windows_cannot_be_reached_is_the_answer_to_all() -> None:
    output = b"interop is off\0"
    unknown = Unknown("interop is off")
    assert Windows.parse([LINK, FILE], output) == {LINK: unknown, FILE: unknown}


def test_all_questions_take_one_call_of_cmd() -> None:
    script = Windows.script([LINK, OTHER, FILE])
    call = "ew_cmd_utf16 echo %USERPROFILE% '&' echo '?0' '&' dir /AL 'C:\\codes'"
    assert [line for line in script.splitlines() if "dir /AL" in line] == [
        f"if ew_reach && ew_said=$({call}"
    ]


def test_the_folders_that_files_are_in_are_named_by_the_same_call() -> None:
    script = Windows.script([FILE, Windows(file="a b/c.json", folder="LOCALAPPDATA")])
    assert "ew_cmd_utf16 echo %USERPROFILE% '&' echo %LOCALAPPDATA%\n" in script
    assert script.splitlines()[-5:] == [
        "USERPROFILE=$(ew_folder 1)",
        "LOCALAPPDATA=$(ew_folder 2)",
        'ew_file "$USERPROFILE" .wslconfig',
        "ew_file \"$LOCALAPPDATA\" 'a b/c.json'",
        "else printf '%s\\0' \"$ew_why\"; fi",
    ]


def test_a_command_line_stays_as_short_as_cmd_takes_it() -> None:
    questions = [Windows(path=f"C:\\{'d' * 100}{n}\\link") for n in range(200)]
    script = Windows.script(questions)
    lines = [line for line in script.splitlines() if "dir /AL" in line]
    assert [len(line) <= LINE + 100 for line in lines] == [True] * 5
    assert sum(line.count("dir /AL") for line in lines) == 200


@pytest.mark.parametrize(("path", "above"), [("C:\\a\\b", "C:\\a"), ("C:\\a", "C:\\")])
def test_the_directory_above_a_path(path: str, above: str) -> None:
    assert parent(path) == above


@pytest.mark.skipif(os.path.exists("/init"), reason="this computer runs under WSL")  # noqa: PTH110
@pytest.mark.parametrize("script", [on_windows("echo reached"), Windows.script([LINK])])
def test_without_wsl_the_script_says_so_and_does_nothing(script: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip("\n\0") == "this machine does not run under WSL"


def test_words_reach_the_script_as_they_are() -> None:
    script = on_windows("", link="it's $(x)")
    assert script.startswith("link='it'\"'\"'s $(x)'\n")
