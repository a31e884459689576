"""The capability `environment`: environment variables for login shells and for services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from envwright.model import shells
from envwright.model.capability import Objection, TableCapability
from envwright.model.values import VariableName, spelled
from envwright.resources.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Proof
    from envwright.model.resource import Resource

Text = Annotated[
    str,
    spelled(r"^[^\n\r\x00⟦⟧]*$", "text on one line, and no secret, since everybody reads it"),
]
NAME = "60-envwright"
SYSTEMS = ("/usr/bin", "/bin")
"""The directories without which a login finds no program of the system."""


class Section(TableCapability):
    """Environment variables by name.

    Login shells (bash, dash, zsh, fish) read the variables from files in /etc, users' services
    from /etc/environment.d (environment.d(5)), system services from DefaultEnvironment
    (systemd-system.conf(5)). Values are literal: nothing in them is expanded. A startup file of a
    person can set a variable anew: `verify` says so, with the file.
    """

    uncaptured: ClassVar[str] = "The files that set variables are captured as `files`."
    example: ClassVar[str] = """\
environment:
  EDITOR: vim
  PAGER: less -R
"""

    root: dict[VariableName, Text]

    def objections(self, machine: Machine) -> Iterator[Objection]:  # noqa: ARG002 - the same everywhere
        for name in self.root:
            if name in shells.OF_LOGINS:
                yield Objection(
                    f"each login sets {name} for its own person", f"leave out {name}", (name,)
                )
            elif name in shells.KEPT:
                yield Objection(
                    f"a shell keeps the name {name} for itself: its login would break",
                    "choose another name",
                    (name,),
                )
        folders = self.root.get("PATH", ":".join(SYSTEMS)).split(":")
        if any(not folder.startswith("/") or "$" in folder for folder in folders):
            yield Objection(
                "values are literal, and PATH needs absolute directories",
                "write out each directory, the system's too: /opt/bin:/usr/local/bin:/usr/bin:/bin",
                ("PATH",),
            )
        elif missing := [folder for folder in SYSTEMS if folder not in folders]:
            yield Objection(
                f"no login would find the programs of {' and '.join(missing)}",
                f"add {':'.join(missing)} to PATH",
                ("PATH",),
            )

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        if self.root:
            yield from self._variables().resources()

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        if self.root:
            yield from self._variables().proofs()

    def _variables(self) -> Variables:
        return Variables(NAME, self.root, places={name: (name,) for name in self.root})
