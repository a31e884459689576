"""The job: what it takes from a command line."""

from __future__ import annotations

import argparse
import io
import sys
from typing import TYPE_CHECKING

from envwright.engine.context import password_source

if TYPE_CHECKING:
    import pytest


def test_a_password_is_read_once_for_all_sessions_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("hunter2\nyes\n"))
    options = argparse.Namespace(sudo_password_stdin=True)
    first = password_source(options)
    # As `apply --restart` does for the session after the restart.
    again = password_source(argparse.Namespace(**vars(options)))
    assert first
    assert again
    assert [first("?"), first("?"), again("?"), sys.stdin.read()] == [*["hunter2"] * 3, "yes\n"]


def test_where_nobody_can_be_asked_there_is_no_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert password_source(argparse.Namespace(sudo_password_stdin=False)) is None
