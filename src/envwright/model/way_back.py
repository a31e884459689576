"""Ways back: how the change of a resource is taken back, or why it cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class WayBack:
    """How a change is taken back.

    Args:
        paths: what lies at these paths is put back from before-images.
        resources: what brings back the rest; all of it where there are no paths.
        instead: what is taken back in place of the whole paths, where these changed since.
        stays: why the change is not taken back, and what a person can do; "" where it is.
    """

    paths: tuple[str, ...] = ()
    resources: tuple[Any, ...] = ()
    instead: tuple[Any, ...] = ()
    stays: str = ""


UNKNOWN = WayBack(stays="envwright does not know how to take it back")
"""The way back of a word that says nothing of it, which a test of the vocabulary refuses."""
