"""What servers keep in themselves: roles with passwords, databases, as the server's client has it.

One question shows all that is asked of a server: a plan starts its client once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from envwright.facts import Aside, Output, Unknown
from envwright.model.operations import Content, operation
from envwright.model.proof import SKIPPED, Assertion, View
from envwright.model.resource import EXISTENCE, Resource
from envwright.model.way_back import WayBack
from envwright.portable.verifiers import Verifier, why_unfit
from envwright.resources.command import Impossible
from envwright.resources.service import NOT_BOOTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from envwright.facts import Facts, Machine, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, Fields, State, Value

PASSWORD = "password"  # noqa: S105 - the name of a field
"""The field of a state whose actual value is a Verifier."""


@dataclass(frozen=True, kw_only=True)
class InServer(Resource):
    """One thing inside of a server.

    Args:
        server: the server's name, as a section has it.
        title: the name of the thing in the server.
        ask: a read-only script that prints one JSON object, by word, title and field; nothing where
            the server is not installed. Where the server cannot be asked yet, the script fails and
            says why; with exit code 77 where apply cannot change that.
        run: the script that makes the thing as `fields` and `given` have it, or removes it.
        fields: what must hold of the thing.
        password: a secret; "" for a thing without a password. `run` reads it from stdin.
        present: False: the server must not have the thing.
    """

    server: str
    title: str
    ask: str
    run: str
    fields: Mapping[str, Value] = field(default_factory=dict)
    password: str = ""
    present: bool = True

    @property
    def name(self) -> str:
        """The thing and its server: `shop@postgresql`."""
        return f"{self.title}@{self.server}"

    def public_values(self) -> Iterable[Any]:
        return replace(self, password="").spec()

    def questions(self) -> Iterable[Question[Any]]:
        return (Aside(self.ask),)

    def desired(self) -> State | None:
        if not self.present:
            return None
        wanted: Fields = {PASSWORD: self.password} if self.password else {}
        for name, value in self.fields.items():
            wanted[name] = value
        return wanted

    def actual(self, facts: Facts) -> State | Unknown | None:
        answer = facts[Aside(self.ask)]
        if isinstance(answer, Unknown):
            return answer
        if answer.code:
            kind = Impossible if answer.code == SKIPPED else Unknown
            return kind(answer.text or "the server gives no answer")
        found = _found(answer, self.word, self.title)
        if found is None:
            return None
        return {
            name: Verifier(str(value)) if name == PASSWORD else value
            for name, value in found.items()
            if name in self.fields or (name == PASSWORD and self.password)
        }

    def refusal(self, difference: Difference) -> str:
        reason = (difference.before or {}).get(EXISTENCE)
        return f"{self.id}: {reason.reason}" if isinstance(reason, Impossible) else ""

    def unwritable(self, revealed: State) -> str:
        return why_unfit(str(revealed.get(PASSWORD, "")))

    def pending(self, machine: Machine) -> str:
        return "" if machine.booted else NOT_BOOTED

    def converge(self, difference: Difference) -> Iterator[Operation]:  # noqa: ARG002 - one call for all
        given = {"_stdin": Content(self.password)} if self.password else {}
        yield operation("server.shell", commands=[self.run], **given)

    def witness(self) -> Iterator[Assertion]:
        at = f"{_pointer(self.word)}/{_pointer(self.title)}"
        if not self.present:
            yield self._assertion(View("json", at), None)
            return
        for name, value in self.fields.items():
            yield self._assertion(View("json", f"{at}/{_pointer(name)}"), value)
        if self.password:
            yield self._assertion(View("lets_in", f"{at}/{PASSWORD}"), self.password)

    def _assertion(self, view: View, expected: Value) -> Assertion:
        return Assertion("run", (self.ask,), "stdout", expected, view=view)


@dataclass(frozen=True, kw_only=True)
class Role(InServer):
    """An account of the server's own, by which programs log in: its rights and its password.

    Args:
        shut: the script that lets nobody log in as the role.
        shut_fields: what holds of the role after that.
    """

    shut: str
    shut_fields: Mapping[str, Value]

    word: ClassVar[str] = "role"
    rank: ClassVar[int] = 92

    @property
    def grants_access(self) -> bool:
        """Programs log in as the role."""
        return True

    def way_back(self, before: State | None) -> WayBack:
        """A new role lets nobody in any more. It stays, for it may own what was made since."""
        if before is not None:
            return WayBack(
                stays=f"the server does not tell which password {self.name} had: change the role "
                "by the server's client"
            )
        return WayBack(
            resources=(
                replace(self, present=False, run=self.shut, fields=self.shut_fields, password=""),
            )
        )

    def actual(self, facts: Facts) -> State | Unknown | None:
        """Take a role that must not be there for gone where nobody can log in as the role."""
        found = super().actual(facts)
        return None if not self.present and found == self.fields else found

    def witness(self) -> Iterator[Assertion]:
        # Of a role that must not be there, no environment says so: undo alone does.
        yield from super().witness() if self.present else ()


@dataclass(frozen=True, kw_only=True)
class Database(InServer):
    """A database in a server, and its owner. What is in the database stays as it is."""

    word: ClassVar[str] = "database"
    rank: ClassVar[int] = 94

    def way_back(self, before: State | None) -> WayBack:  # noqa: ARG002 - no data is lost either way
        """A database stays, with what was written to it since."""
        return WayBack(
            stays=f"{self.name} stays as it is, for it may hold data: change the database, or drop "
            "it, by the server's client"
        )


def _found(answer: Output, word: str, title: str) -> Mapping[str, Value] | None:
    try:
        return cast("Mapping[str, Value] | None", json.loads(answer.text)[word].get(title))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None  # the server is not installed yet


def _pointer(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1")
