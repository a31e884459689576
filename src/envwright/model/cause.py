"""The cause of a run: why it changes a machine, as the machine's history tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Cause:
    """Why a run changes a machine.

    Args:
        what: `apply`, or which generations are taken back.
        undoes: the generations that are taken back.
        redoes: what is taken back is an undo itself, and so things are made again.
        by: who stands behind it beside the account: the commit and the signer of pull mode.
    """

    what: str = "apply"
    by: Mapping[str, str] = field(default_factory=dict)
    undoes: tuple[int, ...] = ()
    redoes: bool = False


APPLY = Cause()
"""A person applies an environment."""
