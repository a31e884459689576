"""The capability `git`: who a person is to git, settings per person and of the system, signing."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import model_validator

from envwright.model.capability import Capability, Objection, Settings, render
from envwright.model.proof import Assertion, Proof, Requirement
from envwright.model.values import AccountName, OneLine, Replacing, spelled
from envwright.resources.accounts import account
from envwright.resources.as_user import Person
from envwright.resources.command import Command
from envwright.resources.package import Package

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envwright.facts import Machine
    from envwright.model.resource import Resource

SYSTEM = "/etc/gitconfig"
SECONDS = 20
"""How long git may take for a person's settings."""
# Where Git for Windows has its credential manager: since 2.40, since 2.34, and before.
WINDOWS = r"C:\Program Files\Git\mingw64"
MANAGERS = (
    r"bin\git-credential-manager.exe",
    r"libexec\git-core\git-credential-manager.exe",
    r"libexec\git-core\git-credential-manager-core.exe",
)
AUTOCRLF = "core.autocrlf"

Key = Annotated[
    str,
    spelled(
        r"^[A-Za-z0-9-]+\.([^\n\r\x00]+\.)?[A-Za-z][A-Za-z0-9-]*$",
        "a setting's name as `git config` takes it, like `pull.rebase`",
    ),
]
Value = OneLine | bool | int | Replacing[OneLine]
Values = dict[Key, Value]
Identity = Annotated[
    str,
    spelled(r"^[^\s<>\x00-\x1f]([^<>\x00-\x1f]*[^\s<>\x00-\x1f])?$", "text without `<` and `>`"),
]


class Signing(Settings):
    """How commits and tags are signed."""

    key: OneLine
    """The key: for ssh the path of the public or private key (`~/` is the home) or `key::` and the
    public key itself; for openpgp its fingerprint."""
    format: Literal["ssh", "openpgp"] = "ssh"
    """What signs."""


class Owner(Settings):
    """What git knows of a person."""

    name: Identity | None = None
    """The name of the author (user.name)."""
    email: Identity | None = None
    """The address of the author (user.email)."""
    signing: Signing | None = None
    """Sign all commits and tags."""
    credentials: Literal["windows"] | None = None
    """`windows`: under WSL, ask the Git Credential Manager of Git for Windows for logins. Helpers
    of the section `logins` are asked before it."""
    settings: Values = {}
    """More settings by name. A list sets a name several times."""

    @model_validator(mode="after")
    def _sense(self) -> Owner:
        twice = [key for key in self.settings if key.lower() in map(str.lower, self._fields())]
        if twice:
            raise ValueError(f"has {twice[0]!r} among its settings and by a field of its own")
        return self

    def _fields(self) -> Values:
        found: Values = {}
        if self.name:
            found["user.name"] = self.name
        if self.email:
            found["user.email"] = self.email
        if self.signing:
            found |= {"user.signingKey": self.signing.key, "gpg.format": self.signing.format}
            found |= {"commit.gpgSign": True, "tag.gpgSign": True}
        if self.credentials:
            found["credential.helper"] = _manager()
        return found

    def wanted(self) -> Values:
        """Return all settings by name."""
        return {**self._fields(), **self.settings}


class Section(Capability):
    """Git's settings, of the system and of persons, and who a person is to git.

    git itself edits the files, so that everything else in them stays as it is. A person's own
    settings win over those of the system. Where an include of a person's gives a setting another
    value, plan names the file. Under WSL, `core.autocrlf` of the system is `input` unless `system`
    says otherwise: files keep Linux's line ends, and those of Windows are not committed.
    """

    uncaptured: ClassVar[str] = "The files of settings of git are captured as `files`."
    example: ClassVar[str] = """\
git:
  system: {init.defaultBranch: main}
  users:
    dev:
      name: Una Dev
      email: una@example.com
      signing: {key: ~/.ssh/id_ed25519.pub}
      settings: {pull.rebase: true, alias.st: status --short}
"""

    system: Values = {}
    """Settings of the system by name, in /etc/gitconfig."""
    users: dict[AccountName, Owner] = {}
    """What git knows of persons, by account."""

    def objections(self, machine: Machine) -> Iterator[Objection]:
        for user, owner in self.users.items():
            if owner.credentials and not machine.wsl:
                yield Objection(
                    "the Git Credential Manager of Windows is there under WSL alone",
                    "leave out `credentials`, or name a helper by `settings: "
                    "{credential.helper: NAME}`",
                    ("users", user, "credentials"),
                )

    def resources(self, machine: Machine) -> Iterator[Resource]:
        yield Package(package="git")
        system = dict(self.system)
        if machine.wsl and AUTOCRLF not in {key.lower() for key in system}:
            system[AUTOCRLF] = "input"
        if system:
            root = Person("root", "root", "/root")
            yield _settings(
                "git settings of the system", f"--file {SYSTEM}", root, system, "system"
            )
        for user, owner in self.users.items():
            if wanted := owner.wanted():
                person = Person.named(user, machine)
                title = f"git settings of {user}"
                yield _settings(title, "--global", person, wanted, "users", user)

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        for user, owner in self.users.items():
            yield from account(user, machine, ("users", user))
            if owner.credentials:
                looks = (f"[ -e {_windows_path(manager)} ]" for manager in MANAGERS)
                yield Requirement(
                    "Git for Windows has its credential manager",
                    " || ".join(looks),
                    f"there is no Git Credential Manager in {WINDOWS} of Windows",
                    "install Git for Windows (https://git-scm.com), or name another helper by "
                    "`settings: {credential.helper: NAME}`",
                    at=("users", user, "credentials"),
                )

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        for user, owner in self.users.items():
            person, at = Person.named(user, machine), ("users", user)
            if wanted := owner.wanted():
                # A name that has several values has no single one that wins.
                single = {k: v for k, v in wanted.items() if not isinstance(v, list)}
                script = render("git.effective.sh", settings=_spelled(single))
                yield Proof(
                    f"git of {user} takes its settings",
                    person.runs(script, SECONDS),
                    at=at,
                    quick=True,
                    remedy="remove the setting from the file that is named, or from what it "
                    "includes",
                )
            if (owner.name and owner.email) or owner.signing:
                yield Proof(_promise(user, owner), _commit(person, owner), at=at)


@dataclass(frozen=True)
class Setting:
    """A setting, quoted for scripts: the option of its type, its values, and all in one text."""

    key: str
    type: str
    values: tuple[str, ...]
    wanted: str
    last: str


def _texts(value: Value) -> list[str]:
    """Return the values of a setting as git prints them."""
    values = value if isinstance(value, list) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in values]


def _spelled(values: Mapping[str, Value]) -> Iterator[Setting]:
    for key, value in values.items():
        texts = _texts(value)
        kind = "bool" if isinstance(value, bool) else "int" if isinstance(value, int) else ""
        yield Setting(
            key=shlex.quote(key),
            type=f"--type={kind}" if kind else "",
            values=tuple(map(shlex.quote, texts)),
            wanted=shlex.quote("\n".join(texts)),
            last=shlex.quote(texts[-1] if texts else ""),
        )


def _settings(title: str, file: str, person: Person, values: Values, *at: str) -> Command:
    """Return the command that sets values in a file of git's, as the person whose file it is."""
    settings = tuple(_spelled(values))
    see = person.runs(render("git.see.sh", file=file, settings=settings), SECONDS)
    lines = ("\n".join(_texts(value)) for value in values.values())
    expected = "\n".join(f"{key}={line}" for key, line in zip(values, lines, strict=True))
    return Command(
        title=title,
        observe=see,
        expected=expected,
        run=person.runs(render("git.set.sh", file=file, settings=settings), SECONDS),
        seen=(Assertion("run", (see,), "stdout", f"{expected}\n"),),
        after=("package:git", f"user:{person.user}"),
        at=at,
    )


def _promise(user: str, owner: Owner) -> str:
    if owner.name and owner.email:
        signed = "signed " if owner.signing else ""
        return f"{user} makes {signed}commits as {owner.name} <{owner.email}>"
    return f"{user} makes signed commits"


def _commit(person: Person, owner: Owner) -> str:
    author = f"{owner.name} <{owner.email}>" if owner.name and owner.email else ""
    signing = owner.signing
    script = render(
        "git.commit.sh",
        author=shlex.quote(author) if author else "",
        signed=signing is not None,
        ssh=signing is not None and signing.format == "ssh",
        key=shlex.quote(signing.key) if signing else "",
    )
    return person.runs(script, SECONDS)


def _windows_path(manager: str) -> str:
    path = f"{WINDOWS}\\{manager}"
    return f'"$(wslpath {shlex.quote(path)})"'


def _manager() -> str:
    """Return git's credential helper that runs the first manager that Git for Windows has."""
    paths = " ".join(map(_windows_path, MANAGERS))
    return f'!f() {{ for p in {paths}; do [ -e "$p" ] && exec "$p" "$@"; done; }}; f'
