"""The capability `environment`: environment variables for login shells and for services."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar

from envwright.model import systemd
from envwright.model.capability import HEADER, TableCapability
from envwright.model.proof import Assertion, Proof, View
from envwright.model.values import VariableName, spelled
from envwright.resources.command import Command
from envwright.resources.file import File

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

Text = Annotated[
    str,
    spelled(r"^[^\n\r\x00⟦⟧]*$", "text on one line, and no secret, since everybody reads it"),
]
PROFILE = "/etc/profile.d/60-envwright.sh"
USERS = "/etc/environment.d/60-envwright.conf"
SYSTEM = "/etc/systemd/system.conf.d/60-envwright.conf"
UNQUOTED = r"""{
IFS= read -r value
case $value in
"\$'"*) value=${value#??}; printf %b "$(printf %s "${value%?}" | sed "s/\\\\'/'/g")";;
*) printf %s "$value";;
esac
}"""
"""Decodes a value that systemctl(1) prints: one with blanks or quotes is in $'...', as in bash.

dash, which runs the script, does not know $'...'.
"""


class Section(TableCapability):
    """Environment variables by name.

    Login shells read the variables from /etc/profile.d, users' services from /etc/environment.d
    (environment.d(5)), system services from DefaultEnvironment (systemd-system.conf(5)). Values
    are literal: nothing in them is expanded.
    """

    example: ClassVar[str] = """\
environment:
  EDITOR: vim
  PAGER: less -R
"""

    root: dict[VariableName, Text]

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        if not self.root:
            return
        yield File(path=PROFILE, content=HEADER + "".join(self._exports()))
        yield File(path=USERS, content=HEADER + "".join(self._assignments()))
        yield File(path=SYSTEM, content=f"{HEADER}[Manager]\n" + "".join(self._defaults()))
        for name, value in self.root.items():
            yield _manager_variable(name, value)

    def _exports(self) -> Iterator[str]:
        return (f"export {name}={shlex.quote(value)}\n" for name, value in self.root.items())

    def _assignments(self) -> Iterator[str]:
        return (f'{name}="{systemd.unexpanded(value)}"\n' for name, value in self.root.items())

    def _defaults(self) -> Iterator[str]:
        for name, value in self.root.items():
            # In unit files and in system.conf a percent sign begins a specifier.
            yield f"DefaultEnvironment={systemd.assignments({name: value})}\n"

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        for name, value in self.root.items():
            wanted = shlex.quote(value)
            test = f'echo "{name}=$got"; [ "$got" = {wanted} ]'
            yield Proof(
                f"a login shell has {name}",
                # Other profiles may print something first.
                f'got=$(env -i HOME=/root sh -lc \'printf "\\n%s" "${name}"\' | tail -n 1); {test}',
                at=(name,),
            )
            yield Proof(
                f"a system service has {name}",
                "[ -d /run/systemd/system ] || { echo 'systemd is not PID 1'; exit 77; }\n"
                "got=$(systemd-run --quiet --wait --pipe --collect "
                f"sh -c 'printf %s \"${name}\"'); {test}",
                at=(name,),
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
