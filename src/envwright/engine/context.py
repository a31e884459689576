"""A job: one environment on one machine, from the words of a command line to an open session."""

from __future__ import annotations

import contextlib
import functools
import getpass
import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from envwright.errors import EnvwrightError
from envwright.timings import OFF

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from envwright.cache.compiled import Made
    from envwright.engine.plan import Plan
    from envwright.facts import Machine
    from envwright.host.inventory import Target
    from envwright.host.session import Session
    from envwright.model.pending_restart import Waits
    from envwright.model.secrets import Secrets
    from envwright.spec.compiler import Compiled
    from envwright.timings import Timings

    Compile = Callable[[str, Machine, Mapping[str, str]], Made]

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
        found: the last plan.
        timings: counts where the time goes.
    """

    def __init__(
        self,
        target: Target,
        variables: Mapping[str, str],
        session: Session,
        compile_: Compile,
        timings: Timings = OFF,
    ) -> None:
        from envwright.facts import Machine  # noqa: PLC0415 - see above

        self.session, self.target = session, target
        self.timings = timings
        self.goes_on = target.environment == SAVED
        self.found: Plan | None = None
        self.machine: Machine = Machine.read(session.hello.stdout)
        self.compiled: Compiled
        self.secrets: Secrets
        with timings("compile"):
            made = compile_(target.environment, self.machine, variables)
        self.compiled, self.secrets, self._files = made

    def plan(self) -> Plan:
        """Compare the machine with the environment."""
        from envwright.engine.plan import make_plan  # noqa: PLC0415 - see above

        with self.timings("compare"):
            self.found = make_plan(
                self.compiled, self.session, self.machine, self.secrets, self.timings
            )
        return self.found

    def note(self, words: Sequence[str], said: str) -> None:
        """Cache what a command line printed, if it found nothing to do and will find so again."""
        if self._files is not None and self.found is not None and not self.found:
            from envwright.cache import fastpath  # noqa: PLC0415 - see above

            fastpath.keep(words, self.session, self.machine.HELLO, self._files, said)

    def waits(self) -> Waits:
        """Ask what cannot be seen before a restart; not where nothing can wait for one."""
        from envwright.engine.plan import waits_of  # noqa: PLC0415 - see above
        from envwright.model import pending_restart  # noqa: PLC0415 - see above

        late = (
            pending_restart.restarts(resource, self.machine) for resource in self.compiled.resources
        )
        if self.machine.booted and not any(late):
            return pending_restart.NOTHING
        try:
            return waits_of(self.plan())
        except EnvwrightError:
            return pending_restart.NOTHING  # what hinders a plan is no reason not to look


def targets(options: argparse.Namespace) -> list[Target]:
    """Return the machines that a command line names, each with its environment.

    Raises:
        EnvwrightError: it names none, or says two different things.
    """
    from envwright.host.inventory import Target, read_inventory  # noqa: PLC0415 - see above

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
    from envwright.facts import Machine  # noqa: PLC0415 - see above
    from envwright.host.session import open_session  # noqa: PLC0415 - see above

    if not Path(target.environment).is_file():
        # Said by the language in its own words, before a machine is troubled.
        from envwright.spec.document import read_document  # noqa: PLC0415 - see above

        read_document(target.environment)
    variables = dict(options.var)
    if crowd is None:
        with _session(target.host, options) as session:
            yield Job(target, variables, session, _compile, options.spent)
        return
    with open_session(
        target.host,
        hello=Machine.HELLO,
        password=crowd.password,
        batch=True,
        stop=crowd.stop,
    ) as session:
        yield Job(target, variables, session, crowd.compile)


def _compile(path: str, machine: Machine, variables: Mapping[str, str]) -> Made:
    from envwright.cache.compiled import Made, compiled  # noqa: PLC0415 - see above

    if path != SAVED:
        return compiled(path, machine, variables)
    from envwright.restart.saved_run import saved  # noqa: PLC0415 - see above

    return Made(*saved())


def _session(host: str, options: argparse.Namespace) -> Session:
    """Open a session, or take over the one of the fast path."""
    from envwright.cache.fastpath import Recorder  # noqa: PLC0415 - see above
    from envwright.facts import Machine  # noqa: PLC0415 - see above
    from envwright.host.session import open_session  # noqa: PLC0415 - see above

    if options.attempt and (session := options.attempt.session(host)):
        return cast("Session", session)
    with options.spent("connect"):
        return open_session(
            host,
            hello=Machine.HELLO,
            password=password_source(options),
            meanwhile=functools.partial(_load, options.verb),
            recorder=Recorder(),
        )


def _load(verb: str) -> None:
    """Import what a job will need, for which there is time while its session opens."""
    importlib.import_module("envwright.cache.compiled")
    importlib.import_module("envwright.engine.plan")
    if verb == "verify":
        importlib.import_module("envwright.engine.verify")


class Password:
    """Sudo's password, asked for once: a run may open several sessions.

    Args:
        source: asks for it, given the text to show.
    """

    def __init__(self, source: Callable[[str], str]) -> None:
        self._source = source
        self._known: str | None = None

    def __call__(self, prompt: str) -> str:
        """Return it; the text is shown the first time."""
        if self._known is None:
            self._known = self._source(prompt)
        return self._known


def password_source(options: argparse.Namespace) -> Password | None:
    """Return what asks for sudo's password; None where nobody can be asked."""
    if "password" not in options:
        source = _password_from_stdin if options.sudo_password_stdin else getpass.getpass
        asking = options.sudo_password_stdin or somebody_is_there()
        options.password = Password(source) if asking else None
    return cast("Password | None", options.password)


def somebody_is_there() -> bool:
    """Tell whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def _password_from_stdin(_: str) -> str:
    return sys.stdin.readline().rstrip("\n") if sys.stdin else ""
