"""virtualenvs: what lock files say, whose environment it is, and what is installed of it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from sections import compile_section, ill_written, refusals, states
from standins import DEBIAN

from envwright.model.capability import render

if TYPE_CHECKING:
    from pathlib import Path

SECTION = """\
virtualenvs:
  /home/dev/venvs/tools: {packages: ["ruff==0.14.6", "uvicorn[standard]==0.30.1"]}
  /opt/venvs/old: {packages: [six==1.17.0], python: /usr/bin/python3.11, owner: dev}
  /opt/venvs/own: {packages: [six==1.17.0], python: /opt/python/bin/python3}
"""
LOCK = """\
--index-url https://pypi.example.com/simple
a-b==1.0 \\
    --hash=sha256:00
    # via -r in
c.d[x, y]==2!1.0.post1+local ; python_version >= "3.8" and sys_platform == 'linux' # why
"""


def test_an_environment_is_its_folder_a_file_and_what_pip_installs(tmp_path: Path) -> None:
    found = states(tmp_path, SECTION)
    assert list(found) == [
        "package:python3-venv",
        "package:python3.11-venv",
        "directory:/home/dev/venvs/tools",
        "directory:/opt/venvs/old",
        "directory:/opt/venvs/own",
        "file:/home/dev/venvs/tools/requirements.txt",
        "file:/opt/venvs/old/requirements.txt",
        "file:/opt/venvs/own/requirements.txt",
        "command:virtualenv /home/dev/venvs/tools",
        "command:virtualenv /opt/venvs/old",
        "command:virtualenv /opt/venvs/own",
    ]
    file = found["file:/home/dev/venvs/tools/requirements.txt"]
    assert (file["owner"], file["content"]) == ("dev", "ruff==0.14.6\nuvicorn[standard]==0.30.1\n")
    owners = {id_: state["owner"] for id_, state in found.items() if id_.startswith("directory:")}
    assert owners == {
        "directory:/home/dev/venvs/tools": "dev",
        "directory:/opt/venvs/old": "dev",
        "directory:/opt/venvs/own": "root",
    }
    assert ill_written(compile_section(tmp_path, SECTION)) == []


def test_a_lock_file_is_brought_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text(LOCK, "utf-8")
    text = "virtualenvs: {/srv/v: {requirements: requirements.lock}}\n"
    assert states(tmp_path, text)["file:/srv/v/requirements.txt"]["content"] == LOCK


@pytest.mark.parametrize(
    "line",
    [
        "six",
        "six>=1",
        "six==1.*",
        "-r other.txt",
        "-e .",
        "./wheels/a.whl",
        "git+https://x/y",
        "=1",
    ],
)
def test_what_names_no_version_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"a==1\n{line}\n", "utf-8")
    (said,) = refusals(tmp_path, "virtualenvs: {/srv/v: {requirements: requirements.txt}}\n")
    assert f"has the line {line!r}, which names no version: write NAME==VERSION" in said


@pytest.mark.parametrize("entry", ["{}", "{packages: []}", "{packages: [a==1], requirements: r}"])
def test_an_environment_has_a_file_or_packages(tmp_path: Path, entry: str) -> None:
    (tmp_path / "r").write_text("a==1\n", "utf-8")
    (said,) = refusals(tmp_path, f"virtualenvs: {{/srv/v: {entry}}}\n")
    assert "needs either 'requirements' or 'packages'" in said


def test_a_login_to_an_index_is_not_written_into_a_file_that_all_can_read(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n", "utf-8")
    text = (
        "secrets: {TOKEN: {file: token}}\n"
        "virtualenvs: {/srv/v: {packages: ['--index-url https://{{ secret.TOKEN }}@x', a==1]}}\n"
    )
    (said,) = refusals(tmp_path, text)
    assert "has a secret in its packages, where other users could see it" in said


def looked(text: str) -> str:
    """What the look says of requirements in the Python that runs the tests."""
    code = render("virtualenvs.look.py")
    script = [sys.executable, "-c", code]
    return subprocess.run(script, input=text, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LOCK.replace("a-b==1.0", "pip==0.1").replace("c.d[x, y]", "x"), "pip"),
        ("no-such-package==1.0 \\\n  --hash=sha256:00\n", "no-such-package is missing"),
        ('no-such-package==1.0 ; sys_platform == "win32" # why\n# a\n-i https://x\n', "installed"),
        ("", "installed"),
    ],
)
def test_the_look_reads_a_file_as_pip_does(text: str, said: str) -> None:
    assert looked(text).startswith(said)


def test_packages_of_old_pythons_have_the_package_of_their_version(tmp_path: Path) -> None:
    made = compile_section(tmp_path, SECTION, DEBIAN)
    after = {r.id: r.after[0] for r in made.resources if r.id.startswith("command:")}  # type: ignore[attr-defined]
    assert after["command:virtualenv /opt/venvs/old"] == "package:python3.11-venv"
