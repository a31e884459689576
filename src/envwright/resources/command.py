"""Command: a state that a command makes, and a read-only script that shows the state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import Shell, Unknown
from envwright.model.operations import operation
from envwright.model.resource import Resource

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from envwright.facts import Facts, Machine, Question
    from envwright.model.operations import Operation
    from envwright.model.proof import Assertion
    from envwright.model.resource import Difference, State


@dataclass(frozen=True, kw_only=True)
class Command(Resource):
    """A state that no other resource can describe, made by a command.

    Args:
        title: the name of the state: `sysctl vm.max_map_count`.
        observe: a read-only script for sh that prints the present state.
        expected: what `observe` prints in the wanted state.
        run: the script that makes the wanted state; running it again does no harm.
        seen: what testinfra must see, read in another way than `observe` where there is one.
        after: ids of resources that come before the command, where the environment has them.
        undone_by: the same, and a change of one of them undoes the command.
        undone_below: folders; a change of what lies below one of them undoes the command, too.
        systemd: the command runs only where systemd is PID 1.
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

    word: ClassVar[str] = "command"
    rank: ClassVar[int] = 80

    @property
    def name(self) -> str:
        """The title."""
        return self.title

    @property
    def autorequires(self) -> Iterable[str]:
        """The resources that come before the command."""
        return (*self.after, *self.undone_by)

    def questions(self) -> Iterable[Question[Any]]:
        return (Shell(self.observe),)

    def desired(self) -> State:
        return {"value": self.expected}

    def actual(self, facts: Facts) -> State | Unknown | None:
        output = facts[Shell(self.observe)]
        if isinstance(output, Unknown):
            return output
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

    def pending(self, machine: Machine) -> str:
        return "systemd is not PID 1 yet" if self.systemd and not machine.booted else ""

    def converge(self, difference: Difference) -> Iterator[Operation]:  # noqa: ARG002 - one call for all
        run = f"[ ! -d /run/systemd/system ] || {{ {self.run}\n}}" if self.systemd else self.run
        yield operation("server.shell", commands=[run])

    def witness(self) -> Iterator[Assertion]:
        yield from self.seen
