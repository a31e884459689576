"""windows.terminal: the fragment that Windows Terminal reads, and what it does not take."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sections import compile_section, refusals
from standins import WSL

from envwright.resources.windows.file import WindowsFile

if TYPE_CHECKING:
    from pathlib import Path

COLOURS = ("black", "red", "green", "yellow", "blue", "purple", "cyan", "white")
SCHEME = {
    name: f"#{number:06X}"
    for number, name in enumerate(
        [*COLOURS, *(f"bright{colour.capitalize()}" for colour in COLOURS)]
    )
}


def fragment(folder: Path, terminal: str) -> Any:
    (file,) = compile_section(folder, f"windows: {{terminal: {terminal}}}\n", WSL).resources
    assert isinstance(file, WindowsFile)
    # Read by jsoncpp, whatever the code page is.
    assert file.content.isascii()
    return json.loads(file.content)


def test_it_goes_where_windows_terminal_looks(tmp_path: Path) -> None:
    (file,) = compile_section(tmp_path, "windows: {terminal: {name: W}}\n", WSL).resources
    assert file.id == (
        r"windows-file:%LOCALAPPDATA%\Microsoft\Windows Terminal\Fragments\envwright"
        r"\Ubuntu-24.04.json"
    )


def test_by_default_a_profile_opens_this_distribution_at_home(tmp_path: Path) -> None:
    assert fragment(tmp_path, "{name: 'Würk \"$x\"'}") == {
        "profiles": [{"name": 'Würk "$x"', "commandline": "wsl.exe -d Ubuntu-24.04 --cd ~"}]
    }


def test_linux_paths_are_told_in_windows_words(tmp_path: Path) -> None:
    section = "{name: W, startingDirectory: /opt/my work, icon: /usr/share/x.png}"
    share = r"\\wsl.localhost\Ubuntu-24.04"
    assert fragment(tmp_path, section)["profiles"] == [
        {
            "name": "W",
            "commandline": "wsl.exe -d Ubuntu-24.04",
            "startingDirectory": rf"{share}\opt\my work",
            "icon": rf"{share}\usr\share\x.png",
        }
    ]


def test_all_else_has_windows_terminal_s_own_names(tmp_path: Path) -> None:
    section = (
        "{name: W, icon: 'C:\\x.ico', colorScheme: Sea, font: {face: Fira Code, size: 10.5, "
        "weight: semi-bold}, foreground: '#fff', background: '#102030', cursorShape: filledBox, "
        "opacity: 90, useAcrylic: true, padding: '8, 4', scrollbarState: hidden, "
        "historySize: 9001, bellStyle: none, antialiasingMode: cleartype, closeOnExit: graceful, "
        f"tabTitle: T, tabColor: '#123456', suppressApplicationTitle: true, "
        f"schemes: {{Sea: {json.dumps({**SCHEME, 'cursorColor': '#abcdef'})}}}}}"
    )
    found = fragment(tmp_path, section)
    assert found["schemes"] == [{"name": "Sea", **SCHEME, "cursorColor": "#abcdef"}]
    assert found["profiles"] == [
        {
            "name": "W",
            "commandline": "wsl.exe -d Ubuntu-24.04 --cd ~",
            "icon": "C:\\x.ico",
            "colorScheme": "Sea",
            "font": {"face": "Fira Code", "size": 10.5, "weight": "semi-bold"},
            "foreground": "#fff",
            "background": "#102030",
            "cursorShape": "filledBox",
            "opacity": 90,
            "useAcrylic": True,
            "padding": "8, 4",
            "scrollbarState": "hidden",
            "historySize": 9001,
            "bellStyle": "none",
            "antialiasingMode": "cleartype",
            "closeOnExit": "graceful",
            "tabTitle": "T",
            "tabColor": "#123456",
            "suppressApplicationTitle": True,
        }
    ]


@pytest.mark.parametrize(
    ("terminal", "fault"),
    [
        ("{}", "'name'"),
        ("{name: ''}", "text on one line"),
        ("{name: W, startingDirectory: work}", "startingDirectory"),
        ("{name: W, startingDirectory: '/a|b'}", "startingDirectory"),
        ("{name: W, background: blue}", "a colour like"),
        ("{name: W, opacity: 101}", "100"),
        ("{name: W, cursorShape: block}", "cursorShape"),
        ("{name: W, padding: 8px}", "numbers of pixels"),
        ("{name: W, schemes: {S: {black: '#000000'}}}", "'red'"),
        ("{name: W, colourScheme: x}", "did you mean 'colorScheme'?"),
    ],
)
def test_what_windows_terminal_would_not_take_is_refused(
    tmp_path: Path, terminal: str, fault: str
) -> None:
    assert fault in refusals(tmp_path, f"windows: {{terminal: {terminal}}}\n", WSL)[0]
