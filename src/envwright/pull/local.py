"""A job on this machine whose environment no command line names."""

from __future__ import annotations

import contextlib
import getpass
from typing import TYPE_CHECKING

from envwright.facts import Machine
from envwright.job import Job, somebody_is_there
from envwright.transport import open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from envwright.compiler import Compiled
    from envwright.secrets import Secrets
    from envwright.transport import Session

    Compile = Callable[[Machine], tuple[Compiled, Secrets]]


class LocalJob(Job):
    """An environment on this machine, its session open."""

    def __init__(self, session: Session, compile_for: Compile) -> None:
        self.session = session
        self.machine = Machine.read(session.hello.stdout)
        self.compiled, self.secrets = compile_for(self.machine)


@contextlib.contextmanager
def opened(compile_for: Compile) -> Iterator[LocalJob]:
    """Open a session to this machine, and compile for it.

    Raises:
        EnvwrightError: either cannot be done.
    """
    with session(Machine.HELLO) as opened_session:
        yield LocalJob(opened_session, compile_for)


def session(hello: str) -> Session:
    """Open a session to this machine; sudo may ask where somebody can answer."""
    ask = getpass.getpass if somebody_is_there() else None
    return open_session("@local", hello=hello, password=ask)
