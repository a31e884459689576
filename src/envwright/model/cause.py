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
        by: who stands behind it beside the account: the commit and the signer of pull mode.
    """

    what: str = "apply"
    by: Mapping[str, str] = field(default_factory=dict)


APPLY = Cause()
"""A person applies an environment."""
