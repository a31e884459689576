"""Uploads: at once, or only when a command agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from standins import ME, local_session

from envwright.engine.pyinfra_runner import Engine
from envwright.errors import StepError
from envwright.model.operations import Content, operation
from envwright.model.secrets import Secrets
from envwright.resources.upload import upload

if TYPE_CHECKING:
    from pathlib import Path

ROOT: dict[str, Any] = {"mode": "0440", "owner": "root", "group": "adm"}


def test_what_is_harmless_is_put_in_place_at_once() -> None:
    assert list(upload("/etc/x", Content("a"), **ROOT)) == [
        operation(
            "paths.put", src=Content("a"), dest="/etc/x", user="root", group="adm", mode="0440"
        )
    ]


def run(path: Path, text: str, validate: str) -> None:
    who: dict[str, Any] = {"mode": "0640", "owner": ME, "group": path.parent.group()}
    with local_session() as session:
        engine = Engine(session, Secrets({}))
        for step in upload(str(path), Content(text), validate=validate, **who):
            engine.run("file", step)


def test_what_a_command_agrees_to_goes_live_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "it's a file"
    path.write_text("old")
    run(path, "new", 'grep -q new "$staged" && test ! -e nowhere')
    assert (path.read_text(), oct(path.stat().st_mode)) == ("new", "0o100640")
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_what_a_command_refuses_never_goes_live(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(StepError) as raised:
        run(path, "bad", "cat \"$staged\"; echo; echo 'it is bad' >&2; exit 4 | exit 4")
    assert str(raised.value) == "file failed on @local:\n    bad\n    it is bad"
    assert {entry.name: entry.read_text() for entry in tmp_path.iterdir()} == {"file": "old"}


def test_nothing_is_put_into_a_command_that_has_signs_of_a_format(tmp_path: Path) -> None:
    path = tmp_path / "100 %s"
    run(path, "new", "grep -q new \"$staged\" && [ '%s' = \\%s ]")
    assert {entry.name: entry.read_text() for entry in tmp_path.iterdir()} == {"100 %s": "new"}
