"""environment: variables for login shells, users' services and the system's services."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, OFFLINE, UBUNTU, WSL

from envwright.model.catalogue import discover
from envwright.model.proof import Assertion, View
from envwright.model.resource import FileKey
from envwright.portable import readers
from envwright.resources.command import Command
from envwright.resources.file import File
from envwright.resources.variables import UNQUOTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envwright.facts import Machine

SECTION = """\
environment:
  EDITOR: vim
  PAGER: less -R
  ODD: {literal: "it's 100% \\"$HOME\\" `id` \\\\ ; #"}
"""
ROOT = {"kind": "file", "mode": "0644", "owner": "root", "group": "root"}
HEADER = "# Written by envwright: change the environment, not this file.\n"
ODD = 'it\'s 100% "$HOME" `id` \\ ; #'
EXPECTED = {
    "file:/etc/profile.d/60-envwright.sh": {
        **ROOT,
        "content": (
            f"{HEADER}export EDITOR='vim'\nexport PAGER='less -R'\n"
            "export ODD='it'\\''s 100% \"$HOME\" `id` \\ ; #'\n"
        ),
    },
    "file:/etc/fish/conf.d/60-envwright.fish": {
        **ROOT,
        "content": (
            f"{HEADER}if status is-login\n    set -gx EDITOR 'vim'\n    set -gx PAGER 'less -R'\n"
            "    set -gx ODD 'it\\'s 100% \"$HOME\" `id` \\\\ ; #'\nend\n"
        ),
    },
    "command:zsh reads /etc/profile.d/60-envwright.sh": {"value": "read"},
    "file:/etc/environment.d/60-envwright.conf": {
        **ROOT,
        "content": (
            f'{HEADER}EDITOR="vim"\nPAGER="less -R"\n'
            'ODD="it\'s 100% \\"\\$\\$HOME\\" \\`id\\` \\\\ ; #"\n'
        ),
    },
    "keys:/etc/environment": {
        "kind": "file",
        FileKey("EDITOR"): "vim",
        FileKey("PAGER"): "less -R",
        FileKey("ODD"): None,
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


def wishes(values: Mapping[str, Any]) -> list[Any]:
    return list(discover()["environment"].model_validate(values).resources(DEBIAN))


@pytest.mark.parametrize("machine", [DEBIAN, UBUNTU, WSL])
def test_a_variable_is_written_for_each_reader_in_its_own_quoting(
    tmp_path: Path, machine: Machine
) -> None:
    assert states(tmp_path, SECTION, machine) == EXPECTED


def test_no_variables_are_no_files(tmp_path: Path) -> None:
    assert states(tmp_path, "environment: {}\n") == {}


GENERATOR = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator"


@pytest.mark.skipif(not Path(GENERATOR).exists(), reason="no systemd with environment.d")
def test_a_users_manager_reads_every_value_as_it_is_and_a_proof_sees_it(tmp_path: Path) -> None:
    (tmp_path / "environment.d").mkdir()

    @given(st.lists(VALUES | st.text("$\"'`\\{}HOME \t\x01\x1b7", max_size=8), max_size=20))
    @settings(max_examples=30, deadline=None)
    def holds(texts: list[str]) -> None:
        values = {f"V{number}": text for number, text in enumerate(texts)}
        users = next((r for r in wishes(values) if r.name.startswith("/etc/environment.d/")), None)
        (tmp_path / "environment.d" / "x.conf").write_text(users.content if users else "", "utf-8")
        own = {"XDG_CONFIG_HOME": str(tmp_path), "HOME": "/home/dev", "PATH": "/usr/bin:/bin"}
        said = subprocess.run([GENERATOR], env=own, capture_output=True, check=True).stdout
        asked = "".join(
            f"sed -n 's/^{name}=//p' said | {UNQUOTED}; printf '\\0'\n" for name in values
        )
        (tmp_path / "said").write_bytes(said)
        read = subprocess.run(["sh", "-c", asked], cwd=tmp_path, capture_output=True, check=True)
        assert read.stdout.decode().split("\0")[:-1] == texts

    holds()


def shown(value: str) -> str:
    """A value as systemctl(1) shows it: shell_maybe_quote() of systemd's src/basic/escape.c."""
    if value and not any(char in " \x1b\t\n\r\"\\`$*?['()<>|&;!" for char in value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\t", "\\t")
    escaped = escaped.replace("\x1b", "\\033")
    return f"$'{escaped}'" if value else ""


@given(VALUES | st.just("tab\there") | st.just("\\'x'\\") | st.just("\x1b[1;36m0"))
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


def test_variables_are_proved_for_persons_their_services_and_the_systems(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION)
    assert [(proof.name, proof.quick) for proof in made.proofs] == [
        ("the login shell of each person has these variables", False),
        ("the services of each person have these variables", False),
        ("a system service has these variables", False),
        ("a session without a login shell has these variables", False),
        ("no file of the system sets these variables anew", True),
    ]
    assert ill_written(made) == []


LATER = {
    "profile.d/50-before.sh": "EDITOR=nano\n",
    "profile.d/60-envwright.sh": "export EDITOR='vim'\n",
    "profile.d/70-again.sh": "export EDITOR='vim'\nPAGER=\"less -R\"\n",
    "profile.d/71-other.sh": "if x; then\n  EDITOR=nano\nfi\nMY_EDITOR=nano\n# EDITOR=nano\n",
    "profile.d/72-adds.sh": 'PAGER="${PAGER:-more}"\n',
    "environment.d/60-envwright.conf": 'EDITOR="vim"\n',
    "environment.d/90-same.conf": "EDITOR=vim\n",
}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, (0, "")),
        (
            {"profile.d/99-last.sh": "#\nexport EDITOR=nano\n"},
            (1, "/etc/profile.d/99-last.sh:2 sets EDITOR anew\n"),
        ),
        (
            {"environment.d/99.conf": "PAGER=more\n"},
            (1, "/etc/environment.d/99.conf:1 sets PAGER anew\n"),
        ),
    ],
)
def test_a_later_file_of_the_system_that_sets_a_variable_anew_is_named_by_the_plan(
    tmp_path: Path, more: dict[str, str], said: tuple[int, str]
) -> None:
    for name, text in {**LATER, **more}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    script = compile_section(tmp_path, SECTION).proofs[-1].script.replace("/etc/", f"{tmp_path}/")
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.replace(f"{tmp_path}/", "/etc/")) == said


@pytest.mark.parametrize(
    ("section", "told"),
    [
        (
            '{PATH: "$HOME/bin:$PATH"}',
            "2:21: values are literal, and PATH needs absolute directories",
        ),
        (
            "{PATH: ~/bin:/usr/bin:/bin}",
            "2:21: values are literal, and PATH needs absolute directories",
        ),
        ("{PATH: /opt/x/bin}", "2:21: no login would find the programs of /usr/bin and /bin"),
        ("{UID: '0'}", "2:20: a shell keeps the name UID for itself: its login would break"),
        ("{path: /opt}", "2:21: a shell keeps the name path for itself: its login would break"),
        ("{HOME: /opt}", "2:21: each login sets HOME for its own person"),
        ("{PATH: {home: bin}}", "2:21: values are literal, and PATH needs absolute directories"),
    ],
)
def test_a_variable_that_would_break_logins_is_refused(
    tmp_path: Path, section: str, told: str
) -> None:
    assert refusals(tmp_path, f"environment: {section}\n") == [told]


def test_a_path_with_the_systems_directories_is_taken(tmp_path: Path) -> None:
    assert refusals(tmp_path, "environment: {PATH: '/opt/bin:/usr/bin:/bin'}\n") == []


@pytest.mark.parametrize(
    "value",
    ["$HOME/x", "a:${HOME}/x", "$(id)", "~", "~/x", "/opt:~/x", "http://$HOST"],
)
def test_what_no_reader_expands_is_refused(tmp_path: Path, value: str) -> None:
    assert refusals(tmp_path, f"environment: {{A: '{value}'}}\n") == [
        "2:18: the value of A has a variable or `~`, and no reader expands it"
    ]


@pytest.mark.parametrize("value", ["costs 5$", "a~b", "x ~/y", "$", "%h", "`id`"])
def test_a_sign_that_no_shell_expands_there_is_a_part_of_the_value(
    tmp_path: Path, value: str
) -> None:
    assert refusals(tmp_path, f"environment: {{A: '{value}'}}\n") == []


AT_HOME = {"A": {"home": "it's $5/x"}, "B": {"literal": "$HOME"}}


def test_a_path_in_the_home_is_each_persons_own_and_no_system_services() -> None:
    texts = {r.path: r.content for r in wishes(AT_HOME) if isinstance(r, File)}
    assert texts == {
        "/etc/profile.d/60-envwright.sh": (
            f"{HEADER}export B='$HOME'\nexport A=\"$HOME\"'/it'\\''s $5/x'\n"
        ),
        "/etc/fish/conf.d/60-envwright.fish": (
            f"{HEADER}if status is-login\n    set -gx B '$HOME'\n"
            "    set -gx A \"$HOME\"'/it\\'s $5/x'\nend\n"
        ),
        "/etc/environment.d/60-envwright.conf": (
            f'{HEADER}B="\\$\\$HOME"\nA="${{HOME}}/it\'s \\$\\$5/x"\n'
        ),
        "/etc/systemd/system.conf.d/60-envwright.conf": (
            f'{HEADER}[Manager]\nDefaultEnvironment="B=$HOME"\n'
        ),
    }


def test_paths_in_the_home_alone_are_nothing_for_system_services(tmp_path: Path) -> None:
    made = compile_section(tmp_path, "environment: {A: {home: x}}\n")
    assert [proof.name for proof in made.proofs] == [
        "the login shell of each person has these variables",
        "the services of each person have these variables",
        "no file of the system sets these variables anew",
    ]
    assert [resource.id for resource in made.resources] == [
        "file:/etc/profile.d/60-envwright.sh",
        "file:/etc/fish/conf.d/60-envwright.fish",
        "file:/etc/environment.d/60-envwright.conf",
        "keys:/etc/environment",
        "command:zsh reads /etc/profile.d/60-envwright.sh",
    ]


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
                "2:18: environment.A must be text on one line without a secret or a mapping, "
                "not the integer 5"
            ),
        ),
        (
            '{A: "a\\nb"}',
            ("2:18: environment.A must be text on one line without a secret, not text 'a\\nb'"),
        ),
        ("[A]", "2:14: environment must be a mapping of text to text or mappings, not a list"),
    ],
)
def test_what_is_no_variable_is_refused(tmp_path: Path, section: str, told: str) -> None:
    assert refusals(tmp_path, f"environment: {section}\n") == [told]
