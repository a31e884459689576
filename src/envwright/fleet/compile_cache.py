"""The compile cache of a fleet: each environment is compiled once for all machines alike."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING

from envwright.cache.compiled import CompiledEnvironment, compiled
from envwright.engine.context import require_file
from envwright.errors import EnvwrightError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envwright.engine.context import Compile
    from envwright.facts import Machine


class CompileCache:
    """The environments that were compiled in one run.

    Args:
        variables: the variables that the command line sets.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._made: dict[tuple[str, str], CompiledEnvironment | EnvwrightError] = {}
        self._lock = threading.Lock()

    def compiler(self, path: str) -> Compile:
        """Return what compiles an environment file.

        Raises:
            SpecError: there is no such file.
        """
        require_file(path)
        return functools.partial(self.compile, path)

    def compile(self, path: str, machine: Machine) -> CompiledEnvironment:
        """Return an environment compiled for a machine, as `cache.compiled` does.

        Raises:
            SpecErrors: the environment cannot be compiled.
        """
        # A machine is not hashable: its accounts are not.
        key = path, repr(machine)
        with self._lock:
            if key not in self._made:
                try:
                    self._made[key] = compiled(path, machine, self._variables)
                except EnvwrightError as error:
                    self._made[key] = error
            made = self._made[key]
        if isinstance(made, EnvwrightError):
            raise made
        return made

    def add(self, path: str, machine: Machine, made: CompiledEnvironment) -> None:
        """Take over what another process compiled."""
        self._made[path, repr(machine)] = made

    def mask(self, text: str) -> str:
        """Replace the value of every secret that was read."""
        for made in tuple(self._made.values()):
            if not isinstance(made, EnvwrightError):
                text = made.secrets.mask(text)
        return text
