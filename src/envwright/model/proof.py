"""Assertions and proofs: what must be seen on a machine; Result: whether it was seen.

Requirements: what must hold before anything is changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from envwright.facts import Shell, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envwright.facts import Facts, Question
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
        quick: the script takes a few milliseconds, only reads, and prints the same each time while
            the effect is there: plan asks it, too.
        remedy: what a person can do where the effect is missing, since apply cannot mend it.
        given: what the script reads from stdin; may refer to secrets, which no other user can see
            there. A quick proof has none.
    """

    name: str
    script: str
    at: tuple[str | int, ...] = ()
    origins: tuple[Origin, ...] = field(default=())
    quick: bool = False
    remedy: str = ""
    given: str = ""

    def result(self, code: int, output: str, seconds: float = 0.0) -> Result:
        """Return what an exit code and an output of the script mean."""
        said = output.strip()
        if code == 0:
            return Result(self.name, "passed", "", seconds)
        if code == SKIPPED:
            reason = said.splitlines()[-1] if said else "this machine cannot show the effect"
            return Result(self.name, "skipped", reason, seconds)
        reason = said or f"exit code {code}"
        hint = f"\nhint: {self.remedy}" if self.remedy else ""
        return Result(self.name, "failed", f"{reason}{hint}", seconds)


@dataclass(frozen=True)
class Result:
    """The result of one check.

    Args:
        id: the id of the resource, or the name of the proof.
        outcome: passed, failed or skipped.
        reason: why the check failed or was skipped; "" for a check that passed.
        seconds: how long the check took.
    """

    id: str
    outcome: str
    reason: str
    seconds: float

    def json(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return dict(vars(self))


class Fault(NamedTuple):
    """Why a requirement does not hold on a machine, and what a person can do."""

    refusal: str
    hint: str


@dataclass(frozen=True)
class Requirement:
    """What must hold before anything is changed, and what envwright cannot bring about.

    Args:
        name: what must hold, as a sentence.
        script: a read-only script for sh; exit code 0: it holds.
        refusal: what to say when it does not.
        hint: how the user can bring it about.
        at: as in Resource.
        origins: as in Resource.
        unless: what a resource may bring about (`Resource.brings`); "" for nothing. The compiler
            drops the requirement where the environment has such a resource. A machine as its
            installer leaves it does not meet such a requirement.
        assumed: what a machine may well have already, as in "the account dev"; "" where no
            machine of a kind has it without the environment.
    """

    name: str
    script: str
    refusal: str
    hint: str
    at: tuple[str | int, ...] = ()
    origins: tuple[Origin, ...] = field(default=())
    unless: str = ""
    assumed: str = ""

    def questions(self) -> Iterable[Question[Any]]:
        """Return the questions whose answers `fault` needs."""
        return (Shell(self.script),)

    def fault(self, facts: Facts, resources: Sequence[Any]) -> Fault | None:  # noqa: ARG002
        """Return why the requirement does not hold; None where it holds.

        Args:
            facts: the answers to all questions of the plan.
            resources: all resources of the environment, for what the machine will be.
        """
        answer = facts[Shell(self.script)]
        holds = not isinstance(answer, Unknown) and answer.code == 0
        return None if holds else Fault(self.refusal, self.hint)
