"""The context of a run: how its session is opened."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from envwright.engine.context import password_source

if TYPE_CHECKING:
    import pytest


def test_a_password_is_read_once_for_all_sessions_of_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("hunter2\nyes\n"))
    password = password_source(stdin=True)
    assert password
    assert [password("?"), password("?"), sys.stdin.read()] == [*["hunter2"] * 2, "yes\n"]


def test_where_nobody_can_be_asked_there_is_no_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert password_source() is None
