"""A forecast: what the changes of one word bring about on a machine beside what they name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class SideEffect:
    """A change to a thing that no resource names.

    Args:
        verb: what happens to it: `install`, `upgrade`, `downgrade`, `remove`.
        name: what it is called on the machine.
        before: its version, "" where it is not there.
        after: the version that it gets, "" where it goes.
    """

    verb: str
    name: str
    before: str = ""
    after: str = ""

    def json(self) -> dict[str, Any]:
        """Return it as JSON values, in the stable form of `plan --json`."""
        return {"verb": self.verb, "name": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True)
class Forecast:
    """What all changes of one word bring about.

    Args:
        side_effects: changes to what no resource names.
        notes: what a person should know before the changes are made, a sentence each.
        refusals: why the changes must not be made, a sentence each.
        known: False where the side effects cannot be told before the changes begin.
    """

    side_effects: tuple[SideEffect, ...] = ()
    notes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    known: bool = True


NOTHING = Forecast()
