"""The pytest plugin: which files it takes, what it calls hosts, what a person of pytest sees."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from envwright.engine.pytest_plugin import host_name

if TYPE_CHECKING:
    from pathlib import Path

AS_ROOT = pytest.mark.skipif(os.getuid() != 0, reason="a session on this machine wants root")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an environment of two files, of which this machine has one."""
    there = tmp_path / "there"
    there.write_text("as it should be\n")
    there.chmod(0o644)
    (tmp_path / "x.yaml").write_text(
        "name: x\n"
        "files:\n"
        f'  {there}: {{content: "as it should be\\n"}}\n'
        f"  {tmp_path}/missing: {{content: ''}}\n"
    )
    return tmp_path


def pytest_in(folder: Path, *arguments: str) -> tuple[int, str]:
    """The exit code of pytest in a folder, and what it says, without times."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", *arguments]
    # Under CI its summary is not cut to the width of a terminal.
    surroundings = {**os.environ, "CI": "true"}
    done = subprocess.run(
        command, cwd=folder, env=surroundings, capture_output=True, text=True, check=False
    )
    return done.returncode, re.sub(r" in [0-9.]+s", "", done.stdout)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("docker://box", "@docker/box"),
        ("ssh://dev@laptop:2222", "@ssh/dev@laptop:2222"),
        ("local://", "@local"),
        ("@chroot/srv/image", "@chroot/srv/image"),
        ("laptop", "laptop"),
    ],
)
def test_hosts_may_be_named_as_testinfra_names_them(said: str, meant: str) -> None:
    assert host_name(said) == meant


@AS_ROOT
def test_each_resource_is_an_item_that_passes_or_fails(folder: Path) -> None:
    code, said = pytest_in(folder, "x.yaml", "--hosts=local://")
    assert code == 1
    summary = [line.strip("= ") for line in said.splitlines()[-3:]]
    why = f"file('{folder}/missing').is_file is False, not True"
    assert summary == [
        f"PASSED x.yaml::@local::file:{folder}/there",
        f"FAILED x.yaml::@local::file:{folder}/missing - {why}",
        "1 failed, 1 passed",
    ]


@AS_ROOT
def test_one_item_can_be_named(folder: Path) -> None:
    code, said = pytest_in(folder, f"x.yaml::@local::file:{folder}/there", "--hosts=@local")
    assert (code, "1 passed" in said) == (0, True)


@AS_ROOT
def test_a_mistake_in_the_environment_is_told_in_our_words(folder: Path) -> None:
    (folder / "x.yaml").write_text("name: x\nfile: {}\n")
    code, said = pytest_in(folder, "x.yaml", "--hosts=@local")
    assert code == 2
    assert "x.yaml:2:1: there is no capability 'file'; did you mean 'files'?" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("arguments", [("x.yaml",), (".", "--hosts=@local")])
def test_without_hosts_or_unnamed_a_yaml_file_is_none_of_its_business(
    folder: Path, arguments: tuple[str, ...]
) -> None:
    code, said = pytest_in(folder, *arguments)
    assert code in {4, 5}
    assert "x.yaml::" not in said
