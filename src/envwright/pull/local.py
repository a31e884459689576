"""This machine: the session to it, and the context of an environment that no file names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.cache.compiled import CompiledEnvironment
from envwright.engine.context import Access, open_context, password_source
from envwright.host.inventory import Target
from envwright.host.session import open_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from envwright.engine.context import Context
    from envwright.facts import Machine
    from envwright.host.session import Session
    from envwright.model.secrets import Secrets
    from envwright.spec.compiler import Compiled

    Compile = Callable[[Machine], tuple[Compiled, Secrets]]

HERE = "@local"


def open_here(compile_for: Compile) -> AbstractContextManager[Context]:
    """Open a session to this machine, and compile an environment for it.

    Raises:
        EnvwrightError: either cannot be done.
    """
    access = Access(password_source())
    return open_context(
        Target(HERE), lambda machine: CompiledEnvironment(*compile_for(machine)), access
    )


def session(hello: str) -> Session:
    """Open a session to this machine; sudo may ask where somebody can answer."""
    return open_session(HERE, hello=hello, password=password_source())
