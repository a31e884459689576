"""The capability `environment`: environment variables for login shells and for services."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import model_validator

from envwright.model import shells
from envwright.model.capability import Objection, Settings, TableCapability
from envwright.model.values import InnerPath, VariableName, exactly_one, spelled
from envwright.resources.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Proof
    from envwright.model.resource import Resource

Text = Annotated[
    str,
    spelled(r"^[^\n\r\x00⟦⟧]*$", "text on one line without a secret"),
]
NAME = "60-envwright"
SYSTEMS = ("/usr/bin", "/bin")
"""The directories without which a login finds no program of the system."""


EXPANDED = re.compile(r"\$[A-Za-z_{(]|(^|:)~(/|:|$)")
"""What a shell would expand, and no reader of these values does."""


class Value(Settings):
    """A value that is no plain text: a path in the home, or a text with a dollar that is meant."""

    home: InnerPath | None = None
    """A path from each person's own home on: `.cache/tool` is ~/.cache/tool. The services of the
    system have no home, and do not get the variable."""
    literal: Text | None = None
    """A text as it is, also where it looks like a variable of a shell: `$HOME` stays `$HOME`."""

    @model_validator(mode="after")
    def _one(self) -> Value:
        exactly_one(self, "home", "literal")
        return self


class Section(TableCapability):
    """Environment variables by name.

    Login shells (bash, dash, zsh, fish) read the variables from files in /etc, users' services
    from /etc/environment.d (environment.d(5)), system services from DefaultEnvironment
    (systemd-system.conf(5)), and sessions that start no login shell (of cron, commands of ssh, su)
    from /etc/environment, which can hold no dollar, quote, backslash and number sign. Nothing in a
    value is expanded, so a text with `$NAME` or `~/` is refused: `{home: PATH}` is a path in each
    person's home, `{literal: TEXT}` a text that is meant so. Folders of programs are the section
    `path`. A startup file of a person can set a variable anew: `verify` says so, with the file.
    """

    uncaptured: ClassVar[str] = "The files that set variables are captured as `files`."
    example: ClassVar[str] = """\
environment:
  EDITOR: vim
  PAGER: less -R
  npm_config_prefix: {home: .local}
  LESS: {literal: "-Ps%f in $HOME"}
"""

    root: dict[VariableName, Text | Value]

    def objections(self, machine: Machine) -> Iterator[Objection]:  # noqa: ARG002 - the same everywhere
        for name, value in self.root.items():
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
            elif isinstance(value, str) and name != "PATH" and EXPANDED.search(value):
                yield Objection(
                    f"the value of {name} has a variable or `~`, and no reader expands it",
                    "write a path in the home as `{home: PATH}`, and a text that is meant so as "
                    "`{literal: TEXT}`",
                    (name,),
                )
        yield from _of_path(self.root.get("PATH", ":".join(SYSTEMS)))

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        if self.root:
            yield from self._variables().resources()

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        if self.root:
            yield from self._variables().proofs()

    def _variables(self) -> Variables:
        values, homes = {}, {}
        for name, value in self.root.items():
            text = value if isinstance(value, str) else value.literal
            if text is not None:
                values[name] = text
            elif isinstance(value, Value):
                homes[name] = f"~/{value.home}"
        places: dict[str, tuple[str | int, ...]] = {name: (name,) for name in self.root}
        return Variables(NAME, values, places=places, homes=homes)


def _of_path(value: str | Value) -> Iterator[Objection]:
    """Yield why a PATH would leave logins without programs."""
    folders = value.split(":") if isinstance(value, str) else []
    if any(not folder.startswith("/") or "$" in folder for folder in folders) or not folders:
        yield Objection(
            "values are literal, and PATH needs absolute directories",
            "add folders to PATH by the section `path`: `path: [~/.local/bin]`; or write out each "
            "directory, the system's too: /opt/bin:/usr/local/bin:/usr/bin:/bin",
            ("PATH",),
        )
    elif missing := [folder for folder in SYSTEMS if folder not in folders]:
        yield Objection(
            f"no login would find the programs of {' and '.join(missing)}",
            f"add {':'.join(missing)} to PATH",
            ("PATH",),
        )
