"""The capability `virtualenvs`: virtual environments of Python with pinned packages."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, model_validator

from envwright.model.capability import Settings, TableCapability, render
from envwright.model.proof import Assertion, Proof
from envwright.model.secrets import is_mentioned
from envwright.model.values import (  # noqa: TC001 - pydantic reads annotations
    AbsolutePath,
    AccountName,
    LocalText,
    Replacing,
)
from envwright.resources import startup_files
from envwright.resources.accounts import account
from envwright.resources.as_user import Person
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.package import Package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Requirement
    from envwright.model.resource import Resource

LOOK, CHECK, INSTALL = 10, 60, 3600
"""How many seconds the look at the packages may take, pip's check, and the installation."""
PINNED = re.compile(
    r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[A-Za-z0-9._,\s-]*\])?"
    r"\s*==\s*[A-Za-z0-9][A-Za-z0-9.!+_-]*\s*(;.*)?"
)
"""A requirement that one version satisfies (PyPA, "Dependency specifiers"), less its options."""
OPTIONS = re.compile(
    r"(--index-url|-i|--extra-index-url|--no-binary|--only-binary|--require-hashes|--prefer-binary)"
    r"([\s=].*)?"
)
"""The lines of options that a lock file may have: those that say where packages come from."""


def logical_lines(text: str) -> list[str]:
    """Return the logical lines of a requirements file (pip, "Requirements File Format").

    A backslash at its end joins a line with the next; a comment begins with `#` after a blank.
    """
    joined = re.sub(r"\\\r?\n", "", text)
    lines = (re.sub(r"(^|\s+)#.*$", "", line).strip() for line in joined.splitlines())
    return [line for line in lines if line]


def _locked(text: str) -> str:
    for line in logical_lines(text):
        bare = re.split(r"\s+--", line)[0]
        if not PINNED.fullmatch(bare) and not OPTIONS.fullmatch(line):
            raise ValueError(
                f"has the line {line[:60]!r}, which names no version: write NAME==VERSION; "
                "`uv pip compile`, `uv export` and `pip freeze` print such files"
            )
    return text


Pinned = Annotated[str, AfterValidator(_locked)]


class Virtualenv(Settings):
    """One virtual environment, and the packages in it."""

    requirements: Annotated[LocalText, AfterValidator(_locked)] | None = None
    """A file beside the environment with all packages, each `NAME==VERSION`, as `uv pip compile
    --generate-hashes` and `pip freeze` print it. Where one has a `--hash`, pip takes nothing
    without one."""
    packages: Replacing[Pinned] = []
    """Packages in the place of a file, each `NAME==VERSION`, with extras `uvicorn[standard]==0.30`.
    What they depend on comes along in whatever version is newest on that day."""
    python: AbsolutePath = "/usr/bin/python3"
    """The Python that the environment is made with. One of /usr/bin comes by apt; another must be
    there, or come by another section."""
    owner: AccountName | None = None
    """The account whose environment it is; by default the person in whose home it lies, else
    root."""

    @model_validator(mode="after")
    def _one(self) -> Virtualenv:
        if (self.requirements is None) == (not self.packages):
            raise ValueError("needs either 'requirements' or 'packages'")
        if is_mentioned(self.content):
            raise ValueError(
                "has a secret in its packages, where other users could see it: name the index in "
                "pip's own configuration, by `files`, and its login by `logins`"
            )
        return self

    def person(self, path: str, machine: Machine) -> Person:
        """Return whose environment it is at a path."""
        return Person.named(self.owner or machine.home_owner(path), machine)

    @property
    def package(self) -> str:
        """The distribution's package with the module `venv` of the Python; "" for a foreign one."""
        found = re.fullmatch(r"/usr/bin/(python3(?:\.\d+)?)", self.python)
        return f"{found[1]}-venv" if found else ""

    @property
    def content(self) -> str:
        """The requirements as pip reads them."""
        return self.requirements or "".join(f"{package}\n" for package in self.packages)


class Section(TableCapability):
    """Virtual environments of Python by their folders, each with pinned packages.

    pip installs the packages as the owner of the environment, from PyPI or from what the owner's
    and the machine's pip.conf name. Versions that differ are installed anew; packages that the
    owner added stay. An environment whose Python is gone, as after an upgrade of the distribution,
    is made anew in place. `verify` has pip check whether all packages fit together.
    """

    uncaptured: ClassVar[str] = "capture does not look for virtual environments yet."
    example: ClassVar[str] = """\
virtualenvs:
  /home/dev/venvs/tools: {packages: [ruff==0.14.6, httpie==3.2.4]}
"""

    root: dict[AbsolutePath, Virtualenv]

    def resources(self, machine: Machine) -> Iterator[Resource]:
        for path, made in self.root.items():
            person = made.person(path, machine)
            access: dict[str, Any] = {"owner": person.user, "group": person.group}
            if made.package:
                yield Package(package=made.package, at=(path,))
            yield Directory(path=path, mode="", at=(path,), **access)
            file = f"{path}/requirements.txt"
            yield File(path=file, content=made.content, at=(path,), **access)
            yield _installed(path, made, person)

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        for path, made in self.root.items():
            if made.owner:
                yield from account(made.owner, machine, (path, "owner"))

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        for path, made in self.root.items():
            person = made.person(path, machine)
            check = f"{shlex.quote(path)}/bin/python -I -m pip --disable-pip-version-check check"
            yield Proof(
                f"the packages of {path} fit together", person.runs(check, CHECK), at=(path,)
            )


def _installed(path: str, made: Virtualenv, person: Person) -> Command:
    """Return the command that makes the environment, and installs the packages of its file."""
    values = {"path": shlex.quote(path), "python": shlex.quote(made.python)}
    code = shlex.quote(render("virtualenvs.look.py"))
    state = person.runs(render("virtualenvs.look.sh", code=code, **values), LOOK)
    # The section `environment` may name the proxies.
    proxies = startup_files.ids("60-envwright")
    return Command(
        title=f"virtualenv {path}",
        observe=state,
        expected="installed",
        run=person.runs(render("virtualenvs.install.sh", **values), INSTALL, online=True),
        seen=(Assertion("run", (state,), "stdout", "installed\n"),),
        after=(f"package:{made.package}", f"file:{path}/requirements.txt", *proxies),
        undone_by=(f"link:{made.python}", f"file:{made.python}"),
        at=(path,),
    )
