"""Group: a group in /etc/group."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import Logins, Unknown
from envwright.model.forecast import NOTHING, Forecast
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.model.resource import Resource
from envwright.model.way_back import WayBack

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State


@dataclass(frozen=True, kw_only=True)
class Group(Resource):
    """A group; `gid` None leaves the number to the machine.

    `system`: the number is one of a system group. `present` False: there must be no such group.
    """

    group: str
    gid: int | None = None
    system: bool = False
    present: bool = True

    word: ClassVar[str] = "group"
    rank: ClassVar[int] = 30

    @property
    def name(self) -> str:
        """The name of the group."""
        return self.group

    def questions(self) -> Iterable[Question[Any]]:
        return (Logins(),)

    def desired(self) -> State | None:
        if not self.present:
            return None
        return {} if self.gid is None else {"gid": self.gid}

    def actual(self, facts: Facts) -> State | Unknown | None:
        accounts = facts[Logins()]
        if isinstance(accounts, Unknown):
            return accounts
        entry = accounts.groups.get(self.group)
        return None if entry is None else {"gid": entry[0]}

    @classmethod
    def forecast(
        cls,
        work: Sequence[tuple[Group, Difference]],
        facts: Facts,
        changed: Collection[str],  # noqa: ARG003 - a group that a package brings has its name
    ) -> Forecast:
        """Note a new group whose name is almost that of a group that is there."""
        accounts = facts[Logins()]
        if isinstance(accounts, Unknown):
            return NOTHING
        from difflib import get_close_matches  # noqa: PLC0415 - only a new group needs it

        new = [each.group for each, difference in work if difference.before is None]
        alike = {name: get_close_matches(name, accounts.groups, 1, 0.8) for name in new}
        return Forecast(
            notes=tuple(
                f"group {name} is new and gives its members no rights; did you mean {like[0]}?"
                for name, like in alike.items()
                if like and not name.startswith(like[0])
            )
        )

    def refusal(self, difference: Difference) -> str:
        if not self.present or difference.before is None or "gid" not in difference.fields:
            return ""
        return (
            f"group {self.group} has gid {difference.before['gid']}, not {self.gid}: "
            "its files would keep the old number; change it by hand"
        )

    def converge(self, difference: Difference) -> Iterator[Operation]:  # noqa: ARG002 - one call each
        if not self.present:
            gone = f"groupdel -- {shlex.quote(self.group)}"
            yield operation("server.shell", commands=[gone])
            return
        yield operation("server.group", group=self.group, gid=self.gid, system=self.system)

    def witness(self) -> Iterator[Assertion]:
        yield Assertion("group", (self.group,), "exists", expected=self.present)
        if self.present and self.gid is not None:
            yield Assertion("group", (self.group,), "gid", self.gid)

    def way_back(self, before: State | None) -> WayBack:
        """A new group goes, and one that was removed comes back with its number."""
        if before is None:
            return WayBack(resources=(replace(self, present=False),))
        if self.present:
            return WayBack()
        return WayBack(resources=(replace(self, present=True, gid=int(before["gid"])),))
