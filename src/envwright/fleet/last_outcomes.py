"""Last outcomes: what the last run came to on each machine of an inventory, kept in the cache."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from envwright.cache import storage

if TYPE_CHECKING:
    from collections.abc import Mapping


def read(inventory: str) -> dict[str, str]:
    """Return the words of the last outcomes by the names of machines; empty where none are kept."""
    kept = storage.read(_entry(inventory))
    outcomes: dict[str, str] = json.loads(kept) if kept else {}
    return outcomes


def update(inventory: str, outcomes: Mapping[str, str]) -> None:
    """Keep the outcomes of a run; machines that it left out keep theirs.

    Outcomes that cannot be kept are forgotten: a selection by them says that none are known.
    """
    whole = json.dumps({**read(inventory), **outcomes})
    with contextlib.suppress(OSError):
        storage.write(_entry(inventory), whole.encode())


def _entry(inventory: str) -> str:
    path = str(Path(inventory).resolve())
    return storage.checksum(repr(("last outcomes", path)).encode("utf-8", "surrogateescape"))
