"""shells: what is written is what the real shells read, whatever is in it."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.model import shells

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0\n\r")
)
SHELLS = ("dash", "bash", "zsh", "fish")


def assignments(shell: str, values: dict[str, str]) -> str:
    if shell == "fish":
        return "".join(f"set -gx {n} {shells.fish_word(v)}\n" for n, v in values.items())
    return "".join(f"export {n}={shells.word(v)}\n" for n, v in values.items())


def environment(shell: str, script: str, folder: Path) -> dict[str, str]:
    """Run a script in a shell; return the environment of a program that the shell starts."""
    (folder / "script").write_text(f"{script}exec env -0\n", "utf-8")
    own = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    argv = [shell, str(folder / "script")]
    done = subprocess.run(argv, env=own, capture_output=True, check=True)
    pairs = (pair.partition("=") for pair in done.stdout.decode().split("\0"))
    return {name: value for name, _, value in pairs}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_hands_on_each_text_as_it_is(
    shell: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("home")

    @given(st.lists(TEXTS | st.text("'\\\"$`!=~#% é", max_size=6), max_size=30))
    @settings(max_examples=20, deadline=None)
    def holds(texts: list[str]) -> None:
        values = {f"V{number}": text for number, text in enumerate(texts)}
        found = environment(shell, assignments(shell, values), folder)
        assert {name: found.get(name) for name in values} == values

    holds()


NAMES = {
    "bash": "compgen -v",
    "zsh": "zmodload zsh/parameter zsh/terminfo zsh/termcap zsh/sched; print -l ${(k)parameters}",
    "fish": "set --names",
    "dash": "set | sed 's/=.*//'",
}
"""What prints the variables that a shell has by itself."""


def known() -> set[str]:
    """Return the names of variables that some shell has by itself."""
    own = {"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"}
    said = [
        subprocess.run([shell, "-c", ask], env=own, capture_output=True, text=True, check=True)
        for shell, ask in NAMES.items()
    ]
    names = {name for one in said for name in one.stdout.split()}
    return {name for name in names if re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name)}


def takes(shell: str, name: str, folder: Path) -> bool:
    """Tell whether a shell takes a value for a variable, and PATH stays as it is."""
    try:
        found = environment(shell, assignments(shell, {name: "7"}), folder)
    except subprocess.CalledProcessError:
        return False
    return found.get(name) == "7" and found["PATH"] == "/usr/bin:/bin"


def test_every_name_that_a_shell_has_is_kept_or_takes_a_value_in_all_shells(
    tmp_path: Path,
) -> None:
    free = known() - shells.KEPT - shells.OF_LOGINS - {"PATH"}
    assert {"COLUMNS", "HISTSIZE", "OPTIND", "PS4"} <= free
    assert [(s, n) for s in SHELLS for n in sorted(free) if not takes(s, n, tmp_path)] == []


@pytest.mark.parametrize(
    ("shell", "name"),
    [("bash", "UID"), ("bash", "GROUPS"), ("zsh", "path"), ("zsh", "USERNAME"), ("fish", "umask")],
)
def test_a_name_that_is_kept_takes_no_value_or_spoils_path(
    shell: str, name: str, tmp_path: Path
) -> None:
    assert (name in shells.KEPT, takes(shell, name, tmp_path)) == (True, False)
