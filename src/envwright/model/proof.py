"""Assertions and proofs: what must be seen on a machine. Requirements: what must hold first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from envwright.model.origin import Origin


@dataclass(frozen=True)
class View:
    """How a value is read out of a text that testinfra sees.

    Args:
        reader: a function of envwright.portable.readers.
        key: what the reader looks for in the text; None for a reader that takes the text alone.
    """

    reader: str
    key: str | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of the reader behind the text."""
        return () if self.key is None else (self.key,)


@dataclass(frozen=True)
class Assertion:
    """One thing that testinfra must see.

    `module(*arguments).attribute` of a testinfra host must equal `expected`; with `contained`, it
    must contain `expected`; with `view`, that holds for the value which the view reads out of the
    attribute.
    """

    module: str
    arguments: tuple[Any, ...]
    attribute: str
    expected: Any
    view: View | None = None
    contained: bool = False


SKIPPED = 77
"""The exit code by which a proof says that it cannot be made here, as Automake's tests do."""


@dataclass(frozen=True)
class Proof:
    """An effect that must be observable on the machine.

    Args:
        name: what is proved, as a sentence: "a container runs and its published port answers".
        script: a script for sh, run as root on the machine. Exit code 0: seen; 77: cannot be
            seen here, for the reason in its last line; else: not so, its output says why.
        at: as in Resource.
        origins: as in Resource.
    """

    name: str
    script: str
    at: tuple[str | int, ...] = ()
    origins: tuple[Origin, ...] = field(default=())


@dataclass(frozen=True)
class Requirement:
    """What must hold before anything is changed, and what envwright cannot bring about.

    Args:
        name: what must hold, as a sentence.
        script: a read-only script for sh; exit code 0: it holds.
        refusal: what to say when it does not.
        hint: how the user can bring it about.
        at: as in Resource.
    """

    name: str
    script: str
    refusal: str
    hint: str
    at: tuple[str | int, ...] = ()
    origins: tuple[Origin, ...] = field(default=())
