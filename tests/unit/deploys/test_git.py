"""git: settings of the system and of persons, edited by git itself, and commits that prove them."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, WSL

from envwright.resources.command import Command

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.spec.compiler import Compiled

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="becomes the person")
SECTION = """\
git:
  system: {init.defaultBranch: main}
  users:
    root:
      name: Una O'Dev
      email: una@example.com
      settings: {pull.rebase: true, core.bigFileThreshold: 1024, alias.st: "status '$x'",
                 "includeIf.gitdir:~/job/.path": ~/.gitconfig-job, remote.o.push: [a, b]}
"""
WANTED = (
    "user.name=Una O'Dev\nuser.email=una@example.com\npull.rebase=true\n"
    "core.bigFileThreshold=1024\nalias.st=status '$x'\n"
    "includeIf.gitdir:~/job/.path=~/.gitconfig-job\nremote.o.push=a\nb"
)


class Home:
    """The home of a person in a folder of the test."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder = folder
        self.compiled: Compiled = compile_section(folder, text)
        self.config = folder / ".gitconfig"

    def ran(self, script: str) -> tuple[int, str]:
        """Run a script of root's for the person; return what it prints without the folder."""
        here = script.replace("HOME=/root", f"HOME={self.folder}")
        done = subprocess.run(["sh", "-c", here], capture_output=True, text=True, check=False)
        return done.returncode, (done.stdout + done.stderr).replace(str(self.folder), "~")

    @property
    def settings(self) -> Command:
        """The command that makes the person's settings."""
        (found,) = (r for r in self.compiled.resources if r.id == "command:git settings of root")
        assert isinstance(found, Command)
        return found

    def proof(self, name: str) -> tuple[int, str]:
        """Make a proof by its name."""
        (found,) = (proof for proof in self.compiled.proofs if proof.name == name)
        return self.ran(found.script)


def test_settings_are_those_of_files_that_git_edits(tmp_path: Path) -> None:
    assert states(tmp_path, SECTION) == {
        "package:git": {},
        "command:git settings of the system": {"value": "init.defaultBranch=main"},
        "command:git settings of root": {"value": WANTED},
    }
    assert ill_written(compile_section(tmp_path, SECTION)) == []


def test_under_wsl_line_ends_of_windows_are_not_committed(tmp_path: Path) -> None:
    title = "command:git settings of the system"
    text = "git: {}\n"
    assert title not in states(tmp_path, text, DEBIAN)
    assert states(tmp_path, text, WSL)[title] == {"value": "core.autocrlf=input"}
    own = 'git: {system: {core.autoCRLF: "false"}}\n'
    assert states(tmp_path, own, WSL)[title] == {"value": "core.autoCRLF=false"}


@ROOT
@pytest.mark.parametrize(
    "before",
    [
        None,
        "",
        "# mine\n[pull]\n\trebase = no ; never\n[alias]\n\tlg = log --graph\n",
        '[user]\n\tname = Eve\n\tname = Mallory\n[remote "o"]\n\tpush = c\n[core]\n\teditor = vi\n',
    ],
)
def test_settings_are_set_and_all_else_stays(before: str | None, tmp_path: Path) -> None:
    home = Home(tmp_path, SECTION)
    if before is not None:
        home.config.write_text(before)
    assert home.ran(home.settings.observe)[1] != f"{WANTED}\n"
    assert home.ran(home.settings.run) == (0, "")
    assert home.ran(home.settings.observe) == (0, f"{WANTED}\n")
    kept = ("# mine", "lg = log --graph", "editor = vi")
    text = home.config.read_text()
    assert [word for word in kept if word in (before or "")] == [w for w in kept if w in text]
    assert home.ran(home.settings.run) == (0, "")
    assert home.config.read_text() == text


@ROOT
def test_values_that_mean_the_same_to_git_are_left_as_they_are(tmp_path: Path) -> None:
    home = Home(tmp_path, "git: {users: {root: {settings: {a.b: true, a.n: 1024}}}}\n")
    home.config.write_text("[a]\n\tb\n\tn = 1k\n")
    assert home.ran(home.settings.observe) == (0, "a.b=true\na.n=1024\n")
    assert home.ran(home.settings.run) == (0, "")
    assert home.config.read_text() == "[a]\n\tb\n\tn = 1k\n"


@ROOT
def test_a_file_that_git_cannot_read_is_refused_with_its_line(tmp_path: Path) -> None:
    home = Home(tmp_path, SECTION)
    home.config.write_text("[user]\nname == = x\n[broken\n")
    assert home.ran(home.settings.observe) == (77, "bad config line 3 in file ~/.gitconfig\n")


@ROOT
def test_a_link_to_the_file_of_a_repository_stays_a_link(tmp_path: Path) -> None:
    home = Home(tmp_path, SECTION)
    (tmp_path / "dotfiles").write_text("[core]\n\teditor = vi\n")
    home.config.symlink_to("dotfiles")
    assert home.ran(home.settings.run) == (0, "")
    assert home.config.is_symlink()
    assert "editor = vi" in (tmp_path / "dotfiles").read_text()


@ROOT
def test_an_include_that_wins_is_named_by_plan(tmp_path: Path) -> None:
    home = Home(tmp_path, SECTION)
    home.ran(home.settings.run)
    name = "git of root takes its settings"
    assert home.proof(name) == (0, "")
    (tmp_path / "work").write_text("[user]\n\temail = una@work.example.com\n")
    with home.config.open("a") as file:
        file.write("[include]\n\tpath = work\n")
    assert home.proof(name) == (1, "user.email: file:~/work gives it another value\n")


@ROOT
def test_a_commit_shows_the_author(tmp_path: Path) -> None:
    home = Home(tmp_path, SECTION)
    name = "root makes commits as Una O'Dev <una@example.com>"
    home.ran(home.settings.run)
    assert home.proof(name) == (0, "Una O'Dev <una@example.com>\n")
    home.config.write_text("[user]\n\tname = Eve\n\temail = eve@example.com\n")
    assert home.proof(name) == (1, "the author is Eve <eve@example.com>\n")


SIGNED = """\
git:
  users:
    root: {name: Una, email: una@example.com, signing: {key: ~/.ssh/id.pub}}
"""
SIGNS = "root makes signed commits as Una <una@example.com>"


def ssh_key(folder: Path, passphrase: str) -> None:
    """Make the key that SIGNED names."""
    (folder / ".ssh").mkdir()
    file = str(folder / ".ssh" / "id")
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", file]
    subprocess.run(words, check=True)


@ROOT
def test_a_signature_is_made_and_verified(tmp_path: Path) -> None:
    home = Home(tmp_path, SIGNED)
    ssh_key(tmp_path, "")
    home.ran(home.settings.run)
    assert home.proof(SIGNS) == (0, "Una <una@example.com>\n")
    subprocess.run(["git", "config", "--file", home.config, "commit.gpgSign", "no"], check=True)
    assert home.proof(SIGNS) == (1, "the commit is not signed\n")


@ROOT
def test_a_key_that_asks_for_a_passphrase_is_no_fault(tmp_path: Path) -> None:
    home = Home(tmp_path, SIGNED)
    ssh_key(tmp_path, "correct horse")
    home.ran(home.settings.run)
    code, said = home.proof(SIGNS)
    assert (code, said.splitlines()[-1]) == (77, "the key cannot be used without asking a person")


@ROOT
def test_a_key_that_is_missing_is_told(tmp_path: Path) -> None:
    home = Home(tmp_path, SIGNED)
    home.ran(home.settings.run)
    code, said = home.proof(SIGNS)
    assert (code, "id.pub" in said) == (1, True), said


def test_the_manager_of_windows_is_for_wsl_and_required_there(tmp_path: Path) -> None:
    text = "git: {users: {root: {credentials: windows}}}\n"
    assert refusals(tmp_path, text) == [
        "2:35: the Git Credential Manager of Windows is there under WSL alone"
    ]
    (requirement,) = compile_section(tmp_path, text, WSL).requirements
    assert requirement.refusal == (
        r"there is no Git Credential Manager in C:\Program Files\Git\mingw64 of Windows"
    )


@ROOT
def test_the_helper_runs_the_manager_that_is_there(tmp_path: Path) -> None:
    (value,) = (
        line.partition("=")[2]
        for line in str(
            states(tmp_path, "git: {users: {root: {credentials: windows}}}\n", WSL)[
                "command:git settings of root"
            ]["value"]
        ).splitlines()
    )
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in {
        "wslpath": f"case $1 in *core.exe) echo {tmp_path}/manager.exe ;; *) echo /none ;; esac",
        "../manager.exe": "echo username=$1; echo password=x",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    done = subprocess.run(
        ["git", "-c", f"credential.helper={value}", "credential", "fill"],
        input="protocol=https\nhost=git.test\n\n",
        env={"PATH": f"{programs}:/usr/bin:/bin", "HOME": "/none", "GIT_TERMINAL_PROMPT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "username=get\npassword=x\n" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("users", "told"),
    [
        (
            "{settings: {rebase: true}}",
            (
                "the key 'rebase' of git.users.dev.settings must be a setting's name as "
                "`git config` takes it, like `pull.rebase`"
            ),
        ),
        (
            "{name: Una, settings: {user.Name: Eve}}",
            "git.users.dev has 'user.Name' among its settings and by a field of its own",
        ),
        (
            "{email: <una>}",
            "git.users.dev.email must be text without `<` and `>`, not text '<una>'",
        ),
    ],
)
def test_what_git_would_not_take_is_refused(users: str, told: str, tmp_path: Path) -> None:
    (said,) = refusals(tmp_path, f"git: {{users: {{dev: {users}}}}}\n")
    assert said.partition(": ")[2] == told
