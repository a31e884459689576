"""The capability `user`: the developer's account, its shell, groups, sudo rule and SSH keys."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from envwright.model.capability import Capability, Objection, render
from envwright.model.proof import Proof
from envwright.model.secrets import is_mentioned
from envwright.model.values import AbsolutePath, AccountName, Adding, spelled
from envwright.resources.directory import Directory
from envwright.resources.edited_file import reason_unwritable
from envwright.resources.file import File
from envwright.resources.group import Group
from envwright.resources.keys import Keys
from envwright.resources.login_shell import FUNCTIONS
from envwright.resources.member import Member
from envwright.resources.package import Package
from envwright.resources.user import User

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

RULES = {"nopasswd": "ALL=(ALL:ALL) NOPASSWD: ALL", "password": "ALL=(ALL:ALL) ALL"}


def _read_by_sshd(line: str) -> str:
    # A secret is no part of a key's form. Its refusal says that other users could see it.
    if not is_mentioned(line) and reason_unwritable("authorized_keys", {line: True}):
        raise ValueError("must be a public key as sshd reads it: [OPTIONS] TYPE KEY")
    return line


KeyLine = Annotated[
    str,
    spelled(r"^[^\s#][^\n\r\x00]*$", "one line of authorized_keys, neither blank nor a comment"),
    AfterValidator(_read_by_sshd),
]
"""A public key that may log in (sshd(8), AUTHORIZED_KEYS FILE FORMAT)."""

_KEY = re.compile(
    r"((?P<options>\S+(?:\"[^\"]*\"\S*)*)\s+)?"
    r"(?P<type>(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+)\s+(?P<key>[A-Za-z0-9+/=]+)(\s.*)?"
)


class Section(Capability):
    """The developer's account.

    A missing account is created with its home directory. The uid and the home of an existing
    account are never changed. A sudo rule goes live only when visudo accepts it.
    """

    example: ClassVar[str] = """\
user:
  name: dev
  shell: /bin/bash
  groups: [adm]
  sudo: nopasswd
  authorized_keys:
    - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo dev@laptop
"""

    name: AccountName
    """The name of the account."""
    uid: int | None = Field(default=None, ge=1, le=60000)
    """The user ID; by default the next free one."""
    shell: AbsolutePath = "/bin/bash"
    """The login shell."""
    groups: Adding[AccountName] = []
    """Supplementary groups; missing groups are created."""
    sudo: Literal["nopasswd", "password", "none"] | None = None
    """The account's sudo rule: `nopasswd` and `password` allow every command, without or with the
    account's password; `none` removes the rule. Left out, the rule is not managed."""
    authorized_keys: Adding[KeyLine] = []
    """Lines for ~/.ssh/authorized_keys; other lines in the file stay. sshd takes the first line
    with a key: where the file has the key with other options, the new line is put in front."""

    def objections(self, machine: Machine) -> Iterator[Objection]:
        for account in machine.accounts.users.values():
            if account.uid == self.uid and account.name != self.name:
                yield Objection(
                    f"uid {self.uid} belongs to {account.name} on this machine",
                    f"leave out `uid`, choose another one, or make {account.name} the user",
                    ("uid",),
                )

    def resources(self, machine: Machine) -> Iterator[Resource]:
        yield User(user=self.name, uid=self.uid, shell=self.shell, at=("name",))
        for index, group in enumerate(self.groups):
            yield Group(group=group, at=("groups", index))
            yield Member(user=self.name, group=group, at=("groups", index))
        if self.sudo:
            yield from self._sudo(self.sudo)
        if self.authorized_keys:
            yield from self._keys(machine)

    def _sudo(self, rule: str) -> Iterator[Resource]:
        # sudo ignores files with a dot in their name (sudoers(5)); account names here have no dot.
        path = f"/etc/sudoers.d/{self.name}"
        if rule == "none":
            yield File(path=path, present=False, at=("sudo",))
            return
        yield Package(package="sudo", at=("sudo",))
        yield File(
            path=path,
            content=f"{self.name} {RULES[rule]}\n",
            mode="0440",
            needs=("package:sudo",),
            at=("sudo",),
        )

    def _keys(self, machine: Machine) -> Iterator[Resource]:
        folder = f"{machine.home(self.name)}/.ssh"
        owner: dict[str, Any] = {"owner": self.name, "group": machine.primary_group(self.name)}
        at = ("authorized_keys",)
        yield Directory(path=folder, mode="0700", at=at, **owner)
        yield Keys(
            path=f"{folder}/authorized_keys",
            dialect="authorized_keys",
            keys=dict.fromkeys(self.authorized_keys, True),
            mode="0600",
            at=at,
            **owner,
        )

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        name = shlex.quote(self.name)
        yield Proof(
            f"the account {self.name} is usable",
            render("user.account.sh", name=name, sudo=self.sudo in RULES),
            at=("name",),
            quick=True,
        )
        yield Proof(
            f"{self.name} can log in",
            render("user.login.sh", functions=FUNCTIONS, name=name),
            at=("name",),
        )
        if self.sudo in RULES:
            values = {"functions": FUNCTIONS, "name": name, "asked": self.sudo == "password"}
            how = "with" if self.sudo == "password" else "without"
            yield Proof(
                f"{self.name} becomes root {how} a password",
                render("user.sudo.sh", **values),
                at=("sudo",),
            )
        if keys := _offered(self.authorized_keys):
            yield Proof(
                f"sshd takes the keys of {self.name}",
                render("user.ssh.sh", name=name, keys=" ".join(map(shlex.quote, keys))),
                at=("authorized_keys",),
            )


def _offered(lines: list[str]) -> list[str]:
    """Return the keys among the lines with which a login from this machine itself can be tried."""
    matches = (_KEY.fullmatch(line) for line in lines)
    return [
        f"{match['type']} {match['key']}"
        for match in matches
        if match and not re.search(r"(?i)(^|,)(from=|cert-authority)", match["options"] or "")
    ]
