"""The end-to-end tests: each has the machines, and the mark `e2e`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from laws import converge
from machines.fixtures import *  # noqa: F403 - pytest finds fixtures among the names of a conftest

if TYPE_CHECKING:
    from workstation import Workstation


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("e2e")


@pytest.fixture(scope="module")
def converged(bare: Workstation) -> Workstation:
    """The machine of a module's own fixture `bare`, applied to once."""
    return converge(bare)
