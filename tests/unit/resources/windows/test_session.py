"""A session as Windows starts one: how it is asked for, and what its PATH proves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sections import compile_section
from standins import WSL
from windows import StandInWindows

from envwright.resources.windows.session import in_session

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.model.proof import Proof

ANSWERS = r"printf '.\000\n\000'"
OWN = "/usr/bin:/bin"
WINDOWS = "no Windows directory is in the PATH of a session that Windows starts"
GO = "a session of dev that Windows starts finds no Go of Windows"


def station(folder: Path, wsl: str) -> StandInWindows:
    """A Windows whose wsl.exe says this."""
    return StandInWindows(folder, {"cmd.exe": ANSWERS, "wsl.exe": wsl})


def proof(folder: Path, section: str, name: str) -> Proof:
    made = compile_section(folder, section, WSL)
    return next(proof for proof in made.proofs if proof.name == name)


def windows_path(folder: Path) -> Proof:
    return proof(folder, "wsl: {interop: {appendWindowsPath: false}}\n", WINDOWS)


def go(folder: Path) -> Proof:
    return proof(folder, 'go: {version: "1.27.3", users: [dev]}\n', GO)


@pytest.mark.parametrize(
    ("user", "asked"),
    [
        ("", "--distribution Debian --exec printenv PATH"),
        ("dev", "--distribution Debian --user dev --exec printenv PATH"),
    ],
)
def test_a_session_is_asked_for_in_words_that_no_shell_changes(
    user: str, asked: str, tmp_path: Path
) -> None:
    wsl = f"echo \"$*\" >{tmp_path}/asked; printf 'wsl: a warning\\r\\n{OWN}\\n'"
    script = in_session('echo "$path"', "Debian", user)
    assert station(tmp_path, wsl).run(script) == (0, [OWN])
    assert (tmp_path / "asked").read_text() == f"{asked}\n"


@pytest.mark.parametrize(
    ("distribution", "wsl", "reason"),
    [
        ("", "exit 1", "nobody says what this distribution is called in Windows"),
        (
            "Debian",
            r"printf 'N\000o\000.\000\r\000\n\000x\000'; exit 1",
            "wsl.exe started no session: No. x",
        ),
    ],
)
def test_where_no_session_starts_the_reason_is_told(
    distribution: str, wsl: str, reason: str, tmp_path: Path
) -> None:
    assert station(tmp_path, wsl).run(in_session("exit 1", distribution)) == (77, [reason])


def test_where_windows_does_not_answer_the_proof_is_skipped(tmp_path: Path) -> None:
    silent = StandInWindows(tmp_path, {"wsl.exe": f"echo {OWN}"})
    told = "Windows programs do not run: see [interop] in /etc/wsl.conf"
    assert silent.run(in_session("exit 1", "Debian")) == (77, [told])


@pytest.mark.parametrize("more", ["c/Windows", "d/Program Files/Go/bin", "c/"])
def test_a_windows_directory_in_a_session_fails_the_proof(more: str, tmp_path: Path) -> None:
    path = f"{OWN}:{tmp_path}/{more}"
    assert station(tmp_path, f"echo '{path}'").run(windows_path(tmp_path).script) == (
        1,
        [f"Windows appends its own directories: PATH={path}"],
    )


@pytest.mark.parametrize("more", ["", ":/usr/lib/wsl/lib", ":/opt/c/Windows"])
def test_a_session_without_windows_directories_passes(more: str, tmp_path: Path) -> None:
    path = f"{OWN}{more}"
    done = station(tmp_path, f"echo '{path}'").run(windows_path(tmp_path).script)
    assert done == (0, [path])


def test_a_go_of_windows_in_a_session_is_told_with_the_way_out(tmp_path: Path) -> None:
    folder = tmp_path / "c" / "Program Files" / "Go" / "bin"
    folder.mkdir(parents=True)
    windows = station(tmp_path, f"echo '{OWN}:{folder}'")
    assert windows.run(go(tmp_path).script) == (0, [])
    (folder / "go.exe").touch()
    assert windows.run(go(tmp_path).script) == (
        1,
        [
            f"{folder}/go.exe is in PATH: Windows appends its own directories there; set",
            "`wsl: {interop: {appendWindowsPath: false}}`, or programs may take it for Go",
        ],
    )
