"""What unit tests share: a journal that lies in a scratch folder instead of on the system."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envwright import journal

if TYPE_CHECKING:
    from pathlib import Path


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
