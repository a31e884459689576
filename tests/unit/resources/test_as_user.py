"""Scripts that run as a person."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from processes import gone
from standins import DEBIAN

from envwright.resources.as_user import LATE, PATH, Person, given

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="root alone becomes another account")
NOBODY = Person("nobody", "nogroup", "/")


def ran(script: str, stdin: str = "") -> tuple[int, str]:
    """The exit code and the output of a script for root."""
    words = ["sh", "-c", script]
    done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_a_person_is_known_before_the_account_is_there() -> None:
    dev = Person.named("dev", DEBIAN)
    assert dev == Person("dev", "dev", "/home/dev")
    assert [dev.at_home(path) for path in ("~/a", "/a", "~")] == ["/home/dev/a", "/a", "~"]


def test_a_script_has_the_persons_rights_and_nothing_of_the_callers_environment() -> None:
    script = NOBODY.runs(
        "id -un; id -gn; pwd; env | grep -v PWD= | sort; ! read word", 9, {"A": "b c"}
    )
    variables = [
        "A=b c",
        "HOME=/",
        "LOGNAME=nobody",
        f"PATH={PATH}",
        "SHELL=/bin/sh",
        "USER=nobody",
    ]
    assert ran(script, "word") == (0, "\n".join(["nobody", "nogroup", "/", *variables, ""]))


def test_variables_that_are_given_come_byte_for_byte_and_leave_no_input() -> None:
    variables = {"A": "it's $HOME\n`id`", "B": "x=y"}
    script = NOBODY.runs('printf "%s|%s" "$A" "$B"; ! read word', 9, given=True)
    assert ran(script, given(variables)) == (0, "it's $HOME\n`id`|x=y")


def test_a_script_that_takes_too_long_is_stopped_with_what_it_started(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    mine = Person("root", "root", str(tmp_path))
    code, _ = ran(mine.runs("sleep 77 & echo $! >pid; wait", 1))
    assert code == LATE[0]
    assert gone(int((tmp_path / "pid").read_text()))
