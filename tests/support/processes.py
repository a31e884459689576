"""Processes that a test waits for."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def becomes(true: Callable[[], bool]) -> bool:
    """Whether something is true within two seconds."""
    until = time.monotonic() + 2
    while not (now := true()) and time.monotonic() < until:
        time.sleep(0.01)
    return now


def gone(pid: int) -> bool:
    """Whether a process ends within two seconds (a zombie has ended)."""

    def ended() -> bool:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        return state == "Z"

    return becomes(ended)
