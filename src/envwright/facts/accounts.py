"""The users and groups in the machine's /etc/passwd and /etc/group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envwright.facts.question import Question, decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Account:
    """A line of /etc/passwd, with the supplementary groups that name the user."""

    name: str
    uid: int
    group: str
    home: str
    shell: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Accounts:
    """The machine's local accounts, by name; `groups` maps a group's name to (gid, members)."""

    users: Mapping[str, Account]
    groups: Mapping[str, tuple[int, tuple[str, ...]]]

    @staticmethod
    def read(passwd: str, group: str) -> Accounts:
        """Parse /etc/passwd and /etc/group (passwd(5), group(5)); malformed lines are skipped."""
        rows = [line.split(":") for line in group.splitlines()]
        groups = {
            r[0]: (int(r[2]), tuple(filter(None, r[3].split(","))))
            for r in rows
            if len(r) == 4 and _is_id(r[2])  # noqa: PLR2004 - group(5) has four fields
        }
        names = {gid: name for name, (gid, _) in groups.items()}
        users = {}
        for line in passwd.splitlines():
            fields = line.split(":")
            if len(fields) == 7 and _is_id(fields[2]) and _is_id(fields[3]):  # noqa: PLR2004 - passwd(5)
                name, _, uid, gid, _, home, shell = fields
                member = tuple(sorted(g for g, (_, members) in groups.items() if name in members))
                users[name] = Account(name, int(uid), names.get(int(gid), gid), home, shell, member)
        return Accounts(users, groups)


def _is_id(text: str) -> bool:
    """Tell whether a text is the ID of a user or group: 32 bits, in ASCII digits."""
    return text.isascii() and text.isdigit() and len(text) <= len(str(1 << 32))


@dataclass(frozen=True)
class Logins(Question[Accounts]):
    """The question for all local accounts, without those of a network directory."""

    @classmethod
    def script(cls, questions: Sequence[Logins]) -> str:  # noqa: ARG003 - one answer for all
        return r"cat /etc/passwd; printf '\0'; cat /etc/group"

    @classmethod
    def parse(cls, questions: Sequence[Logins], output: bytes) -> Mapping[Logins, Accounts]:
        passwd, _, group = decode(output).partition("\0")
        return dict.fromkeys(questions, Accounts.read(passwd, group))
