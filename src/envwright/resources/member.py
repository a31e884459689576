"""Member: the membership of an account in a supplementary group."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import Logins, Unknown
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.model.resource import Moment, Resource
from envwright.model.way_back import WayBack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State


@dataclass(frozen=True, kw_only=True)
class Member(Resource):
    """The account `user` belongs to `group`; its sessions see that after a new login.

    `present` False: the account must not belong to the group.
    """

    user: str
    group: str
    present: bool = True
    takes_effect: Moment = Moment.LOGIN

    word: ClassVar[str] = "member"
    rank: ClassVar[int] = 40

    @property
    def name(self) -> str:
        """The group and the user, with a slash between them."""
        return f"{self.group}/{self.user}"

    @property
    def autorequires(self) -> Iterable[str]:
        """The account and the group."""
        return (f"user:{self.user}", f"group:{self.group}")

    def questions(self) -> Iterable[Question[Any]]:
        return (Logins(),)

    def desired(self) -> State | None:
        return {} if self.present else None

    def actual(self, facts: Facts) -> State | Unknown | None:
        accounts = facts[Logins()]
        if isinstance(accounts, Unknown):
            return accounts
        _, members = accounts.groups.get(self.group, (0, ()))
        return {} if self.user in members else None

    def converge(self, difference: Difference) -> Iterator[Operation]:  # noqa: ARG002 - one call for all
        group, user = shlex.quote(self.group), shlex.quote(self.user)
        if not self.present:
            yield operation("server.shell", commands=[f"gpasswd --delete {user} {group}"])
            return
        yield operation("server.shell", commands=[f"usermod --append --groups {group} -- {user}"])

    @property
    def grants_access(self) -> bool:
        """A group gives its members rights."""
        return True

    def way_back(self, before: State | None) -> WayBack:
        """A new membership ends, and one that ended begins again."""
        return WayBack(resources=(replace(self, present=before is not None),))

    def witness(self) -> Iterator[Assertion]:
        if not self.present:
            user, group = shlex.quote(self.user), shlex.quote(self.group)
            script = f"! id -nG -- {user} | tr ' ' '\\n' | grep -qxF -- {group}"
            yield Assertion("run", (script,), "rc", 0)
            return
        yield Assertion("user", (self.user,), "groups", self.group, contained=True)
