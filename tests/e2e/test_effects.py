"""Law 12: plan and verify agree about effects that are missing while every file is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from effects import ENVIRONMENT, TABLE, Effect, rows
from law12 import hold, missed, seen
from workstation import Workstation, workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import NewMachine


@pytest.fixture(scope="module")
def station(
    start_machine: NewMachine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workstation]:
    """The machine of the table, as its environment wants it."""
    path = tmp_path_factory.mktemp("effects") / "box.yaml"
    path.write_text(ENVIRONMENT, "utf-8")
    (path.parent / "token").write_text("s3cret-of-git", "utf-8")
    with workstation(start_machine("debian13"), path) as opened:
        opened.apply()
        assert seen(opened) == set()
        assert missed(opened) == set()
        yield opened


@pytest.mark.parametrize(("capability", "effect"), rows(TABLE), ids=str)
def test_law_12_what_is_broken_is_told_and_mended(
    station: Workstation, capability: str, effect: Effect
) -> None:
    hold(station, capability, effect)


def test_after_all_that_verify_is_green(station: Workstation) -> None:
    assert missed(station) == set()
