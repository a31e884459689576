"""The capability `commands`: what no other section can bring about, by commands with a test."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import model_validator

from envwright.model.capability import Settings, TableCapability
from envwright.model.secrets import is_mentioned
from envwright.model.values import (
    AccountName,
    Adding,
    Duration,
    OneLine,
    VariableName,
    exactly_one,
    spelled,
)
from envwright.resources.accounts import account
from envwright.resources.as_user import Person
from envwright.resources.own_script import OwnScript, Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Requirement
    from envwright.model.resource import Resource

CommandName = Annotated[
    str,
    spelled(
        r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        "letters, digits, `.`, `_` and `-`, a letter or digit first",
    ),
]
Place = Annotated[
    str,
    spelled(r"^(/|~/)[^\n\r\x00]*$", "an absolute path, or a path that begins with `~/`"),
]


class Entry(Settings):
    """One command, with the test of its effect: `unless` or `creates`."""

    run: Script
    """A script for sh that brings the effect about. It gets no input and starts in the user's home.
    It runs in no login shell, but gets the proxies of the user's login shell. Where it needs more
    of a login shell: `bash -lc '...'`."""
    unless: Script | None = None
    """A script for sh that succeeds where the effect is there. Every plan runs the script, as the
    user, so it must only read and end within 10 seconds. envwright cannot tell that it only reads.
    """
    creates: Place | None = None
    """What is there once the command has run: a path, in which `~/` is the user's home."""
    user: AccountName = "root"
    """The account that runs `run` and `unless`."""
    env: dict[VariableName, OneLine] = {}
    """Variables for `run` and `unless`. A value may be a secret, `{{ secret.NAME }}`; `unless` does
    not get those."""
    needs: Adding[OneLine] = []
    """What comes first: names of other commands, sections of the environment (`packages`), or ids
    of resources (`file:/etc/hosts`). Where one of these fails, the command is not run."""
    timeout: Duration = "10m"
    """How long `run` may take. After that time it is stopped, with all that it started."""

    @model_validator(mode="after")
    def _sense(self) -> Entry:
        exactly_one(self, "unless", "creates")
        for key in ("run", "unless", "creates"):
            if is_mentioned(getattr(self, key) or ""):
                raise ValueError(
                    f"has a secret in '{key}', where other users could see it: put it under 'env'"
                )
        return self

    @property
    def test(self) -> str:
        """The script that succeeds where the effect is there, as a person wrote it."""
        if self.unless is not None:
            return self.unless
        place = self.creates or ""
        home = place.startswith("~/")
        return (
            f'test -e "$HOME"/{shlex.quote(place[2:])}' if home else f"test -e {shlex.quote(place)}"
        )

    def public(self) -> dict[str, str]:
        """Return the variables that other users may see."""
        return {name: value for name, value in self.env.items() if not is_mentioned(value)}

    def secret(self) -> dict[str, str]:
        """Return the variables that hold secrets."""
        return {name: value for name, value in self.env.items() if is_mentioned(value)}


class Section(TableCapability):
    """Commands by name: a way out for what no other section describes, that stays declarative.

    Each command has a test of its effect. plan runs the tests; apply runs the commands whose test
    fails, and then each test again: where it still fails, apply fails and names the command. A
    command whose test succeeds is not run, so that a second apply changes nothing. Where a program
    fails, its last lines are shown. Removing a command from the environment undoes nothing.
    """

    uncaptured: ClassVar[str] = "A command that ran leaves no trace by which it could be told."
    example: ClassVar[str] = """\
commands:
  rustup:
    user: dev
    run: curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y --no-modify-path
    creates: ~/.cargo/bin/rustup
  mirror:
    run: git config --system url."https://git.example.com/".insteadOf https://github.com/
    unless: git config --system --get url."https://git.example.com/".insteadOf
    needs: [rustup]
"""

    root: dict[CommandName, Entry]

    @model_validator(mode="after")
    def _apart(self) -> Section:
        for name, entry in self.root.items():
            if name in entry.needs:
                raise ValueError(f"has the command '{name}', which needs itself")
        return self

    def resources(self, machine: Machine) -> Iterator[Resource]:
        for name, entry in self.root.items():
            yield OwnScript(
                title=name,
                person=Person.named(entry.user, machine),
                run=entry.run,
                test=entry.test,
                timeout=entry.timeout,
                public=entry.public(),
                secret=entry.secret(),
            ).command(follows=tuple(entry.needs), at=(name,))

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        for name, entry in self.root.items():
            yield from account(entry.user, machine, (name, "user"))
