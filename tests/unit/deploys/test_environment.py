"""environment: variables for login shells, users' services and the system's services."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, OFFLINE, UBUNTU, WSL

from envwright.model.catalogue import discover
from envwright.model.proof import Assertion, View
from envwright.portable import readers
from envwright.resources.command import Command
from envwright.resources.file import File

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

SECTION = """\
environment:
  EDITOR: vim
  PAGER: less -R
  ODD: "it's 100% \\"$HOME\\" `id` \\\\ ; #"
"""
ROOT = {"kind": "file", "mode": "0644", "owner": "root", "group": "root"}
HEADER = "# Written by envwright: change the environment, not this file.\n"
ODD = 'it\'s 100% "$HOME" `id` \\ ; #'
EXPECTED = {
    "file:/etc/profile.d/60-envwright.sh": {
        **ROOT,
        "content": (
            f"{HEADER}export EDITOR=vim\nexport PAGER='less -R'\nexport ODD={shlex.quote(ODD)}\n"
        ),
    },
    "file:/etc/environment.d/60-envwright.conf": {
        **ROOT,
        "content": (
            f'{HEADER}EDITOR="vim"\nPAGER="less -R"\n'
            'ODD="it\'s 100% \\"\\$HOME\\" \\`id\\` \\\\ ; #"\n'
        ),
    },
    "file:/etc/systemd/system.conf.d/60-envwright.conf": {
        **ROOT,
        "content": (
            f'{HEADER}[Manager]\nDefaultEnvironment="EDITOR=vim"\n'
            'DefaultEnvironment="PAGER=less -R"\n'
            'DefaultEnvironment="ODD=it\'s 100%% \\"$HOME\\" `id` \\\\ ; #"\n'
        ),
    },
    "command:environment EDITOR": {"value": "vim"},
    "command:environment PAGER": {"value": "less -R"},
    "command:environment ODD": {"value": ODD},
}
VALUES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="⟦⟧"),
    max_size=20,
)


def wishes(values: dict[str, str]) -> list[Any]:
    return list(discover()["environment"].model_validate(values).resources(DEBIAN))


@pytest.mark.parametrize("machine", [DEBIAN, UBUNTU, WSL])
def test_a_variable_is_written_for_each_reader_in_its_own_quoting(
    tmp_path: Path, machine: Machine
) -> None:
    assert states(tmp_path, SECTION, machine) == EXPECTED


def test_no_variables_are_no_files(tmp_path: Path) -> None:
    assert states(tmp_path, "environment: {}\n") == {}


@given(VALUES)
def test_a_shell_reads_every_value_as_it_is(value: str) -> None:
    profile, users, *_ = wishes({"NAME": value})
    assert isinstance(profile, File)
    assert isinstance(users, File)
    read = subprocess.run(
        ["sh", "-c", f'{profile.content}printf %s "$NAME"'], capture_output=True, check=True
    )
    assert read.stdout.decode() == value
    assert readers.env(users.content, "NAME") == value


def shown(value: str) -> str:
    """A value as systemctl(1) shows it: shell_maybe_quote() of systemd's src/basic/escape.c."""
    if value and not any(char in " \t\n\r\"\\`$*?['()<>|&;!" for char in value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\t", "\\t")
    return f"$'{escaped}'" if value else ""


@given(VALUES | st.just("tab\there") | st.just("\\'x'\\"))
def test_the_managers_own_variable_is_read_whatever_its_quoting(value: str) -> None:
    command = wishes({"NAME": value})[-1]
    assert isinstance(command, Command)
    text = f"LANG=C.UTF-8\nNAME={shown(value)}\nNAME_2=other\n"
    script = command.observe.replace("systemctl show-environment", f"printf %s {shlex.quote(text)}")
    read = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    assert read.stdout.decode() == value
    assert readers.env(text, "NAME") == value


def test_the_running_manager_is_told_after_its_file_is_written(tmp_path: Path) -> None:
    made = compile_section(tmp_path, "environment: {PAGER: less -R}\n")
    command = made.resources[-1]
    assert isinstance(command, Command)
    assert command.after == ("file:/etc/systemd/system.conf.d/60-envwright.conf",)
    assert command.run == "systemctl unset-environment PAGER && systemctl daemon-reload"
    assert command.pending(OFFLINE) == "systemd is not PID 1 yet"
    shows = ("systemctl show-environment",)
    assert list(command.witness()) == [
        Assertion("run", shows, "stdout", "less -R", view=View("env", "PAGER"))
    ]


def test_each_variable_is_proved_in_a_login_shell_and_in_a_service(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    assert [(proof.name, proof.origins[0].line) for proof in made.proofs] == [
        (f"{where} has {name}", line)
        for line, name in enumerate(("EDITOR", "PAGER", "ODD"), 3)
        for where in ("a login shell", "a system service")
    ]
    assert ill_written(made) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="a login shell of root's")
@pytest.mark.parametrize(("value", "code"), [(ODD, 0), ("other", 1)])
def test_the_proof_of_a_login_shell_sees_the_value_and_no_other(
    tmp_path: Path, value: str, code: int
) -> None:
    made = compile_section(tmp_path, f"environment: {{ODD: {json.dumps(ODD)}}}\n")
    script = made.proofs[0].script.replace("env -i", f"env -i ODD={shlex.quote(value)}")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, value in done.stdout) == (code, True)


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (
            "{1A: x}",
            "2:15: the key '1A' of environment must be a variable's name: letters, digits and `_`",
        ),
        (
            '{"A-B": x}',
            "2:15: the key 'A-B' of environment must be a variable's name: letters, digits and `_`",
        ),
        (
            "{A: 5}",
            (
                "2:18: environment.A must be text on one line, and no secret, "
                "since everybody reads it, not the integer 5"
            ),
        ),
        (
            '{A: "a\\nb"}',
            (
                "2:18: environment.A must be text on one line, and no secret, "
                "since everybody reads it, not text 'a\\nb'"
            ),
        ),
        ("[A]", "2:14: environment must be a mapping of text to text, not a list"),
    ],
)
def test_what_is_no_variable_is_refused(tmp_path: Path, section: str, told: str) -> None:
    assert refusals(tmp_path, f"environment: {section}\n") == [told]
