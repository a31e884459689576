"""A repository to follow, keys that sign in it, and a machine's folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from repositories import Follower, Key, Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def alice(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return Key.new(tmp_path_factory.mktemp("alice"), "alice")


@pytest.fixture(scope="session")
def mallory(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return Key.new(tmp_path_factory.mktemp("mallory"), "mallory")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.new(tmp_path / "team")


@pytest.fixture
def follower(tmp_path: Path, alice: Key) -> Follower:
    made = Follower.new(tmp_path)
    made.trust(alice.allowed())
    return made
