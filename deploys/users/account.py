"""The account of a person: its fields in YAML, its resources, and the proofs of its effects."""

from __future__ import annotations

import itertools
import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from envwright.model.capability import Objection, Settings, render
from envwright.model.proof import Proof
from envwright.model.secrets import is_mentioned
from envwright.model.values import AbsolutePath, AccountName, Adding, SecretText, spelled
from envwright.resources.directory import Directory
from envwright.resources.edited_file import reason_unwritable
from envwright.resources.file import File
from envwright.resources.group import Group
from envwright.resources.keys import Keys
from envwright.resources.login_shell import FUNCTIONS
from envwright.resources.member import Member
from envwright.resources.package import Package
from envwright.resources.user import User, is_for_persons

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


FROM = "authorized_keys_from"
"""The field with the places where keys are published."""
KeyLine = Annotated[
    str,
    spelled(r"^[^\s#][^\n\r\x00]*$", "one line of authorized_keys, neither blank nor a comment"),
    AfterValidator(_read_by_sshd),
]
"""A public key that may log in (sshd(8), AUTHORIZED_KEYS FILE FORMAT)."""

FORGES = {
    "github": "https://github.com/{}.keys",
    "gitlab": "https://gitlab.com/{}.keys",
    "codeberg": "https://codeberg.org/{}.keys",
    "launchpad": "https://launchpad.net/~{}/+sshkeys",
}
"""Where forges publish the keys of a person."""
KeySource = Annotated[
    str,
    spelled(
        rf"^(({'|'.join(FORGES)}):[A-Za-z0-9][A-Za-z0-9._-]*|https?://[^\s\"'<>\\]+)$",
        f"an address, or a name on {', '.join(FORGES)}, like `github:anna`",
    ),
]
"""Where the public keys of a person are published."""
Fingerprints = Annotated[
    Adding[
        Annotated[
            str,
            spelled(r"^SHA256:[A-Za-z0-9+/]{43}$", "a fingerprint, like `ssh-keygen -l` prints it"),
        ]
    ],
    Field(min_length=1),
]
"""The public keys that may log in, of those that a place publishes."""


def address_of(source: str) -> str:
    """Return the address at which a source of keys publishes them."""
    forge, _, name = source.partition(":")
    return FORGES[forge].format(name) if forge in FORGES else source


_KEY = re.compile(
    r"((?P<options>\S+(?:\"[^\"]*\"\S*)*)\s+)?"
    r"(?P<type>(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+)\s+(?P<key>[A-Za-z0-9+/=]+)(\s.*)?"
)


class Account(Settings):
    """An account of a person."""

    uid: int | None = Field(default=None, ge=1, le=60000)
    """The user ID; by default the next free one."""
    shell: AbsolutePath = "/bin/bash"
    """The login shell."""
    groups: Adding[AccountName] = []
    """Supplementary groups; missing groups are created."""
    sudo: Literal["nopasswd", "password", "none"] | None = None
    """The account's sudo rule: `nopasswd` and `password` allow every command, without or with the
    account's password; `none` removes the rule. Left out, the rule is not managed. Plan tells an
    account that cannot use sudo, since it has no password."""
    password_hash: SecretText | None = None
    """The hash of the account's password in the form of crypt(5), as `openssl passwd -6` and
    `mkpasswd` print it, by the name of a secret. Left out, the password is not managed."""
    authorized_keys: Adding[KeyLine] = []
    """Lines for ~/.ssh/authorized_keys; other lines in the file stay. sshd takes the first line
    with a key: where the file has the key with other options, the new line is put in front."""
    authorized_keys_from: dict[KeySource, Fingerprints] = {}
    """Keys that a forge or an address publishes, like `github:anna`: the fingerprints of those that
    may log in, as `ssh-keygen -l` prints them. The machine downloads a key that
    ~/.ssh/authorized_keys lacks; a key with another fingerprint is not taken."""


@dataclass(frozen=True)
class Person:
    """An account and its name.

    Args:
        name: the name of the account.
        account: what the environment says of it.
        at: the path of the account in its section.
    """

    name: str
    account: Account
    at: tuple[str, ...] = ()

    def objections(self, machine: Machine) -> Iterator[Objection]:
        """Yield why the machine cannot have the account."""
        uid = self.account.uid
        for other in machine.accounts.users.values():
            if other.uid == uid and other.name != self.name:
                yield Objection(
                    f"uid {uid} belongs to {other.name} on this machine",
                    f"leave out `uid`, choose another one, or make {other.name} the user",
                    (*self.at, "uid"),
                )

    def resources(self, machine: Machine) -> Iterator[Resource]:
        """Yield the account, its groups, its sudo rule and its keys."""
        name, account = self.name, self.account
        needs_password = account.sudo == "password" and account.password_hash is None
        yield User(
            user=name,
            uid=account.uid,
            shell=account.shell,
            needs_password=needs_password,
            at=(*self.at, "name"),
        )
        for index, group in enumerate(account.groups):
            at: tuple[str | int, ...] = (*self.at, "groups", index)
            yield Group(group=group, at=at)
            yield Member(user=name, group=group, at=at)
        if account.sudo:
            yield from self._sudo(account.sudo)
        if account.password_hash:
            yield self._password(account.password_hash)
        if account.authorized_keys or account.authorized_keys_from:
            yield from self._keys(machine)

    def _sudo(self, rule: str) -> Iterator[Resource]:
        # sudo ignores files with a dot in their name (sudoers(5)).
        path, at = f"/etc/sudoers.d/{self.name.replace('.', '-')}", (*self.at, "sudo")
        if rule == "none":
            yield File(path=path, present=False, at=at)
            return
        yield Package(package="sudo", at=at)
        # A word of capitals is an alias, unless it is quoted.
        who = f'"{self.name}"' if self.name.isupper() else self.name
        content = f"{who} {RULES[rule]}\n"
        yield File(path=path, content=content, mode="0440", needs=("package:sudo",), at=at)

    def _password(self, secret: str) -> Resource:
        # Owner and mode as Debian's package `passwd` sets them when it is installed.
        return Keys(
            path="/etc/shadow",
            dialect="shadow",
            keys={self.name: secret},
            mode="0640",
            group="shadow",
            needs=(f"user:{self.name}",),
            at=(*self.at, "password_hash"),
        )

    def _keys(self, machine: Machine) -> Iterator[Resource]:
        path = PurePosixPath(self._file(machine))
        owner: dict[str, Any] = {"owner": self.name, "group": machine.primary_group(self.name)}
        at = (*self.at, "authorized_keys" if self.account.authorized_keys else FROM)
        published = {
            fingerprint: address_of(source)
            for source, fingerprints in self.account.authorized_keys_from.items()
            for fingerprint in fingerprints
        }
        yield Directory(path=str(path.parent), mode="0700", at=at, **owner)
        yield Keys(
            path=str(path),
            dialect="authorized_keys",
            keys=dict.fromkeys(self.account.authorized_keys, True),
            published=published,
            mode="0600",
            at=at,
            **owner,
        )

    def _file(self, machine: Machine) -> str:
        """Return the file with the keys that may log in."""
        return f"{machine.home(self.name)}/.ssh/authorized_keys"

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        """Yield the proofs that the account can be used."""
        name, sudo = shlex.quote(self.name), self.account.sudo
        yield Proof(
            f"the account {self.name} is usable",
            render(
                "user.account.sh",
                name=name,
                line=f"^{self.name.replace('.', '[.]')}:",
                sudo=sudo in RULES,
                asked=sudo == "password",
            ),
            at=(*self.at, "name"),
            quick=True,
        )
        # The shell of an account that nobody logs in with runs no command.
        shell = is_for_persons(self.account.shell)
        if shell:
            yield Proof(
                f"{self.name} can log in",
                render("user.login.sh", functions=FUNCTIONS, name=name),
                at=(*self.at, "name"),
            )
        if shell and sudo in RULES:
            values = {"functions": FUNCTIONS, "name": name, "asked": sudo == "password"}
            how = "with" if sudo == "password" else "without"
            yield Proof(
                f"{self.name} becomes root {how} a password",
                render("user.sudo.sh", **values),
                at=(*self.at, "sudo"),
            )
        account = self.account
        published = itertools.chain.from_iterable(account.authorized_keys_from.values())
        if keys := [*_offered(account.authorized_keys), *published]:
            file, words = shlex.quote(self._file(machine)), " ".join(map(shlex.quote, keys))
            yield Proof(
                f"sshd takes the keys of {self.name}",
                render("user.ssh.sh", name=name, keys=words, file=file),
                at=(*self.at, "authorized_keys" if account.authorized_keys else FROM),
            )


def _offered(lines: list[str]) -> list[str]:
    """Return the keys among the lines with which a login from this machine itself can be tried."""
    matches = (_KEY.fullmatch(line) for line in lines)
    return [
        f"{match['type']} {match['key']}"
        for match in matches
        if match and not re.search(r"(?i)(^|,)(from=|cert-authority)", match["options"] or "")
    ]
