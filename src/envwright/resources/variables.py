"""Environment variables, for login shells, other sessions, users' services and the system's.

Login shells read files that `startup_files` yields, users' services environment.d(5), system
services DefaultEnvironment (systemd-system.conf(5)). A session of cron, a command of ssh, su and
sudo start no login shell: PAM gives them what pam_env finds in /etc/environment.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envwright.model import shells, systemd
from envwright.model.capability import HEADER, render
from envwright.model.proof import Assertion, Proof, View
from envwright.resources.command import Command
from envwright.resources.edited_file import reason_unwritable
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.login_shell import FUNCTIONS, command
from envwright.resources.startup_files import profile, startup_files
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from envwright.model.resource import Resource

UNQUOTED = load(__file__).rstrip("\n")
"""Decodes a value that systemd prints, who quotes one with odd characters as bash does."""
SESSIONS = "/etc/environment"
"""The file that pam_env reads at the begin of a session without a login shell: of cron, of a
command of ssh, of su and sudo."""
ACCESS = ("mode", "owner", "group")
UNSET = "envwright-unset"
"""What a proof reads for a variable that is not set."""
_PROOFS = {
    "the login shell of each person has": (
        "login",
        "remove the line that sets it anew; only bash, dash, ksh, zsh and fish read these files",
    ),
    "the services of each person have": ("services", "remove the line that sets it anew"),
    "a system service has": ("system", ""),
    "a session without a login shell has": (
        "session",
        "have the file of PAM that is named read /etc/environment by pam_env.so",
    ),
}
"""The template of each proof's script, and what a person can do, by the proof's name."""


@dataclass(frozen=True)
class Variables:
    """Environment variables that a section sets.

    Args:
        file: the name of their files, without folder and end. Of two files that set a variable the
            one whose name sorts later wins.
        values: the variables; literal, and no secret, since everybody reads them.
        called: what a person calls them, for the names of proofs.
        places: where the section asks for a variable, by its name; else at its beginning.
        homes: variables whose values are paths that begin with `~`, each person's own home. The
            system's services have no home, and do not get these.
    """

    file: str
    values: Mapping[str, str]
    called: str = "these variables"
    places: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)

    @property
    def users(self) -> str:
        """The file that the managers of users' services read."""
        return f"/etc/environment.d/{self.file}.conf"

    @property
    def system(self) -> str:
        """The file that the system manager reads."""
        return f"/etc/systemd/system.conf.d/{self.file}.conf"

    def resources(self) -> Iterator[Resource]:
        """Yield the files, and the variables of the running system manager."""
        quoted = self._words(shells.word)
        posix = "".join(f"export {name}={value}\n" for name, value in quoted.items())
        values = self._words(shells.fish_word)
        fish = "".join(f"    set -gx {name} {value}\n" for name, value in values.items())
        yield from startup_files(self.file, posix, fish)
        yield File(path=self.users, content=HEADER + "".join(self._assignments()))
        # Users' services read this file last: another value there would win.
        absent = dict.fromkeys([*self.values, *self.homes])
        sessions = absent | self._of_sessions()
        yield Keys(path=SESSIONS, dialect="pamenv", keys=sessions, keep=ACCESS)
        if self.values:
            text = f"{HEADER}[Manager]\n" + "".join(self._defaults())
            yield File(path=self.system, content=text)
        for name, value in self.values.items():
            yield self._manager_variable(name, value)

    def _of_sessions(self) -> dict[str, str]:
        """Return the variables that pam_env can read: it cannot read all values."""
        items = self.values.items()
        return {name: v for name, v in items if not reason_unwritable("pamenv", {name: v})}

    def _words(self, word: Callable[[str], str]) -> dict[str, str]:
        """Return each value as a word of a shell that quotes by `word`."""
        literal = {name: word(value) for name, value in self.values.items()}
        return literal | {name: shells.at_home(path, word) for name, path in self.homes.items()}

    def _assignments(self) -> Iterator[str]:
        values = {name: systemd.unexpanded(value) for name, value in self.values.items()}
        values |= {name: systemd.at_home(path) for name, path in self.homes.items()}
        return (f'{name}="{value}"\n' for name, value in values.items())

    def _defaults(self) -> Iterator[str]:
        for name, value in self.values.items():
            # In unit files and in system.conf a percent sign begins a specifier.
            yield f"DefaultEnvironment={systemd.assignments({name: value})}\n"

    def proofs(self) -> Iterator[Proof]:
        """Yield the proofs that each kind of process has the variables."""
        literal = {name: shlex.quote(value) for name, value in self.values.items()}
        homes = {name: shells.at_home(path, shells.word) for name, path in self.homes.items()}
        for name, (template, remedy) in _PROOFS.items():
            # The system's services have no home.
            of_all = {name: literal[name] for name in self._of_sessions()}
            variables = {"system": literal, "session": of_all}.get(template, literal | homes)
            if variables:
                script = render(f"variables.{template}.sh", **_values(variables))
                yield Proof(f"{name} {self.called}", script, remedy=remedy)
        yield Proof(
            f"no file of the system sets {self.called} anew",
            render(
                "variables.later.sh",
                names=[*literal, *homes],
                variables=literal,
                profile=profile(self.file),
                users=self.users,
            ),
            quick=True,
            remedy="remove the line, or the variable from the environment",
        )

    def _manager_variable(self, name: str, value: str) -> Command:
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
            after=(f"file:{self.system}",),
            # The manager's own files say what it was.
            back=f"systemctl unset-environment {name}; systemctl daemon-reload",
            systemd=True,
            at=self.places.get(name, ()),
        )


def _values(variables: Mapping[str, str]) -> dict[str, object]:
    """Return what the templates of proofs need.

    Args:
        variables: the value of each as a word of sh, in which HOME is that of the person.
    """
    asked = "; ".join(f"printenv {name} || echo {UNSET}" for name in variables)
    return {
        "functions": FUNCTIONS,
        "variables": variables,
        "command": command(asked),
        "unset": UNSET,
        "unquoted": UNQUOTED,
    }
