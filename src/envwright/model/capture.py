"""What a capability finds on a machine for its section of an environment, and how it asks."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from envwright.facts import Facts, Question


@dataclass(frozen=True)
class Item:
    """A value for a section of an environment, and why it is there.

    Args:
        at: the path of the value inside the section.
        value: plain data: what the machine says, not a template. A value that the section does not
            take, or whose apply would change the machine, is left out, and the reason is told.
        why: why the value is there, for a comment.
        listed: the value is one more entry of the list at the path.
        place: the path on the machine that the item decides about, where it gives way to items of
            other sections that decide about the same path; "" where it gives way to none.
    """

    at: tuple[str, ...]
    value: Any
    why: str = ""
    listed: bool = False
    place: str = ""


@dataclass(frozen=True, order=True)
class LeftOut:
    """What a person made on the machine and no environment says, and why.

    Args:
        what: its name for a person.
        why: why it is left out, and what to do.
    """

    what: str
    why: str


@dataclass(frozen=True)
class Captured:
    """What a capability found.

    Args:
        items: the values of the section.
        left_out: what the section does not say.
        secrets: what holds a secret, by a name for the secret. Its value is never written.
    """

    items: tuple[Item, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()


Capturing = Generator[Iterable["Question[Any]"], "Facts", Captured]
"""A capture under way: it yields questions, gets their answers, and returns what it found. The
questions that all capabilities yield first cost one round trip together, and so on."""
