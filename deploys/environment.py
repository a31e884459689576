"""The capability `environment`: environment variables for login shells and for services."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar

from envwright.model import shells, systemd
from envwright.model.capability import HEADER, Objection, TableCapability, render
from envwright.model.proof import Assertion, Proof, View
from envwright.model.values import VariableName, spelled
from envwright.resources.command import Command
from envwright.resources.file import File
from envwright.resources.login_shell import FUNCTIONS, command
from envwright.resources.startup_files import profile, startup_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

Text = Annotated[
    str,
    spelled(r"^[^\n\r\x00⟦⟧]*$", "text on one line, and no secret, since everybody reads it"),
]
NAME = "60-envwright"
USERS = f"/etc/environment.d/{NAME}.conf"
SYSTEM = f"/etc/systemd/system.conf.d/{NAME}.conf"
UNQUOTED = r"""{
IFS= read -r value || :
case $value in
"\$'"*) value=${value#??} value=${value%?} ;;
'"'*) value=${value#?} value=${value%?} ;;
*) printf %s "$value"; value= ;;
esac
[ -z "$value" ] || printf %b "$(printf %s "$value" |
    sed 's/\\\\/\x01/g; s/\\\([0-7]\{3\}\)/\\0\1/g; s/\\\(["$`'\'']\)/\1/g; s/\x01/\\\\/g')"
}"""
"""Decodes a value that systemd prints: one with odd characters is in $'...' or "...", as in bash.

dash, which runs the script, does not know $'...', and printf(1) takes only octal numbers behind 0.
No value holds the character 1 as it is: systemd prints a number for it.
"""
UNSET = "envwright-unset"
"""What a proof reads for a variable that is not set."""
PROOFS = {
    "the login shell of each person has these variables": (
        "environment.login.sh",
        "remove the line that sets it anew; only bash, dash, ksh, zsh and fish read these files",
    ),
    "the services of each person have these variables": (
        "environment.services.sh",
        "remove the line that sets it anew",
    ),
    "a system service has these variables": ("environment.system.sh", ""),
}
"""The template of each proof's script, and what a person can do, by the proof's name."""
SYSTEMS = ("/usr/bin", "/bin")
"""The directories without which a login finds no program of the system."""


class Section(TableCapability):
    """Environment variables by name.

    Login shells (bash, dash, zsh, fish) read the variables from files in /etc, users' services
    from /etc/environment.d (environment.d(5)), system services from DefaultEnvironment
    (systemd-system.conf(5)). Values are literal: nothing in them is expanded. A startup file of a
    person can set a variable anew: `verify` says so, with the file.
    """

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
        if not self.root:
            return
        quoted = {name: shells.word(value) for name, value in self.root.items()}
        posix = "".join(f"export {name}={value}\n" for name, value in quoted.items())
        values = {name: shells.fish_word(value) for name, value in self.root.items()}
        fish = "".join(f"    set -gx {name} {value}\n" for name, value in values.items())
        yield from startup_files(NAME, posix, fish)
        yield File(path=USERS, content=HEADER + "".join(self._assignments()))
        yield File(path=SYSTEM, content=f"{HEADER}[Manager]\n" + "".join(self._defaults()))
        for name, value in self.root.items():
            yield _manager_variable(name, value)

    def _assignments(self) -> Iterator[str]:
        return (f'{name}="{systemd.unexpanded(value)}"\n' for name, value in self.root.items())

    def _defaults(self) -> Iterator[str]:
        for name, value in self.root.items():
            # In unit files and in system.conf a percent sign begins a specifier.
            yield f"DefaultEnvironment={systemd.assignments({name: value})}\n"

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        if not self.root:
            return
        values = {
            "functions": FUNCTIONS,
            "variables": {name: shlex.quote(value) for name, value in self.root.items()},
            "command": command("; ".join(f"printenv {name} || echo {UNSET}" for name in self.root)),
            "unset": UNSET,
            "unquoted": UNQUOTED,
        }
        for name, (template, remedy) in PROOFS.items():
            yield Proof(name, render(template, **values), remedy=remedy)
        yield Proof(
            "no file of the system sets these variables anew",
            render(
                "environment.later.sh",
                variables=values["variables"],
                profile=profile(NAME),
                users=USERS,
            ),
            quick=True,
            remedy="remove the line, or the variable from the environment",
        )


def _manager_variable(name: str, value: str) -> Command:
    """Return the command that has the running system manager reload its configuration."""
    observe = f"systemctl show-environment | sed -n 's/^{name}=//p' | {UNQUOTED}"
    return Command(
        title=f"environment {name}",
        observe=observe,
        expected=value,
        # A value that somebody set by hand in the running manager wins over the default.
        run=f"systemctl unset-environment {name} && systemctl daemon-reload",
        seen=(
            Assertion(
                "run",
                ("systemctl show-environment",),
                "stdout",
                value,
                view=View("env", name),
            ),
        ),
        after=(f"file:{SYSTEM}",),
        systemd=True,
        at=(name,),
    )
