"""Command: a state that a command makes, and a read-only script that shows the state."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import Shell, Unknown
from envwright.model.forecast import NOTHING, Forecast
from envwright.model.operations import Content, operation
from envwright.model.proof import SKIPPED, Assertion
from envwright.model.resource import Resource, wanted_by
from envwright.model.way_back import WayBack
from envwright.resources.prerequisites import BEFORE_APT, may_come

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from envwright.facts import Facts, Machine, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State


@dataclass(frozen=True)
class Impossible(Unknown):
    """A state that cannot be made on a machine, for a reason."""


@dataclass(frozen=True, kw_only=True)
class Command(Resource):
    """A state that no other resource can describe, made by a command.

    Args:
        title: the name of the state: `sysctl vm.max_map_count`.
        observe: a read-only script for sh that prints the present state. Exit code 77: the state
            cannot be made on this machine, for the reason in its last line.
        expected: what `observe` prints in the wanted state.
        run: the script that makes the wanted state; running it again does no harm.
        seen: what testinfra must see, read in another way than `observe` where there is one.
        after: ids of resources that come before the command, where the environment has them.
        undone_by: the same, and a change of one of them undoes the command.
        undone_below: folders; a change of what lies below one of them undoes the command, too.
        systemd: the command runs only where systemd is PID 1.
        before_apt: apt needs the state to fetch something, so that the command comes before that.
        given: what `run` reads from stdin; may refer to secrets, which no other user can see there.
        lacking: what to say where `observe` fails, since the machine lacks what the command needs
            and no change of the plan can bring it; "" where the command makes what is missing.
        back: the script that makes an earlier state again, which it gets as "$1" as `observe`
            printed it; "" where no script can.
        edits: the files that `run` writes to, and nothing else.
    """

    title: str
    observe: str
    expected: str
    run: str
    seen: tuple[Assertion, ...]
    after: tuple[str, ...] = ()
    undone_by: tuple[str, ...] = ()
    undone_below: tuple[str, ...] = ()
    systemd: bool = False
    before_apt: bool = False
    given: str = ""
    lacking: str = ""
    back: str = ""
    edits: tuple[str, ...] = ()

    word: ClassVar[str] = "command"
    rank: ClassVar[int] = 80

    @property
    def name(self) -> str:
        """The title."""
        return self.title

    @property
    def order(self) -> int:
        """The rank, or an early one where apt needs the state."""
        return BEFORE_APT if self.before_apt else self.rank

    @property
    def autorequires(self) -> Iterable[str]:
        """The resources that come before the command."""
        return (*self.after, *self.undone_by)

    def public_values(self) -> Iterable[Any]:
        return replace(self, given="").spec()

    def questions(self) -> Iterable[Question[Any]]:
        return (Shell(self.observe),)

    def desired(self) -> State:
        return {"value": self.expected}

    def actual(self, facts: Facts) -> State | Unknown | None:
        output = facts[Shell(self.observe)]
        if isinstance(output, Unknown):
            return output
        if output.code == SKIPPED:
            return {"value": Impossible(output.text.rpartition("\n")[2])}
        return {"value": output.text} if output.code == 0 else None

    def predict(self, difference: Difference, changed: Collection[str]) -> Difference:
        below = tuple(f"{folder}/" for folder in self.undone_below)
        undone = any(id_ in changed for id_ in self.undone_by) or any(
            id_.partition(":")[2].startswith(below) for id_ in changed
        )
        if difference or not undone:
            return difference
        before: State = {"value": Unknown("what comes before it changes")}
        return replace(difference, before=before, fields=("value",))

    def refusal(self, difference: Difference) -> str:
        value = (difference.before or {}).get("value")
        return f"{self.title}: {value.reason}" if isinstance(value, Impossible) else ""

    @classmethod
    def forecast(
        cls,
        work: Sequence[tuple[Command, Difference]],
        facts: Facts,  # noqa: ARG003 - the states say it
        changed: Collection[str],
    ) -> Forecast:
        """Refuse what the machine lacks and no change of the plan can bring."""
        own = {command.id for command, _ in work}
        if may_come(set(changed) - own):
            return NOTHING
        refusals = [
            f"{command.lacking}{wanted_by(command)}"
            for command, difference in work
            if difference.before is None and command.lacking
        ]
        return Forecast(refusals=tuple(refusals))

    def pending(self, machine: Machine) -> str:
        return "systemd is not PID 1 yet" if self.systemd and not machine.booted else ""

    @property
    def replaces(self) -> Iterable[str]:
        """The files that the command edits."""
        return self.edits

    @property
    def at_work(self) -> bool:
        """An earlier state may come from files, and so comes after them."""
        return True

    def way_back(self, before: State | None) -> WayBack:
        """The files that the command edits come back, or `back` makes the state that was there."""
        if self.edits:
            return WayBack(paths=self.edits)
        value = (before or {}).get("value", "")
        if not self.back or isinstance(value, Unknown):
            return WayBack(
                stays=f"{self.title} was made by a command that has no way back: change it by hand"
            )
        run = f"set -- {shlex.quote(str(value))}\n{self.back}"
        seen = (Assertion("run", (self.observe,), "stdout", f"{value}\n"),)
        return WayBack(resources=(replace(self, expected=str(value), run=run, seen=seen),))

    def converge(self, difference: Difference) -> Iterator[Operation]:  # noqa: ARG002 - one call for all
        run = f"[ ! -d /run/systemd/system ] || {{ {self.run}\n}}" if self.systemd else self.run
        given = {"_stdin": Content(self.given)} if self.given else {}
        yield operation("server.shell", commands=[run], **given)

    def witness(self) -> Iterator[Assertion]:
        yield from self.seen
