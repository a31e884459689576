"""Compilations: each environment compiled once for all machines that are alike."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from envwright.cache.compiled import Made, compiled
from envwright.errors import EnvwrightError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envwright.facts import Machine


class Compilations:
    """What environments come to, kept for one run."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str], Made | EnvwrightError] = {}
        self._lock = threading.Lock()

    def compile(self, path: str, machine: Machine, variables: Mapping[str, str]) -> Made:
        """Return an environment compiled for a machine, as `cache.compiled` does.

        Raises:
            SpecErrors: it cannot be compiled.
        """
        # By all that it says of itself: its accounts are not hashable.
        key = path, repr(machine)
        with self._lock:
            if key not in self._made:
                try:
                    self._made[key] = compiled(path, machine, variables)
                except EnvwrightError as error:
                    self._made[key] = error
            made = self._made[key]
        if isinstance(made, EnvwrightError):
            raise made
        return made

    def add(self, path: str, machine: Machine, made: Made) -> None:
        """Take over what was compiled elsewhere."""
        self._made[path, repr(machine)] = made

    def mask(self, text: str) -> str:
        """Replace every secret's value that was revealed."""
        for made in tuple(self._made.values()):
            if not isinstance(made, EnvwrightError):
                text = made.secrets.mask(text)
        return text
