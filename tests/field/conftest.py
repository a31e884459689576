"""The field tests: machines that have lived, rebuilt from public bug reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from field_case import Case, Place
from machines.fixtures import *  # noqa: F403 - pytest finds fixtures among the names of a conftest

if TYPE_CHECKING:
    from machines.machine import Machine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("e2e")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A function that brings a machine into the situation of a case, by the case's name."""

    def placed(name: str, machine: Machine) -> Case:
        return Case.placed(name, machine, tmp_path)

    return placed
