"""What unit tests share: patience, scratch folders, a command line run there, repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from command import Said
from hypothesis import settings
from repositories import Follower, Key, Repository

from envwright.cli import main
from envwright.state import journal, lock

if TYPE_CHECKING:
    from pathlib import Path

    from command import Run

settings.register_profile("envwright", deadline=None, max_examples=50)
settings.load_profile("envwright")


@pytest.fixture(autouse=True)
def journal_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The journal of runs of this test; its lock lies beside it, and all that is kept of runs."""
    folder = tmp_path / "run"
    monkeypatch.setattr(journal, "JOURNAL", f"{folder}/journal.jsonl")
    monkeypatch.setattr(lock, "LOCK", f"{folder}/lock")
    return folder / "journal.jsonl"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line in a folder of its own, where a text is written to box.yaml."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENVWRIGHT_SSH_OPTIONS", "-F none")

    def function(*arguments: str, text: str | bytes = "") -> Said:
        if text:
            raw = text if isinstance(text, bytes) else f"name: box\n{text}".encode()
            (tmp_path / "box.yaml").write_bytes(raw)
        code = main.main(arguments)
        return Said(code, *capsys.readouterr())

    return function


# --- Repositories, keys that sign in them, and a machine's folders that follows one -------------


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
