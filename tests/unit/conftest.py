"""What unit tests share: patience with a busy machine, and a journal in a scratch folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from envwright import journal

if TYPE_CHECKING:
    from pathlib import Path

settings.register_profile("envwright", deadline=None, max_examples=50)
settings.load_profile("envwright")


@pytest.fixture
def journal_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The journal of runs of this test; its lock lies beside it."""
    folder = tmp_path / "run"
    acquire = journal._ACQUIRE
    for name in ("LOCK", "JOURNAL"):
        system = getattr(journal, name)
        folder_of = system.rpartition("/")[0]
        acquire = acquire.replace(folder_of, str(folder))
        monkeypatch.setattr(journal, name, system.replace(folder_of, str(folder)))
    monkeypatch.setattr(journal, "_ACQUIRE", acquire)
    return folder / "journal.jsonl"
