"""A script beside its module is sent without what its head says to readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envwright.scripts import load

if TYPE_CHECKING:
    from pathlib import Path


def test_the_comments_at_the_head_stay_and_those_below_are_sent(tmp_path: Path) -> None:
    (tmp_path / "x.sh").write_text("# What it is for.\n# shellcheck shell=sh\na=1\n# why\nb=ä\n")
    assert load(str(tmp_path / "x.py")) == "a=1\n# why\nb=ä\n"


def test_a_module_without_its_script_cannot_be_imported(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"x\.sh"):
        load(str(tmp_path / "x.py"))
