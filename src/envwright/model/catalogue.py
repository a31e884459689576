"""The catalogue: how capabilities are found, each by the section that it reads."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import pkgutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.model.capability import Section

ENTRY_POINTS = "envwright.capabilities"
"""The entry point group by which other distributions add capabilities: name = section of YAML."""


class Catalogue(Mapping[str, "type[Section]"]):
    """Every capability by its section, in the order of their names, each imported when asked for.

    Each module of envwright.deploys defines exactly one class `Section`; entry points of the group
    `envwright.capabilities` name such a class.
    """

    def __init__(self) -> None:
        package = importlib.import_module("envwright.deploys")
        self._own = frozenset(module.name for module in pkgutil.iter_modules(package.__path__))

    @functools.cached_property
    def _others(self) -> Mapping[str, importlib.metadata.EntryPoint]:
        # All installed distributions are searched for these: not before it must be.
        return {entry.name: entry for entry in importlib.metadata.entry_points(group=ENTRY_POINTS)}

    def __getitem__(self, name: str) -> type[Section]:
        if name in self._own:
            section = importlib.import_module(f"envwright.deploys.{name}").Section
        else:
            section = self._others[name].load()
        section.section = name
        return cast("type[Section]", section)

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._others

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._own, *self._others}))

    def __len__(self) -> int:
        return len({*self._own, *self._others})


@functools.cache
def discover() -> Catalogue:
    """Return every capability that there is."""
    return Catalogue()
