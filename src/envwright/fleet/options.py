"""What the command line says of a fleet: how many machines at a time, and what failures stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class FleetOptions:
    """How a verb runs on several machines.

    Args:
        parallel: how many machines are worked on at the same time.
        fail_fast: once a machine has failed, no further machine is begun.
        log_dir: the folder for a log of each machine; None for no logs.
        timeout: seconds after which a machine is given up, in each stage; None for never.
        trust: what environments run and read on this computer is agreed to.
        offline: no layer of an environment is fetched.
        canary: which of the machines that differ are changed first, by themselves; "" for none.
        inventory: the file that the machines are from; "" where the command line names them.
    """

    parallel: int
    fail_fast: bool = False
    log_dir: Path | None = None
    timeout: float | None = None
    trust: bool = False
    offline: bool = False
    canary: str = ""
    inventory: str = ""
