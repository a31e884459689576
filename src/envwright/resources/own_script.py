"""Scripts of a person's own that bring an effect about, each with the person's test of it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from envwright.model.capability import render
from envwright.model.proof import Assertion
from envwright.model.values import seconds, spelled
from envwright.resources.as_user import LATE, Person, given
from envwright.resources.command import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

Script = Annotated[str, Field(min_length=1), spelled(r"^[^\x00]*\S[^\x00]*$", "a script for sh")]
"""A script of a person's own, for sh."""
QUICK = 10
"""How many seconds a test may take: each plan asks it."""


@dataclass(frozen=True, kw_only=True)
class OwnScript:
    """A script that a person runs unless its effect is there.

    Args:
        title: the name of the effect.
        person: who runs the script and the test.
        run: the script.
        test: a script that succeeds where the effect is there, and only reads.
        timeout: how long the script may take, as a Duration.
        folder: where both scripts start; "" for the person's home.
        public: variables of both scripts, which other users may see.
        secret: variables of the script alone, which refer to secrets.
    """

    title: str
    person: Person
    run: str
    test: str
    timeout: str
    folder: str = ""
    public: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict)

    def command(self, *after: str, **more: Any) -> Command:
        """Return the resource; `after` and `more` are as in Command and Resource."""
        state = self._state()
        return Command(
            title=self.title,
            observe=state,
            expected="there",
            run=self._run(state),
            seen=(Assertion("run", (state,), "stdout", "there\n"),),
            after=(f"user:{self.person.user}", *after),
            given=given(self.secret),
            **more,
        )

    @property
    def _start(self) -> str:
        return f"cd -- {shlex.quote(self.folder)} || exit 1\n" if self.folder else ""

    def _state(self) -> str:
        # timeout(1) has exit codes of its own, which the test must not have by chance.
        probe = self.person.runs(f"(\n{self._start}{self.test}\n) || exit 1", QUICK, self.public)
        slow = (
            f"the test of the command {self.title} did not end within {QUICK} s: every plan runs "
            "it, so it must be quick"
        )
        return render("own_script.state.sh", probe=probe, late=_late(), slow=shlex.quote(slow))

    def _run(self, state: str) -> str:
        run = self.person.runs(
            f"(\n{self._start}{self.run}\n) || "
            '{ echo "the command ended with exit code $?"; exit 1; }',
            seconds(self.timeout),
            self.public,
            online=True,
            given=bool(self.secret),
        )
        stopped = f"it did not end within {self.timeout}, and was stopped"
        unproved = f"the command ended well, but its test still fails: {self.test}"
        return render(
            "own_script.run.sh",
            state=state,
            run=run,
            late=_late(),
            stopped=shlex.quote(stopped),
            unproved=shlex.quote(unproved),
        )


def _late() -> str:
    return " | ".join(map(str, LATE))
