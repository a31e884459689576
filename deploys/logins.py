"""The capability `logins`: passwords for ~/.netrc, git and registries of images, by secrets."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import model_validator

from envwright.model.capability import Capability, Settings, render
from envwright.model.proof import Assertion, Proof, Requirement
from envwright.model.values import Developers, SecretText, spelled
from envwright.resources.accounts import accounts
from envwright.resources.as_user import Person
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.edited_file import pointer
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.package import Package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

HELPER, PROGRAM = "envwright", "/usr/local/bin/docker-credential-envwright"
"""The helper by its name in config.json, and the program that docker starts for it."""
HUB = {"docker.io": ("docker.io", "https://index.docker.io/v1/")}
"""What podman and docker call Docker Hub where they keep logins (docker-login(1))."""
SECONDS = 10
"""How long the helper may take to answer."""

Host = Annotated[
    str,
    spelled(r"^[A-Za-z0-9.-]+(:[0-9]+)?$", "the name of a machine, like `git.example.com`"),
]
Name = Annotated[
    str,
    spelled(r"^\S+$", "a name without blanks"),
]


class Login(Settings):
    """A login on another machine."""

    login: Name
    """The name of the account on the other machine."""
    password: SecretText
    """The password or token, by the name of a secret: `{{ secret.NAME }}`."""


class Section(Capability):
    """Logins on other machines, for programs that run unattended.

    Go (module proxies, private modules), curl, pip and git read `netrc` from ~/.netrc. envwright
    writes only the entries of the machines named here; other entries in the file stay. `git` is
    for git alone: a credential helper in /etc/gitconfig answers from a file in the user's home.
    """

    uncaptured: ClassVar[str] = "A login holds a secret; its file is named among the secrets."
    example: ClassVar[str] = """\
secrets:
  GIT_TOKEN: {env: GIT_TOKEN}
logins:
  users: [dev]
  netrc:
    proxy.example.com: {login: dev, password: "{{ secret.GIT_TOKEN }}"}
  git:
    git.example.com: {login: dev, password: "{{ secret.GIT_TOKEN }}"}
  registries:
    ghcr.io: {login: dev, password: "{{ secret.GIT_TOKEN }}"}
"""

    users: Developers = []
    """The local accounts that get these logins."""
    netrc: dict[Host, Login] = {}
    """Entries of ~/.netrc, by the name of the machine."""
    git: dict[Host, Login] = {}
    """Logins for git over https, by the name of the machine."""
    registries: dict[Host, Login] = {}
    """Logins on registries of images, by the name of the machine: `ghcr.io`, `docker.io`."""

    @model_validator(mode="after")
    def _for_somebody(self) -> Section:
        if not self.users:
            raise ValueError("has no accounts: name them in 'users', or have a section 'user'")
        return self

    def resources(self, machine: Machine) -> Iterator[Resource]:
        for user in self.users:
            home, group = machine.home(user), machine.primary_group(user)
            owner: dict[str, Any] = {"owner": user, "group": group}
            if self.netrc:
                entries = self.netrc.items()
                keys = {h: f"login {of.login} password {of.password}" for h, of in entries}
                path = f"{home}/.netrc"
                yield Keys(
                    path=path, dialect="netrc", keys=keys, mode="0600", at=("netrc",), **owner
                )
            for field in ("git", "registries"):
                yield from self._files(field, home, owner)
            if self.registries:
                yield Directory(path=f"{home}/.docker", mode="", at=("registries",), **owner)
                names = [name for host in self.registries for name in HUB.get(host, (host,))]
                helpers = {pointer(["credHelpers", name]): HELPER for name in names}
                path, at = f"{home}/.docker/config.json", ("registries",)
                yield Keys(path=path, dialect="json", keys=helpers, mode="0600", at=at, **owner)
        if self.registries:
            content = render(
                "logins.registries.sh", hub={n: h for h, names in HUB.items() for n in names}
            )
            yield File(path=PROGRAM, content=content, mode="0755", at=("registries",))
        if self.git:
            yield Package(package="git", at=("git",))
        for host in self.git:
            yield _system_helper(host)

    def _files(self, field: str, home: str, owner: dict[str, Any]) -> Iterator[Resource]:
        """Yield the files of a user's from which helpers answer, with their folders."""
        logins: dict[str, Login] = getattr(self, field)
        if logins:
            yield Directory(path=f"{home}/.config", mode="", at=(field,), **owner)
            yield Directory(path=_folder(home), mode="0700", at=(field,), **owner)
        for host, login in logins.items():
            content = f"username={login.login}\npassword={login.password}\n"
            path, at = f"{_folder(home)}/{host}", (field, host)
            yield File(path=path, content=content, mode="0600", at=at, **owner)

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        yield from accounts(self.users, machine, "users")

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        for user in self.users:
            who = {"user": shlex.quote(user), "home": shlex.quote(machine.home(user))}
            group = shlex.quote(machine.primary_group(user))
            # Only Go reads an entry with a port: libcurl looks for the machine's name alone.
            for host in (host for host in self.netrc if ":" not in host):
                login = shlex.quote(self.netrc[host].login)
                script = render("logins.netrc.sh", host=shlex.quote(host), login=login, **who)
                name = f"programs of {user} log in on {host} by ~/.netrc"
                yield Proof(name, script, at=("netrc", host))
            for host, of in self.registries.items():
                yield _answers(host, of, Person.named(user, machine))
            for host in self.git:
                helper = shlex.quote(_helper(host))
                values = {"host": shlex.quote(host), "helper": helper, "group": group, **who}
                add = f"git config --global --add credential.https://{host}.helper {helper}"
                at = ("git", host)
                name = f"git has the login of {user} on {host}"
                yield Proof(name, render("logins.git.sh", **values), at=at)
                yield Proof(
                    f"git of {user} asks the helper for {host}",
                    render("logins.helpers.sh", **values),
                    at=at,
                    quick=True,
                    remedy=f"where {user} wants both, as {user}: {add}",
                )


def _answers(host: str, login: Login, person: Person) -> Proof:
    """Return the proof that the helper of a registry answers, and that the person asks it."""
    values = {"host": shlex.quote(host), "asked": shlex.quote(HUB.get(host, (host,))[-1])}
    script = render("logins.registry.sh", login=shlex.quote(login.login), **values)
    return Proof(
        f"docker and podman of {person.user} have the login on {host}",
        person.runs(script, SECONDS),
        at=("registries", host),
        quick=True,
        remedy=f"as {person.user}: `podman logout {host}`, and leave DOCKER_CONFIG unset",
    )


def _folder(home: str) -> str:
    return f"{home}/.config/envwright-logins"


def _helper(host: str) -> str:
    """Return git's credential helper (gitcredentials(7), custom helpers).

    The helper answers from the file of the user who runs git.
    """
    file = shlex.quote(f"/.config/envwright-logins/{host}")
    return f'!f() {{ test "$1" = get && cat "$HOME"{file}; }}; f'


def _system_helper(host: str) -> Command:
    """Return the command that adds the helper to git's for a host; other helpers stay.

    git asks the helpers in order, until one has answered with a login and a password.
    """
    helper, key = _helper(host), shlex.quote(f"credential.https://{host}.helper")
    edit = "git config --file /etc/gitconfig"
    # A regular expression of the values that are envwright's own.
    own = shlex.quote(f"/[.]config/envwright-logins/{re.escape(host)};")
    see = f"git config --system --get-all {key} {own}"
    return Command(
        title=f"git logins on {host}",
        observe=f"{edit} --get-all {key} {own}",
        expected=helper,
        run=f"{edit} --replace-all {key} {shlex.quote(helper)} {own}",
        seen=(Assertion("run", (see,), "stdout", f"{helper}\n"),),
        after=("package:git",),
        at=("git", host),
    )
