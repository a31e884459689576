"""A job on this machine whose environment no command line names."""

from __future__ import annotations

import contextlib
import getpass
from typing import TYPE_CHECKING

from envwright.cache.compiled import Made
from envwright.engine.context import Job, somebody_is_there
from envwright.facts import Machine
from envwright.host.inventory import Target
from envwright.host.session import open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from envwright.host.session import Session
    from envwright.model.secrets import Secrets
    from envwright.spec.compiler import Compiled

    Compile = Callable[[Machine], tuple[Compiled, Secrets]]

HERE = "@local"


@contextlib.contextmanager
def opened(compile_for: Compile) -> Iterator[Job]:
    """Open a session to this machine, and compile for it.

    Raises:
        EnvwrightError: either cannot be done.
    """
    with session(Machine.HELLO) as own:
        yield Job(Target(HERE), {}, own, lambda _path, machine, _given: Made(*compile_for(machine)))


def session(hello: str) -> Session:
    """Open a session to this machine; sudo may ask where somebody can answer."""
    ask = getpass.getpass if somebody_is_there() else None
    return open_session(HERE, hello=hello, password=ask)
