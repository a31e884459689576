"""User: an account in /etc/passwd."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import Guarded, KnownUser, Logins, Stat, Status, Text, Unknown
from envwright.model.claim import Claim, Shared
from envwright.model.forecast import Forecast
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.model.resource import Resource, wanted_by
from envwright.model.way_back import WayBack
from envwright.portable.safepath import change
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State

SHELLS = "/etc/shells"
"""The login shells: chsh(1), pam_shells(8) and display managers take an account with no other."""
OF_PERSONS = range(1000, 60001)
"""The numbers of persons (UID_MIN and UID_MAX in login.defs of Debian)."""
_REMOVAL = load(__file__)
NO_LOGIN = frozenset({"nologin", "false", "sync"})


@dataclass(frozen=True, kw_only=True)
class User(Resource):
    """An account; None leaves a field to the machine.

    Args:
        user: its name.
        uid: its number; fixed when the account is made, never changed afterwards.
        primary: its primary group; by default what useradd(8) gives it (Machine.primary_group).
        home: its home directory, made from /etc/skel with the account; never moved afterwards.
        shell: its login shell.
        needs_password: something asks for its password, which no resource sets.
        present: False: there must be no such account. Its home stays where it holds anything but
            unchanged copies of /etc/skel.
    """

    user: str
    uid: int | None = None
    primary: str | None = None
    home: str | None = None
    shell: str | None = None
    needs_password: bool = False
    present: bool = True

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
        """The number, and the home, where they are given.

        A home can be a directory with a mode, or a mount point.
        """
        if self.uid is not None:
            yield Claim(PurePosixPath(f"uid {self.uid}"), f"the number of {self.user}")
        if self.home is not None:
            home = PurePosixPath(self.home)
            yield Claim(home, "a home", shared=Shared.DIRECTORY, open=True)

    @property
    def new_home(self) -> str:
        """The home of the account where it is new."""
        return self.home or f"/home/{self.user}"

    def folders(self) -> Mapping[str, str]:
        return {self.new_home: self.user}

    def questions(self) -> Iterable[Question[Any]]:
        # useradd(8) makes a home by its path, as root.
        shell = [Stat(self.shell), Text(SHELLS)] if self.shell else []
        guarded = [Guarded(self.home)] if self.home else []
        return (Logins(), *shell, *guarded, Stat(self.new_home), KnownUser(self.user))

    def desired(self) -> State | None:
        if not self.present:
            return None
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
            "shell": account.shell + self._doubt(facts),
        }

    def lacks_shell(self, facts: Facts) -> bool:
        """Tell whether the machine has no file that is the wanted shell."""
        return bool(self.shell) and facts[Stat(self.shell or "")] is None

    def _doubt(self, facts: Facts) -> str:
        """Return why the wanted shell lets nobody in; "" where it does."""
        if self.lacks_shell(facts):
            return " (missing)"
        listed = facts[Text(SHELLS)]  # the list must not have nologin
        if not is_for_persons(self.shell) or not isinstance(listed, str):
            return ""
        return "" if self.shell in listed.split("\n") else f" (not in {SHELLS})"

    @classmethod
    def forecast(
        cls, work: Sequence[tuple[User, Difference]], facts: Facts, changed: Collection[str]
    ) -> Forecast:
        """Refuse new accounts that cannot be made, or get at nothing; note missing passwords."""
        refusals = [
            f"{reason}{wanted_by(user)}"
            for user, difference in work
            if user.present and difference.before is None and (reason := user.why_not_new(facts))
        ]
        notes = tuple(
            f"{user.user} will have no password, which sudo asks for: run `passwd {user.user}` "
            "after apply, or set `password_hash`"
            for user, difference in work
            if user.needs_password and difference.before is None
        )
        if any(id_.startswith("package:") for id_ in changed):
            return Forecast(notes=notes, refusals=tuple(refusals))
        refusals += [
            f"there is no {user.shell}, the login shell of {user.user}: name the package that "
            f"has it in `packages`, or another shell{wanted_by(user)}"
            for user, _ in work
            if user.present
            and user.lacks_shell(facts)
            and not any(id_.endswith(f":{user.shell}") for id_ in changed)
        ]
        return Forecast(notes=notes, refusals=tuple(refusals))

    def why_not_new(self, facts: Facts) -> str:
        """Return why the account cannot be made as a new one; "" where it can."""
        if facts[KnownUser(self.user)] == "":
            return (
                f"{self.user} is an account of a network directory, not of /etc/passwd: name it "
                "where it is used, and leave the account to the directory"
            )
        home = facts[Stat(self.new_home)]
        # root owns the empty file system of a new disk.
        mine = {"root", self.user, str(self._given(facts))}
        if not isinstance(home, Status) or home.owner in mine:
            return ""
        return (
            f"{self.user} is new, and its home {self.new_home} belongs to {home.owner} already: "
            "move the folder away, or choose another name"
        )

    def settle(self, difference: Difference, facts: Facts) -> Difference:
        """Give a new account the number that owns its home, so that the files there are its own."""
        if difference.before is not None or difference.after is None:
            return difference
        number = self._given(facts)
        return (
            difference
            if number is None
            else replace(difference, after={**difference.after, "uid": number})
        )

    def _given(self, facts: Facts) -> int | None:
        """Return the number of a new account: the wanted one, or the one that its home is of."""
        home = facts[Stat(self.new_home)]
        if self.uid is None and isinstance(home, Status) and home.owner.isdecimal():
            # A number without a name: an account that is gone, or of the system before this one.
            return int(home.owner) if int(home.owner) in OF_PERSONS else None
        return self.uid

    def refusal(self, difference: Difference) -> str:
        if difference.before is None or difference.after is None:
            return ""
        for field in ("uid", "home"):
            if field in difference.fields:
                return (
                    f"user {self.user} has {field} {difference.before[field]}, not "
                    f"{difference.after[field]}: its files would be left behind; change it by hand"
                )
        return ""

    def converge(self, difference: Difference) -> Iterator[Operation]:
        if not self.present:
            yield operation("server.shell", commands=[self._removal(difference.before or {})])
            return
        if self.home:
            yield operation("paths.guarded", path=self.home)
        yield operation(
            "server.user",
            user=self.user,
            uid=(difference.after or {}).get("uid"),
            group=self.primary,
            home=self.home,
            shell=self.shell,
            create_home=True,
            ensure_home=False,
        )
        if is_for_persons(self.shell) and difference.concerns("shell"):
            shell = shlex.quote(self.shell or "")
            listed = f"grep -qsxF -- {shell} {SHELLS} || add-shell {shell}"
            yield operation("server.shell", commands=[listed])

    def _removal(self, before: State) -> str:
        """Return the script that removes the account, and of its home what /etc/skel brought."""
        home = str(before.get("home", self.new_home))
        values = f"user={shlex.quote(self.user)}; home={shlex.quote(home)}"
        return f"{values}\n{_REMOVAL}{change('drop', home)}"

    def way_back(self, before: State | None) -> WayBack:
        """A new account goes; one that was there gets its shell and primary group back."""
        if before is None:
            return WayBack(resources=(replace(self, present=False),))
        if not self.present:
            # useradd(8) makes the group of the account's own name with the account.
            own = before["group"] == self.user
            primary = None if own else str(before["group"])
            fields = {"uid": before["uid"], "home": before["home"], "shell": before["shell"]}
            return WayBack(resources=(replace(self, present=True, primary=primary, **fields),))
        shell, primary = str(before["shell"]).partition(" (")[0], str(before["group"])
        was = replace(self, uid=None, home=None, shell=shell if self.shell else None)
        return WayBack(resources=(replace(was, primary=self.primary and primary),))

    def witness(self) -> Iterator[Assertion]:
        yield Assertion("user", (self.user,), "exists", expected=self.present)
        for attribute, value in (self.desired() or {}).items():
            yield Assertion("user", (self.user,), str(attribute), value)


def is_for_persons(shell: str | None) -> bool:
    """Tell whether a login shell lets anybody in."""
    return shell is not None and PurePosixPath(shell).name not in NO_LOGIN
