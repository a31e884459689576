"""User: an account in /etc/passwd."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import Guarded, Logins, Unknown
from envwright.model.claim import Claim, Shared
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.model.resource import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State


@dataclass(frozen=True, kw_only=True)
class User(Resource):
    """An account; None leaves a field to the machine.

    Args:
        user: its name.
        uid: its number; fixed when the account is made, never changed afterwards.
        primary: its primary group; by default what useradd(8) gives it (Machine.primary_group).
        home: its home directory, made from /etc/skel with the account; never moved afterwards.
        shell: its login shell.
    """

    user: str
    uid: int | None = None
    primary: str | None = None
    home: str | None = None
    shell: str | None = None

    word: ClassVar[str] = "user"
    rank: ClassVar[int] = 35

    @property
    def name(self) -> str:
        """The name of the account."""
        return self.user

    @property
    def autorequires(self) -> Iterable[str]:
        """The primary group of the account."""
        return (f"group:{self.primary}", f"group:{self.user}")

    def brings(self) -> Iterable[str]:
        """The account, and the group of its name that useradd(8) makes with it."""
        return (self.id, *(() if self.primary else (f"group:{self.user}",)))

    def claims(self) -> Iterable[Claim]:
        """The home, where it is given; it can be a directory with a mode, or a mount point."""
        if self.home is None:
            return ()
        home = PurePosixPath(self.home)
        return (Claim(home, "a home", shared=Shared.DIRECTORY, open=True),)

    def folders(self) -> Mapping[str, str]:
        return {self.home or f"/home/{self.user}": self.user}

    def questions(self) -> Iterable[Question[Any]]:
        # useradd(8) makes a home by its path, as root.
        return (Logins(), *([Guarded(self.home)] if self.home else []))

    def desired(self) -> State:
        wanted = {"uid": self.uid, "group": self.primary, "home": self.home, "shell": self.shell}
        return {field: value for field, value in wanted.items() if value is not None}

    def actual(self, facts: Facts) -> State | Unknown | None:
        accounts = facts[Logins()]
        if isinstance(accounts, Unknown):
            return accounts
        account = accounts.users.get(self.user)
        if account is None:
            return None
        return {
            "uid": account.uid,
            "group": account.group,
            "home": account.home,
            "shell": account.shell,
        }

    def refusal(self, difference: Difference) -> str:
        if difference.before is None:
            return ""
        for field in ("uid", "home"):
            if field in difference.fields:
                return (
                    f"user {self.user} has {field} {difference.before[field]}, not "
                    f"{self.desired()[field]}: its files would be left behind; change it by hand"
                )
        return ""

    def converge(self, difference: Difference) -> Iterator[Operation]:  # noqa: ARG002 - one call for all
        if self.home:
            yield operation("paths.guarded", path=self.home)
        yield operation(
            "server.user",
            user=self.user,
            uid=self.uid,
            group=self.primary,
            home=self.home,
            shell=self.shell,
            create_home=True,
            ensure_home=False,
        )

    def witness(self) -> Iterator[Assertion]:
        yield Assertion("user", (self.user,), "exists", expected=True)
        for attribute, value in self.desired().items():
            yield Assertion("user", (self.user,), str(attribute), value)
