"""vscode: extensions told by VS Code's own list, settings on each side, files of workspaces."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN, WSL

from envwright.model.resource import FileKey
from envwright.resources.command import Command

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine

SECTION = """\
vscode:
  users: [dev]
  extensions: [golang.go@0.46.1, eamodio.gitlens]
  settings: {editor.formatOnSave: true, "[go]": {editor.tabSize: 4}, old: null}
  windows: {editor.fontSize: 14}
  workspaces:
    /home/dev/src/shop: {launch: [go], recommend: [golang.go@0.46.1]}
"""
KEYS = {
    FileKey("editor.formatOnSave"): True,
    FileKey("[go]/editor.tabSize"): 4,
    FileKey("old"): None,
}
LISTED = (
    '[{"identifier":{"id":"Golang.Go","uuid":"d6"},"version":"0.46.1","location":{"$mid":1},'
    '"metadata":{"id":"d6","pinned":true}},'
    '{"identifier":{"id":"eamodio.gitlens"},"version":"17.0.0","metadata":{"id":"golang.go-x"}}]'
)


@pytest.mark.parametrize(
    ("machine", "settings"),
    [
        (DEBIAN, "keys:/home/dev/.config/Code/User/settings.json"),
        (WSL, "keys:/home/dev/.vscode-server/data/Machine/settings.json"),
    ],
)
def test_settings_go_where_the_side_keeps_them(
    tmp_path: Path, machine: Machine, settings: str
) -> None:
    found = states(tmp_path, SECTION, machine)
    assert {
        key: value for key, value in found[settings].items() if isinstance(key, FileKey)
    } == KEYS
    windows = "windows-keys:Code/User/settings.json"
    assert (windows in found, "package:code" in found) == (machine.wsl, not machine.wsl)


def test_the_files_of_a_workspace_are_what_vs_code_reads(tmp_path: Path) -> None:
    found = states(tmp_path, SECTION)
    folder = "file:/home/dev/src/shop/.vscode"
    assert json.loads(found[f"{folder}/launch.json"]["content"]) == {
        "version": "0.2.0",
        "configurations": [
            {
                "name": "Go: this package",
                "type": "go",
                "request": "launch",
                "mode": "auto",
                "program": "${fileDirname}",
            }
        ],
    }
    recommended = json.loads(found[f"{folder}/extensions.json"]["content"])
    assert recommended == {"recommendations": ["golang.go"]}


def script(tmp_path: Path, machine: Machine, name: str) -> str:
    """Return what the person runs to look for an extension."""
    made = compile_section(tmp_path, SECTION, machine)
    (found,) = (each for each in made.resources if each.id == f"command:vscode {name} of dev")
    assert isinstance(found, Command)
    (inner,) = re.findall(r"sh -c '(.*)' </dev/null", found.observe, re.DOTALL)
    return str(inner).replace("'\"'\"'", "'")


def seen(home: Path, text: str, **files: str) -> str:
    """Return what a script says in a home of this computer with some files."""
    home.mkdir()
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
        path.chmod(0o755)
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    run = ["sh", "-c", text]
    done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


OLD = LISTED.replace("0.46.1", "0.40.0")
SERVER = ".vscode-server/bin/abc/bin/code-server"


@pytest.mark.parametrize(
    ("machine", "name", "files", "said"),
    [
        (DEBIAN, "golang.go", {}, "missing"),
        (DEBIAN, "golang.go", {".vscode/extensions/extensions.json": LISTED}, "installed"),
        (DEBIAN, "golang.go", {".vscode/extensions/extensions.json": OLD}, "0.40.0"),
        (DEBIAN, "eamodio.gitlens", {".vscode/extensions/extensions.json": OLD}, "installed"),
        (DEBIAN, "eamodio.gitlens", {".vscode/extensions/extensions.json": "[]"}, "missing"),
        (WSL, "golang.go", {}, "installed"),
        (WSL, "golang.go", {SERVER: ""}, "missing"),
        (
            WSL,
            "golang.go",
            {SERVER: "", ".vscode-server/extensions/extensions.json": LISTED},
            "installed",
        ),
    ],
)
def test_an_extension_is_there_where_the_list_of_its_side_says_so(
    tmp_path: Path, machine: Machine, name: str, files: dict[str, str], said: str
) -> None:
    assert seen(tmp_path / "home", script(tmp_path, machine, name), **files) == said


def test_a_distribution_without_a_server_is_told_by_plan(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION, WSL)
    told = [(proof.name, proof.remedy) for proof in made.proofs if proof.quick and proof.remedy]
    assert (
        "VS Code has its part in the distribution for dev",
        "have dev call `code .` in the distribution once, which Windows answers, then apply again",
    ) in told


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("extensions: [golang]", "PUBLISHER.NAME in small letters, with `@VERSION` behind it"),
        ("extensions: [Golang.Go]", "PUBLISHER.NAME in small letters, with `@VERSION` behind it"),
        ("workspaces: {/x: {launch: [java]}}", "'cpp', 'go' or 'python'"),
    ],
)
def test_what_vs_code_would_not_find_is_refused(tmp_path: Path, fields: str, said: str) -> None:
    (error,) = refusals(tmp_path, f"vscode: {{users: [dev], {fields}}}\n")
    assert said in error


@pytest.mark.parametrize("machine", [DEBIAN, WSL])
def test_scripts_can_be_parsed(tmp_path: Path, machine: Machine) -> None:
    assert ill_written(compile_section(tmp_path, SECTION, machine)) == []
