"""SearchPath: each shell finds the folders where they belong, whatever PATH was before."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.resources.file import File
from envwright.resources.search_path import SearchPath

if TYPE_CHECKING:
    from pathlib import Path

HOME = "/home/it's me"
SYSTEM = ["/usr/local/bin", "/usr/bin", "/bin"]
NAMES = ["~/.local/bin", "~/go/bin", "/opt/a b/bin", "/opt/x'$y\\/*", "/usr/local/bin", "/opt/[z]"]
FOLDERS = st.lists(st.sampled_from(NAMES), unique=True, max_size=3)
BEFORE = st.lists(st.sampled_from([*SYSTEM, *NAMES, "/mnt/c/Windows"]), min_size=1, max_size=7)


def files(path: SearchPath) -> dict[str, str]:
    found = [resource for resource in path.resources() if isinstance(resource, File)]
    return {file.path: file.content for file in found}


def at_home(folder: str) -> str:
    return HOME + folder[1:] if folder.startswith("~") else folder


def wanted(before: list[str], first: list[str], last: list[str]) -> list[str]:
    """What PATH must be, from its folders before."""
    path = before
    for folder in reversed(first):
        if folder not in itertools.takewhile(lambda other: other != "/usr/bin", path):
            path = [folder, *(other for other in path if other != folder)]
    return path + [folder for folder in last if folder not in path]


@pytest.mark.parametrize("shell", ["bash", "dash", "ksh", "zsh", "fish"])
def test_a_shell_has_each_folder_once_and_in_its_place(shell: str, tmp_path: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} here")
    script = tmp_path / "script"

    @given(FOLDERS, FOLDERS, BEFORE)
    @settings(max_examples=40, deadline=None)
    def holds(first: list[str], last: list[str], before: list[str]) -> None:
        last = [folder for folder in last if folder not in first]
        posix, fish, _ = files(SearchPath("x", first, last)).values()
        # The file alone is asked: not whether the shell reads it, which machines show.
        text = fish.replace("status is-login", "true") if shell == "fish" else posix
        run = ["emulate sh -c '. " + str(script) + "'"] if shell == "zsh" else [f". {script}"]
        script.write_text(text, "utf-8")
        env = {
            "HOME": HOME,
            "PATH": ":".join(map(at_home, before)),
            "XDG_CONFIG_HOME": str(tmp_path),
        }
        # Debian's /etc/zsh/zshenv has a PATH of its own for zsh that finds none, or /bin:/usr/bin.
        bare = ["-f"] if shell == "zsh" else []
        argv = [program, *bare, "-c", f"{run[0]}; /usr/bin/printenv PATH"]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        got = done.stdout.rstrip("\n").split(":") if done.stdout.strip() else []
        lists = ([at_home(folder) for folder in given] for given in (before, first, last))
        assert (got, done.stderr) == (wanted(*lists), "")

    holds()


def test_managers_of_services_read_the_folders_around_what_they_have() -> None:
    path = SearchPath("50-own", ["~/.local/bin", '/opt/$x "y"'], ["/opt/games"])
    assert files(path)["/etc/environment.d/99-path-50-own.conf"] == (
        "# Written by envwright: change the environment, not this file.\n"
        'PATH="${HOME}/.local/bin:/opt/\\$\\$x \\"y\\":${PATH:-/usr/local/bin:/usr/bin:/bin}'
        ':/opt/games"\n'
    )


def test_the_proof_that_no_file_sets_path_anew_is_made_by_every_plan() -> None:
    assert [(proof.name, proof.quick) for proof in SearchPath("x", ["/opt"]).proofs()] == [
        ("the login shell of each person finds the programs of these folders", False),
        ("each installed shell puts these folders into PATH at a login", False),
        ("the services of each person find the programs of these folders", False),
        ("no file of the system sets PATH anew", True),
    ]


COMPARED = [
    ("/home/dev/bin:/usr/bin:/bin:/opt/last", ""),
    ("/usr/bin:/home/dev/bin:/opt/last", "it has /home/dev/bin behind the folders of the system"),
    ("/usr/bin:/bin:/opt/last", "it does not have /home/dev/bin"),
    ("/home/dev/bin:/usr/bin", "it does not have /opt/last"),
]


@pytest.mark.parametrize(("path", "told"), COMPARED)
def test_a_folder_that_is_missing_or_in_the_wrong_place_is_named(path: str, told: str) -> None:
    login, *_ = SearchPath("x", ["~/bin"], ["/opt/last"]).proofs()
    functions = login.script.partition("failed=0")[0]
    script = f"{functions}\new_compare {path} it /home/dev"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    said = f"{told} in PATH\n" if told else ""
    assert (done.stdout, done.stderr, done.returncode) == (said, "", 1 if told else 0)


def test_a_program_of_windows_that_is_found_first_is_named(tmp_path: Path) -> None:
    windows, own = tmp_path / "mnt/c/tools", tmp_path / "own"
    for program in (windows / "kubectl", own / "kubectl"):
        program.parent.mkdir(parents=True)
        program.touch(0o755)
    login, *_ = SearchPath("x", [], [str(own)]).proofs()
    functions = login.script.partition("failed=0")[0].replace("/mnt/", f"{tmp_path}/mnt/")
    script = f"{functions}\new_compare '/usr/bin:{windows}:{own}' it /home/dev"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == (
        f"{windows}/kubectl of Windows comes before {own}/kubectl in PATH\n",
        1,
    )
