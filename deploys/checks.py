"""The capability `checks`: a person's own proofs, which stand beside those of envwright."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, model_validator

from envwright.model.capability import Settings, TableCapability, render
from envwright.model.proof import Proof
from envwright.model.secrets import is_mentioned
from envwright.model.values import AccountName, Duration, OneLine, seconds, spelled
from envwright.resources.accounts import account
from envwright.resources.as_user import LATE, Person
from envwright.resources.own_script import QUICK, Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Requirement

CheckName = Annotated[
    str,
    spelled(r"^[^\s⟦⟧](?:[^\n\r\t\x00⟦⟧]*[^\s⟦⟧])?$", "what is proved, in words on one line"),
]


class Check(Settings):
    """One proof: a script, and what it must say or end with."""

    run: Script
    """A script for sh that only reads. It gets no input and starts in the user's home. It runs in
    no login shell: where it needs one, `bash -lc '...'`. A script that ends with 77 is skipped, for
    the reason in its last line."""
    user: AccountName = "root"
    """The account that runs the script."""
    expect: Annotated[OneLine, Field(min_length=1)] | None = None
    """Words that the script must print; by default it may print anything."""
    code: Annotated[int, Field(ge=0, le=255)] = 0
    """The exit code that the script must end with."""
    quick: bool = False
    """Whether each plan runs the script, too. It must end within 10 seconds then. Otherwise only
    `verify` runs it, and apply at its end."""
    timeout: Duration = "60s"
    """How long the script may take, where it is not quick."""
    remedy: OneLine = ""
    """What a person can do where the check fails: shown as the hint."""

    @model_validator(mode="after")
    def _public(self) -> Check:
        for key in ("run", "expect", "remedy"):
            if is_mentioned(getattr(self, key) or ""):
                raise ValueError(f"has a secret in '{key}', where other users could see it")
        return self

    def proof(self, name: str, machine: Machine) -> Proof:
        """Return the proof."""
        limit = QUICK if self.quick else seconds(self.timeout)
        person = Person.named(self.user, machine)
        script = render(
            "checks.run.sh",
            # timeout(1) and setpriv(1) have exit codes of their own. So the script's stands behind
            # its words.
            run=person.runs(f'(\n{self.run}\n)\necho " $?"', limit),
            late=" | ".join(map(str, LATE)),
            limit=limit,
            code=self.code,
            expect=shlex.quote(self.expect or ""),
        )
        return Proof(f"check {name}", script, (name,), quick=self.quick, remedy=self.remedy)


class Section(TableCapability):
    """A person's own proofs by name, which verify makes beside those of envwright.

    `verify` fails where a script does not end with its exit code or does not print the words that
    it must print, and shows the script's last lines. Nothing is changed: what a failed check asks
    for, other sections bring about.
    """

    uncaptured: ClassVar[str] = "A proof of a person leaves no trace on a machine."
    example: ClassVar[str] = """\
checks:
  the registry answers:
    run: curl -fsS https://registry.example.com/v2/
    user: dev
    remedy: connect to the company's network
  the compiler is the team's: {run: gcc -dumpversion, expect: "14", quick: true}
  nobody logs in as root: {run: "grep -q '^root:[!*]' /etc/shadow", quick: true}
"""

    root: dict[CheckName, Check]

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        for name, check in self.root.items():
            yield check.proof(name, machine)

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        for name, check in self.root.items():
            yield from account(check.user, machine, (name, "user"))
