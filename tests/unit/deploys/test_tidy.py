"""tidy: what is cleaned stays clean, and completions are made of what programs print."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states

from envwright.resources.command import Command

if TYPE_CHECKING:
    from pathlib import Path

SECTION = """\
tidy:
  apt_cache: false
  motd_without: [50-motd-news]
  completions:
    kubectl: kubectl completion bash
    gh: {zsh: gh completion -s zsh, fish: gh completion -s fish}
"""
ROOT = {"owner": "root", "group": "root"}
FOLDER = {"kind": "directory", **ROOT}
SETTING = (
    "// Written by envwright: change the environment, not this file.\n"
    'APT::Keep-Downloaded-Packages "false";\n'
    'Binary::apt::APT::Keep-Downloaded-Packages "false";\n'
)


def test_each_state_is_described(tmp_path: Path) -> None:
    file = {"kind": "file", "mode": "0644", **ROOT, "content": SETTING}
    wanted = {
        "file:/etc/apt/apt.conf.d/90-envwright-tidy": file,
        "directory:/usr/local/share/bash-completion/completions": FOLDER,
        "directory:/usr/local/share/zsh/site-functions": FOLDER,
        "directory:/etc/fish/completions": FOLDER,
        "command:apt cache": {"value": "empty"},
        "command:motd without 50-motd-news": {"value": "hidden"},
        "command:completion bash kubectl": {"value": "current"},
        "command:completion zsh gh": {"value": "current"},
        "command:completion fish gh": {"value": "current"},
    }
    made = compile_section(tmp_path, SECTION)
    assert states(tmp_path, SECTION) == wanted
    assert [proof.name for proof in made.proofs] == ["bash completes kubectl"]
    assert ill_written(made) == []


def test_a_cache_that_is_kept_is_not_emptied(tmp_path: Path) -> None:
    assert list(states(tmp_path, "tidy: {apt_cache: true}\n")) == [
        "file:/etc/apt/apt.conf.d/90-envwright-tidy"
    ]
    assert states(tmp_path, "tidy: {}\n") == {}


@pytest.fixture
def completion(tmp_path: Path) -> Command:
    """The command for a program of the test's own, which writes below the test's folder."""
    section = """tidy: {completions: {own: own completion "it's"}}\n"""
    made = compile_section(tmp_path, section)
    (command,) = (r for r in made.resources if isinstance(r, Command))
    return command


def run(script: str, folder: Path) -> tuple[int, str]:
    here = script.replace("/usr/local/share/bash-completion/completions", str(folder))
    env = {"PATH": f"{folder}/bin:/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", here], env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_a_completion_is_made_anew_when_its_program_changes(
    completion: Command, tmp_path: Path
) -> None:
    assert run(completion.observe, tmp_path) == (1, "there is no program own\n")
    program = tmp_path / "bin" / "own"
    program.parent.mkdir()
    for words in ("one", "one two"):
        program.write_text(f'#!/bin/sh\n[ "$*" = "completion it\'s" ] && echo {words}\n', "utf-8")
        program.chmod(0o755)
        assert run(completion.observe, tmp_path) == (0, "outdated\n")
        assert run(completion.run, tmp_path) == (0, "")
        assert run(completion.observe, tmp_path) == (0, "current\n")
        assert (tmp_path / "own").read_text("utf-8").startswith(f"{words}\n\n# made by envwright")


def test_a_part_of_the_message_is_hidden_and_shown_again(tmp_path: Path) -> None:
    made = compile_section(tmp_path, "tidy: {motd_without: [10-uname]}\n")
    (command,) = (r for r in made.resources if isinstance(r, Command))
    (tmp_path / "10-uname").touch(0o755)

    def here(script: str) -> str:
        shown = script.replace("/etc/update-motd.d", str(tmp_path))
        return subprocess.run(
            ["sh", "-c", shown], capture_output=True, text=True, check=True
        ).stdout

    said = [here(command.observe)]
    for script in (command.run, f"set -- shown; {command.back}", f"set -- hidden; {command.back}"):
        here(script)
        said.append(here(command.observe))
    assert said == ["shown\n", "hidden\n", "shown\n", "hidden\n"]


@pytest.mark.parametrize(
    ("text", "told"),
    [("exit 3", (3, "")), ("true", (1, "the command printed nothing\n"))],
)
def test_a_program_that_prints_nothing_leaves_the_completion_that_is_there(
    completion: Command, tmp_path: Path, text: str, told: tuple[int, str]
) -> None:
    program = tmp_path / "bin" / "own"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    program.chmod(0o755)
    (tmp_path / "own").write_text("before\n", "utf-8")
    assert run(completion.run, tmp_path) == told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "box.yaml", "own"]
    assert (tmp_path / "own").read_text("utf-8") == "before\n"


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (
            "{completions: {a: {}}}",
            "2:25: tidy.completions.a needs a command for one of bash, zsh and fish",
        ),
        (
            "{motd_without: [../x]}",
            "2:23: tidy.motd_without[0] must be the name of a file in /etc/update-motd.d",
        ),
        ("{completions: {'a/b': x}}", "the name of a program"),
    ],
)
def test_what_is_no_part_or_program_is_refused(tmp_path: Path, section: str, told: str) -> None:
    (said,) = refusals(tmp_path, f"tidy: {section}\n")
    assert told in said
