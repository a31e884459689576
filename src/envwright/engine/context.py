"""The context of a run: one environment compiled for one machine, and the open session to it."""

from __future__ import annotations

import contextlib
import functools
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envwright.errors import EnvwrightError, RefusedError
from envwright.fetch.stage import FETCHING
from envwright.timings import OFF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from envwright.cache.compiled import CompiledEnvironment
    from envwright.engine.plan import Plan
    from envwright.facts import Machine
    from envwright.fetch.stage import Fetching
    from envwright.host.inventory import Target
    from envwright.host.session import Session
    from envwright.model.pending_restart import SkipReasons
    from envwright.timings import Timings

    Compile = Callable[[Machine], CompiledEnvironment]
    """Compiles an environment for a machine."""

# Imports stand where they are used: what a plan does not need costs it no time.


class Access(NamedTuple):
    """How the session to a machine is opened.

    Args:
        password: asks for sudo's password, given the text to show; None where nobody can be asked.
        batch: the run is one of many at the same time: ssh must not ask on the terminal.
        stop: a file descriptor; when it becomes readable, the run ends as by Ctrl-C.
        timeout: seconds after which the session ends, whatever it is doing; None for never.
        opened: returns a session that is open to a host already; None where there is none.
        preload: imports modules that the run needs, while the session is being opened.
    """

    password: Callable[[str], str] | None = None
    batch: bool = False
    stop: int | None = None
    timeout: float | None = None
    opened: Callable[[str], Session | None] = lambda _host: None
    preload: Callable[[], object] = lambda: None


class Context:
    """One environment on one machine whose session is open.

    Attributes:
        session, target: the machine.
        machine: its facts.
        compiled, secrets: the environment, compiled for the machine.
        found: the last plan that was made.
        timings: counts where the time goes.
    """

    def __init__(
        self,
        target: Target,
        session: Session,
        compile_: Compile,
        access: Access,
        timings: Timings = OFF,
    ) -> None:
        from envwright.facts import Machine  # noqa: PLC0415 - see above

        self.session, self.target, self.timings = session, target, timings
        self._compile, self._access = compile_, access
        self.found: Plan | None = None
        self.machine = Machine.read(session.hello.stdout)
        if self.machine.unsupported:
            reason, hint = self.machine.unsupported
            raise RefusedError(f"{target.host}: {reason}", hint=hint)
        with timings("compile"):
            made = compile_(self.machine)
        self.compiled, self.secrets, self._files = made

    def plan(self) -> Plan:
        """Compare the machine with the environment."""
        from envwright.engine.plan import make_plan  # noqa: PLC0415 - see above

        with self.timings("compare"):
            self.found = make_plan(
                self.compiled, self.session, self.machine, self.secrets, self.timings
            )
        return self.found

    def prune(self, how: str) -> None:
        """Say for this run whether what the environment no longer names is taken back."""
        self.compiled = replace(self.compiled, prune=how)

    def reopened(self) -> AbstractContextManager[Context]:
        """Open a new session to the same machine, after its restart, and compile anew."""
        return open_context(self.target, self._compile, self._access, self.timings)

    def keep(self, words: Sequence[str], printed: str) -> None:
        """Cache what a command line printed, if it found nothing to do and will find so again."""
        if self._files is not None and self.found is not None and self.found.settled:
            from envwright.cache import fastpath  # noqa: PLC0415 - see above

            fastpath.keep(words, self.session, self.machine.HELLO, self._files, printed)

    def skip_reasons(self) -> SkipReasons:
        """Return what cannot be verified before a restart; asks only where something can wait."""
        from envwright.engine.plan import skip_reasons  # noqa: PLC0415 - see above
        from envwright.model import pending_restart  # noqa: PLC0415 - see above

        late = (
            pending_restart.restarts(resource, self.machine) for resource in self.compiled.resources
        )
        if self.machine.booted and not any(late):
            return pending_restart.NO_SKIPS
        try:
            return skip_reasons(self.plan())
        except EnvwrightError:
            return pending_restart.NO_SKIPS  # what hinders a plan is no reason not to look


@contextlib.contextmanager
def open_context(
    target: Target, compile_: Compile, access: Access, timings: Timings = OFF
) -> Iterator[Context]:
    """Open a session to a machine and compile an environment for it.

    Raises:
        HostError: the machine cannot be reached.
        SpecErrors: the environment cannot be compiled.
    """
    with session_to(target.host, access, timings) as session:
        yield Context(target, session, compile_, access, timings)


def session_to(host: str, access: Access, timings: Timings = OFF) -> Session:
    """Open the session to a machine; it is a context manager.

    Raises:
        HostError: the machine cannot be reached.
    """
    from envwright.cache.fastpath import Recorder  # noqa: PLC0415 - see above
    from envwright.facts import Machine  # noqa: PLC0415 - see above
    from envwright.host.session import open_session  # noqa: PLC0415 - see above

    if session := access.opened(host):
        session.end_after(access.timeout)
        return session
    with timings("connect"):
        return open_session(
            host,
            hello=Machine.HELLO,
            password=access.password,
            batch=access.batch,
            stop=access.stop,
            timeout=access.timeout,
            meanwhile=access.preload,
            recorder=Recorder(),
        )


def from_file(target: Target, fetching: Fetching = FETCHING) -> Compile:
    """Return what compiles the environment file of a machine, from the cache where it can be.

    Args:
        target: the machine and its environment.
        fetching: how layers are fetched that are not in the cache.

    Raises:
        SpecError: there is no such file; this is said before any machine is asked.
    """
    require_file(target.environment)
    return functools.partial(compile_for, target, fetching)


def compile_for(target: Target, fetching: Fetching, machine: Machine) -> CompiledEnvironment:
    """Return the environment compiled for a machine; layers that are missing are fetched before.

    Args:
        target: the machine and its environment.
        fetching: how layers are fetched that are not in the cache.
        machine: the machine's facts.

    Raises:
        SpecError, SpecErrors: a layer cannot be fetched, or the environment cannot be compiled.
        RefusedError: the environment is to be as the lock says, and the lock does not fit.
    """
    from envwright.cache.compiled import compiled  # noqa: PLC0415 - see above

    path, layers = target.environment, target.layers
    made = fetching.before(lambda: compiled(path, machine, target.variables, layers), path, layers)
    if target.locked:
        from envwright.spec import lockfile, pins  # noqa: PLC0415 - see above

        lock = lockfile.read(path)
        files = made.files and {**made.files, lock.path: lock.checksum}
        made = made._replace(compiled=pins.hold(made.compiled, lock, machine), files=files)
    return made


def require_file(path: str) -> None:
    """Object to a path that is no file, in the words of the reader of environments.

    Raises:
        SpecError: it is none.
    """
    if not Path(path).is_file():
        from envwright.spec.document import read_document  # noqa: PLC0415 - see above

        read_document(path)


def preload(*, verify: bool) -> None:
    """Import what a plan needs, and a verification where one is wanted.

    There is time for it while ssh or sudo opens the session.
    """
    import envwright.cache.compiled  # noqa: PLC0415 - see above
    import envwright.engine.plan  # noqa: PLC0415 - see above

    if verify:
        import envwright.engine.verify  # noqa: F401, PLC0415 - see above


class Password:
    """Sudo's password, asked for once: a run may open several sessions.

    Args:
        source: asks for it, given the text to show.
    """

    def __init__(self, source: Callable[[str], str]) -> None:
        self._source = source
        self._known: str | None = None

    def __call__(self, prompt: str) -> str:
        """Return the password; the text is shown the first time."""
        if self._known is None:
            self._known = self._source(prompt)
        return self._known


def password_source(*, stdin: bool = False) -> Password | None:
    """Return what asks for sudo's password; None where nobody can be asked.

    Args:
        stdin: the password is the first line of stdin.
    """
    if stdin:
        return Password(_password_from_stdin)
    if not somebody_is_there():
        return None
    import getpass  # noqa: PLC0415 - see above

    return Password(getpass.getpass)


def somebody_is_there() -> bool:
    """Tell whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def _password_from_stdin(_: str) -> str:
    return sys.stdin.readline().rstrip("\n") if sys.stdin else ""
