"""The capability `dotfiles`: a person's repository of settings, put in place in the home."""

from __future__ import annotations

import posixpath
import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import AfterValidator, model_validator

from envwright.model.capability import TableCapability, render
from envwright.model.proof import Assertion, Proof
from envwright.model.secrets import is_mentioned
from envwright.model.values import AccountName, Adding, InnerPath, spelled
from envwright.resources.accounts import account
from envwright.resources.as_user import Person
from envwright.resources.command import Command
from envwright.resources.link import Link, skeleton
from envwright.resources.own_script import OwnScript, Script
from envwright.resources.package import Package
from envwright.resources.preflight import Judged
from envwright.resources.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Requirement
    from envwright.model.resource import Resource

SECONDS = 30
"""How long stow may take, and the test that links lead somewhere."""
BLOCKED = 3
"""The exit code for files in the way of Stow, which no other fault has."""
HINT = "move the files away, or into the repository (`stow --adopt` does that)"


def _below_home(path: str) -> str:
    inner = path.removeprefix("~/")
    if inner == path or posixpath.normpath(inner) != inner or inner.startswith(".."):
        raise ValueError("must be a path that begins with `~/`, without `..` and `//`")
    return path


Folder = Annotated[str, AfterValidator(_below_home)]
HomePath = Annotated[InnerPath, spelled(r"^[^~]", "a path from the home on, without `~/`")]
PackageName = Annotated[
    str,
    spelled(r"^[A-Za-z0-9_][A-Za-z0-9._+@-]*$", "the name of a folder of the repository"),
]


class Entry(Repository):
    """A person's repository, and how it is put in place: `link`, `copy`, `stow`, `run`."""

    to: Folder = "~/.dotfiles"
    """Where the repository is checked out; `~/` is the home."""
    link: dict[HomePath, InnerPath] = {}
    """Links by their paths in the home, each with the path in the repository that it leads to: a
    file or a folder. A link that leads elsewhere is turned."""
    copies: dict[HomePath, InnerPath] = {}
    """Copies by their paths in the home, each with the path in the repository. A copy is made only
    where nothing is, and is the person's from then on."""
    stow: Adding[PackageName] = []
    """Folders of the repository whose files GNU Stow links into the home: `vim/.vimrc` becomes
    `~/.vimrc`. Links to files that the repository no longer has are removed. Stow's own options in
    .stowrc and its lists of ignored files hold. Where the home has no folder `.config`, Stow makes
    that a link to the one of the repository, and programs write there; `--no-folding` in .stowrc
    has it link files alone."""
    run: Script | None = None
    """A script for sh that puts the repository in place, `./install.sh` or a tool like chezmoi. The
    person runs it, in the folder of the repository, without input."""
    unless: Script | None = None
    """A script for sh that succeeds where `run` has done its work. Every plan runs the script, in
    the folder of the repository, so it must only read and end within 10 seconds."""

    @model_validator(mode="after")
    def _sense(self) -> Entry:
        if (self.run is None) != (self.unless is None):
            raise ValueError("needs both 'run' and 'unless', the test of its effect, or neither")
        if any(is_mentioned(text or "") for text in (self.run, self.unless)):
            raise ValueError("has a secret in 'run' or 'unless', where other users could see it")
        placed = [*self.link, *self.copies]
        for path in placed:
            above = [p for p in self.link if PurePosixPath(p) in PurePosixPath(path).parents]
            if above or placed.count(path) > 1:
                by = f"in the link '{above[0]}'" if above else "twice"
                raise ValueError(f"has '{path}' {by}: remove one of the two")
        return self


class Section(TableCapability):
    """Dotfiles by account: a repository is checked out, and its files are put in place in the home.

    The repository is kept as `checkouts` keep theirs: local changes in it are never lost, and plan
    names them. Everything is done as the person, never as root. What is in the way of a link and is
    no link is refused before anything is changed, by its path: move the file away, or into the
    repository. Only a file that every new home has (/etc/skel) and that nobody has changed gives
    way. Before the first checkout, plan cannot know which files Stow will find in the way; apply
    then stops and names them.
    """

    uncaptured: ClassVar[str] = "Single dotfiles are captured as `files`."
    example: ClassVar[str] = """\
dotfiles:
  dev:
    url: https://git.example.com/dev/dotfiles.git
    branch: main
    link: {.vimrc: vim/vimrc, .config/nvim: nvim}
    copies: {.gitconfig.local: git/local.example}
    stow: [zsh, tmux]
"""

    root: dict[AccountName, Entry]

    def resources(self, machine: Machine) -> Iterator[Resource]:
        for user, entry in self.root.items():
            person = Person.named(user, machine)
            place = person.at_home(entry.to)
            yield from entry.checkout(place, user, machine, user)
            for path, source in entry.link.items():
                yield Link(
                    path=f"{person.home}/{path}",
                    target=f"{place}/{source}",
                    template=skeleton(f"{person.home}/{path}", person.home),
                    owner=person.user,
                    group=person.group,
                    needs=(f"checkout:{place}",),
                    at=(user, "link", path),
                )
            yield from _commands(entry, person, place)

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        for user, entry in self.root.items():
            yield from account(user, machine, (user,))
            if entry.stow:
                person = Person.named(user, machine)
                yield Judged(
                    f"nothing is in the way of the dotfiles of {user}",
                    _look(entry, person, person.at_home(entry.to)),
                    f"{_refusal(person)}\n$said",
                    HINT,
                    at=(user, "stow"),
                )

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        for user, entry in self.root.items():
            if entry.link:
                person = Person.named(user, machine)
                targets = (f"{person.at_home(entry.to)}/{path}" for path in entry.link.values())
                script = render("dotfiles.links.sh", targets=shlex.join(targets))
                yield Proof(
                    f"the dotfiles of {user} that are linked are in the repository",
                    person.runs(script, SECONDS),
                    at=(user, "link"),
                    quick=True,
                    remedy="correct the path in the repository, or remove the link from the "
                    "environment",
                )


def _commands(entry: Entry, person: Person, place: str) -> Iterator[Resource]:
    """Yield what is made by commands: copies, the links of Stow, and the effect of a script."""
    user, checkout = person.user, f"checkout:{place}"
    for path, source in entry.copies.items():
        to, file = shlex.quote(f"{person.home}/{path}"), f"{place}/{source}"
        missing = shlex.quote(f"there is no {file}: correct the path in the repository")
        yield OwnScript(
            title=f"dotfiles copy {path} of {user}",
            person=person,
            run=render("dotfiles.copy.sh", path=to, source=shlex.quote(file), missing=missing),
            test=f"[ -e {to} ] || [ -L {to} ]",
            timeout=entry.timeout,
        ).command(checkout, at=(user, "copies", path))
    if entry.stow:
        look = _look(entry, person, place)
        yield Package(package="stow", at=(user, "stow"))
        yield Command(
            title=f"dotfiles stow of {user}",
            observe=look,
            expected="linked",
            run=_stow(entry, person, place, "link"),
            seen=(Assertion("run", (look,), "stdout", "linked\n"),),
            after=("package:stow", f"user:{user}"),
            undone_by=(checkout,),
            at=(user, "stow"),
        )
    if entry.run is not None and entry.unless is not None:
        yield OwnScript(
            title=f"dotfiles script of {user}",
            person=person,
            run=entry.run,
            test=entry.unless,
            folder=place,
            timeout=entry.timeout,
        ).command(undone_by=(checkout,), at=(user, "run"))


def _look(entry: Entry, person: Person, place: str) -> str:
    """Return the script that prints what Stow has to do, and fails where files are in the way."""
    # Before there is an account or a program nothing can be known.
    other = f"case $? in 0) ;; {BLOCKED}) exit 1 ;; *) echo missing ;; esac"
    return f"{_stow(entry, person, place, 'look')}\n{other}"


def _stow(entry: Entry, person: Person, place: str, action: str) -> str:
    script = render(
        "dotfiles.stow.sh",
        folder=shlex.quote(place),
        packages=shlex.join(entry.stow),
        blocked=BLOCKED,
        refusal=shlex.quote(_refusal(person)),
        hint=shlex.quote(HINT),
    )
    return person.runs(f"{script}{action}", SECONDS)


def _refusal(person: Person) -> str:
    return f"files in {person.home} are in the way of the links to the dotfiles:"
