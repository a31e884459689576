"""The compile cache of a fleet: each environment is compiled once for all machines alike."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING

from envwright.engine.context import compile_for, require_file
from envwright.errors import EnvwrightError
from envwright.fetch.stage import FETCHING

if TYPE_CHECKING:
    from envwright.cache.compiled import CompiledEnvironment
    from envwright.engine.context import Compile
    from envwright.facts import Machine
    from envwright.fetch.stage import Fetching
    from envwright.host.inventory import Target


def _key(target: Target, machine: Machine) -> tuple[str, ...]:
    """Return all that a compiled environment depends on; machines and variables have no hash."""
    given = repr(sorted(target.variables.items()))
    return target.environment, given, *target.layers, str(target.locked), repr(machine)


class CompileCache:
    """The environments that were compiled in one run.

    Args:
        fetching: how layers are fetched that are not in the cache.
    """

    def __init__(self, fetching: Fetching = FETCHING) -> None:
        self._fetching = fetching
        self._made: dict[tuple[str, ...], CompiledEnvironment | EnvwrightError] = {}
        self._lock = threading.Lock()

    def compiler(self, target: Target) -> Compile:
        """Return what compiles the environment of a machine.

        Raises:
            SpecError: there is no such file.
        """
        require_file(target.environment)
        return functools.partial(self.compile, target)

    def compile(self, target: Target, machine: Machine) -> CompiledEnvironment:
        """Return the environment of a machine, compiled for its facts, as `cache.compiled` does.

        Raises:
            SpecErrors: the environment cannot be compiled.
        """
        key = _key(target, machine)
        with self._lock:
            if key not in self._made:
                try:
                    self._made[key] = compile_for(target, self._fetching, machine)
                except EnvwrightError as error:
                    self._made[key] = error
            made = self._made[key]
        if isinstance(made, EnvwrightError):
            raise made
        return made

    def add(self, target: Target, machine: Machine, made: CompiledEnvironment) -> None:
        """Take over what another process compiled."""
        self._made[_key(target, machine)] = made

    def mask(self, text: str) -> str:
        """Replace the value of every secret that was read."""
        for made in tuple(self._made.values()):
            if not isinstance(made, EnvwrightError):
                text = made.secrets.mask(text)
        return text
