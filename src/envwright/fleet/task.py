"""The errand: what a worker is to do on one machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from envwright.cache.compiled import Made
    from envwright.engine.context import Job
    from envwright.errors import ExitCode
    from envwright.facts import Machine
    from envwright.host.inventory import Target
    from envwright.report.terminal import Report

    Act = Callable[[Job, argparse.Namespace, Report], tuple[ExitCode, Any]]


@dataclass(frozen=True)
class Shown:
    """A plan that was made before: its machine, and what was compiled for it.

    Args:
        changes: what a person has agreed to; None where nobody was asked.
    """

    machine: Machine
    made: Made
    changes: list[dict[str, Any]] | None


@dataclass(frozen=True)
class Errand:
    """What a worker is to do.

    Args:
        act: the verb, for one machine; a function that can be imported by its name.
        log: the machine's log.
        asking: somebody can be asked for a password.
        shown: the plan that was made before, where there was one.
    """

    target: Target
    options: argparse.Namespace
    act: Act
    log: Path | None
    asking: bool
    shown: Shown | None = None
