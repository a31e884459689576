"""The end-to-end tests: each has the machines, and the mark `e2e`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from machines.fixtures import *  # noqa: F403 - pytest finds fixtures among the names of a conftest

if TYPE_CHECKING:
    import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("e2e")
