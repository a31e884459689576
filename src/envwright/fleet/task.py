"""The task: what a worker process is to do on one machine. It crosses from process to process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.cache.compiled import CompiledEnvironment
    from envwright.facts import Machine
    from envwright.host.inventory import Target
    from envwright.workflow import RunOptions


@dataclass(frozen=True)
class Planned:
    """What the fleet has of a machine since its plan: the facts, and the compiled environment."""

    machine: Machine
    made: CompiledEnvironment


@dataclass(frozen=True)
class Task:
    """What a worker is to do.

    Args:
        target: the machine, and its environment.
        options: what is wanted of the run.
        log: the machine's log; None for no log.
        asking: somebody can be asked for a password.
        planned: what was compiled before, where the machine was planned for.
        timeout: seconds after which the machine is given up; None for never.
        offline: no layer of the environment is fetched.
    """

    target: Target
    options: RunOptions
    log: Path | None
    asking: bool
    planned: Planned | None = None
    timeout: float | None = None
    offline: bool = False
