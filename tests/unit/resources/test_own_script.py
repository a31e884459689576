"""OwnScript: a person's script and its test, both run by the real sh as the person."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from envwright.resources.as_user import Person
from envwright.resources.own_script import OwnScript

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="root alone becomes the person")


def ran(script: str) -> tuple[int, str]:
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_a_script_and_its_test_start_in_the_folder_that_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "it's here"
    made = OwnScript(
        title="made",
        person=Person("root", "root", str(tmp_path)),
        run="touch made",
        test="test -e made",
        timeout="1m",
        folder=str(folder),
    ).command()
    assert ran(made.observe) == (0, "missing\n")
    folder.mkdir()
    assert ran(made.observe) == (0, "missing\n")
    assert (ran(made.run), ran(made.observe)) == ((0, ""), (0, "there\n"))
    assert [path.name for path in folder.iterdir()] == ["made"]


def test_the_account_and_what_is_named_come_first(tmp_path: Path) -> None:
    person = Person("dev", "dev", str(tmp_path))
    script = OwnScript(title="made", person=person, run="true", test="true", timeout="1m")
    assert script.command("package:git").after == ("user:dev", "package:git")
