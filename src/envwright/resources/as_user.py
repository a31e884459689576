"""Scripts that run with a person's own rights, and with nothing of envwright's environment."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envwright.resources.login_shell import FUNCTIONS
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envwright.facts import Machine

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The folders of programs that every Debian and Ubuntu has."""
AT_HOME = 'cd "$HOME" 2>/dev/null\n'
LATE = 124, 137
"""The exit codes of timeout(1) for a script that was stopped: by SIGTERM, by SIGKILL."""
ONLINE = load(__file__)
"""Adds the proxies of the login shell of $1 to the variables in $2 and the rest."""
# The values are secrets: they stand in no argument, which other users could read in /proc.
_TAKE = (
    'local $/ = "\\0"; while (<STDIN>) { chomp; my ($name, $value) = split /=/, $_, 2; '
    '$ENV{$name} = $value } open STDIN, "<", "/dev/null"; exec @ARGV or die "$!\\n"'
)


@dataclass(frozen=True)
class Person:
    """An account in whose name scripts run."""

    user: str
    group: str
    home: str

    @classmethod
    def named(cls, user: str, machine: Machine) -> Person:
        """Return the account of a name, as the machine has it or will have it."""
        return cls(user, machine.primary_group(user), machine.home(user))

    def at_home(self, path: str) -> str:
        """Return a path whose `~/` stands for the home."""
        return f"{self.home}{path[1:]}" if path.startswith("~/") else path

    def runs(
        self,
        script: str,
        seconds: int,
        variables: Mapping[str, str] | None = None,
        *,
        online: bool = False,
        given: bool = False,
    ) -> str:
        """Return the script by which root has the person run a script of sh.

        The script starts in the person's home, and gets no input. Its exit code is one of LATE
        where it does not end in time: it is then stopped, with all that it started.

        Args:
            script: what the person runs.
            seconds: how long the script may take.
            variables: of its environment, beside HOME, USER, LOGNAME, SHELL and PATH.
            online: the script gets the proxies of the person's login shell.
            given: the script gets more variables from stdin: see `given`.
        """
        own = {"HOME": self.home, "USER": self.user, "LOGNAME": self.user}
        own |= {"SHELL": "/bin/sh", "PATH": PATH, **(variables or {})}
        words = " ".join(shlex.quote(f"{name}={value}") for name, value in own.items())
        start = f"set -- {words}\n"
        if online:
            start = f"{FUNCTIONS}set -- {shlex.quote(self.user)} {words}\n{ONLINE}"
        who = f"--reuid={shlex.quote(self.user)} --regid={shlex.quote(self.group)}"
        # A home that is missing, or closed to its owner, is told by the section of the account.
        command = f"sh -c {shlex.quote(AT_HOME + script)}"
        take, source = (f"perl -e {shlex.quote(_TAKE)} ", "") if given else ("", " </dev/null")
        return (
            f"{start}cd / && timeout --kill-after=5 {seconds} setpriv {who} --init-groups "
            f'env -i "$@" {take}{command}{source}'
        )


def given(variables: Mapping[str, str]) -> str:
    """Return variables, which may refer to secrets, as a script with `given` reads them."""
    return "".join(f"{name}={value}\0" for name, value in variables.items())
