"""A job: one environment on one machine, from the words of a command line to an open session."""

from __future__ import annotations

import contextlib
import functools
import getpass
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from envwright.errors import EnvwrightError
from envwright.timings import OFF

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from envwright.compiler import Compiled
    from envwright.facts import Machine
    from envwright.inventory import Target
    from envwright.plan import Plan
    from envwright.secrets import Secrets
    from envwright.timings import Timings
    from envwright.transport import Session

# Imports stand where they are used: what a plan does not need costs it no time.


class Job:
    """One environment on one machine whose session is open."""

    def __init__(
        self,
        target: Target,
        variables: Mapping[str, str],
        session: Session,
        timings: Timings = OFF,
    ) -> None:
        from envwright.cache import compiled  # noqa: PLC0415 - see above
        from envwright.facts import Machine  # noqa: PLC0415 - see above

        self.session = session
        self.timings = timings
        self.machine: Machine = Machine.read(session.hello.stdout)
        self.compiled: Compiled
        self.secrets: Secrets
        self.found: Plan | None = None
        with timings("compile"):
            self.compiled, self.secrets, self._files = compiled(
                target.environment, self.machine, variables
            )

    def plan(self) -> Plan:
        """Compare the machine with the environment."""
        from envwright.plan import make_plan  # noqa: PLC0415 - see above

        with self.timings("compare"):
            self.found = make_plan(
                self.compiled, self.session, self.machine, self.secrets, self.timings
            )
        return self.found

    def note(self, words: Sequence[str], said: str) -> None:
        """Note what a command line said, if it found nothing to do and will find the same again."""
        if self._files is not None and self.found is not None and not self.found:
            from envwright.ahead import note  # noqa: PLC0415 - see above

            note(words, self.session, self.machine.HELLO, self._files, said)


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
def open_job(target: Target, options: argparse.Namespace) -> Iterator[Job]:
    """Open a session to a machine and compile its environment for it.

    Raises:
        EnvwrightError: either cannot be done.
    """
    from envwright.facts import Machine  # noqa: PLC0415 - see above
    from envwright.transport import open_session  # noqa: PLC0415 - see above

    if not Path(target.environment).is_file():
        # Said by the language in its own words, before a machine is troubled.
        from envwright.language.document import read_document  # noqa: PLC0415 - see above

        read_document(target.environment)
    ask: Callable[[str], str] | None = getpass.getpass if somebody_is_there() else None
    if options.sudo_password_stdin:
        ask = _password_from_stdin
    session = options.ahead.session(target.host) if options.ahead else None
    if session is None:
        with options.spent("connect"):
            session = open_session(
                target.host,
                hello=Machine.HELLO,
                password=ask,
                meanwhile=functools.partial(_load, options.verb),
            )
    with session:
        yield Job(target, dict(options.var), session, options.spent)


def _load(verb: str) -> None:
    """Import what a job will need, for which there is time while its session opens."""
    rooms = ("cache", "plan", "verify") if verb == "verify" else ("cache", "plan")
    for room in rooms:
        importlib.import_module(f"envwright.{room}")


def somebody_is_there() -> bool:
    """Tell whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def _password_from_stdin(_: str) -> str:
    return sys.stdin.readline().rstrip("\n") if sys.stdin else ""
