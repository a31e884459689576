"""A job: one environment on one machine, from the words of a command line to an open session."""

from __future__ import annotations

import contextlib
import getpass
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from envwright.errors import EnvwrightError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping

    from envwright.compiler import Compiled
    from envwright.facts import Machine
    from envwright.inventory import Target
    from envwright.plan import Plan
    from envwright.secrets import Secrets
    from envwright.stages import Waits
    from envwright.transport import Session

    Compile = Callable[[str, Machine, Mapping[str, str]], tuple[Compiled, Secrets]]

SAVED = "/var/lib/envwright/resume/job"
"""Stands for an environment: the job that goes on after a restart."""

# Imports stand where they are used: what a plan does not need costs it no time.


@dataclass(frozen=True)
class Crowd:
    """What a job has of the others when it is one of many at the same time.

    Args:
        compile: an environment's file, machine and variables to what they come to.
        password: asks for sudo's password; None where nobody can be asked.
        stop: a file descriptor: once it can be read, the job ends as by Ctrl-C.
    """

    compile: Compile
    password: Callable[[str], str] | None = None
    stop: int | None = None


class Job:
    """One environment on one machine whose session is open.

    Attributes:
        goes_on: it was begun before a restart: where nothing is left to do, it is to be proved.
    """

    def __init__(
        self, target: Target, variables: Mapping[str, str], session: Session, compile_: Compile
    ) -> None:
        from envwright.facts import Machine  # noqa: PLC0415 - see above

        self.session, self.target = session, target
        self.goes_on = target.environment == SAVED
        self.machine: Machine = Machine.read(session.hello.stdout)
        self.compiled: Compiled
        self.secrets: Secrets
        if target.environment == SAVED:
            from envwright.resume import saved  # noqa: PLC0415 - see above

            self.compiled, self.secrets = saved()
            return
        self.compiled, self.secrets = compile_(target.environment, self.machine, variables)

    def plan(self) -> Plan:
        """Compare the machine with the environment."""
        from envwright.plan import make_plan  # noqa: PLC0415 - see above

        return make_plan(self.compiled, self.session, self.machine, self.secrets)

    def waits(self) -> Waits:
        """Ask what cannot be seen before a restart; not where nothing can wait for one."""
        from envwright import stages  # noqa: PLC0415 - see above

        late = (stages.restarts(resource, self.machine) for resource in self.compiled.resources)
        if self.machine.booted and not any(late):
            return stages.NOTHING
        try:
            return stages.waits_of(self.plan())
        except EnvwrightError:
            return stages.NOTHING  # what hinders a plan is no reason not to look


def targets(options: argparse.Namespace) -> list[Target]:
    """Return the machines that a command line names, each with its environment.

    Raises:
        EnvwrightError: it names none, or says two different things.
    """
    from envwright.inventory import Target, read_inventory  # noqa: PLC0415 - see above

    if options.inventory and options.host:
        raise EnvwrightError(
            "--host and --inventory both say where", hint="--limit takes some of an inventory"
        )
    if options.limit and not options.inventory:
        raise EnvwrightError("--limit is for an --inventory", hint="name one host by --host")
    if options.inventory:
        found = read_inventory(options.inventory, options.limit)
    else:
        found = [Target(host) for host in options.host or ["@local"]]
    found = [Target(t.host, options.environment or t.environment) for t in found]
    for target in found:
        named(target.environment, f" for {target.host}")
    return found


def named(environment: str, whose: str = "") -> str:
    """Return the environment of a command line, which may not have named one."""
    if not environment:
        raise EnvwrightError(
            f"no environment is named{whose}",
            hint="name a file: envwright plan environments/quickstart.yaml",
        )
    return environment


@contextlib.contextmanager
def open_job(
    target: Target, options: argparse.Namespace, crowd: Crowd | None = None
) -> Iterator[Job]:
    """Open a session to a machine and compile its environment for it; `crowd`: as one of many.

    Raises:
        EnvwrightError: either cannot be done.
    """
    from envwright.cache import compiled  # noqa: PLC0415 - see above
    from envwright.facts import Machine  # noqa: PLC0415 - see above
    from envwright.transport import open_session  # noqa: PLC0415 - see above

    if not Path(target.environment).is_file():
        # Said by the language in its own words, before a machine is troubled.
        from envwright.language.document import read_document  # noqa: PLC0415 - see above

        read_document(target.environment)
    ask = crowd.password if crowd else password_source(options)
    with open_session(
        target.host,
        hello=Machine.HELLO,
        password=ask,
        batch=crowd is not None,
        stop=crowd.stop if crowd else None,
    ) as session:
        yield Job(target, dict(options.var), session, crowd.compile if crowd else compiled)


def password_source(options: argparse.Namespace) -> Callable[[str], str] | None:
    """Return what asks for sudo's password, given the text to show; None where nobody can be."""
    if options.sudo_password_stdin:
        return _password_from_stdin
    return getpass.getpass if somebody_is_there() else None


def somebody_is_there() -> bool:
    """Tell whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def _password_from_stdin(_: str) -> str:
    return sys.stdin.readline().rstrip("\n") if sys.stdin else ""
