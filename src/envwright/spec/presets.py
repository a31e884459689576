"""The presets: environments that come with envwright, which others extend from any folder."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from envwright.errors import SpecError
from envwright.spec.messages import quoted, suggestion
from envwright.spec.trees import Tree

if TYPE_CHECKING:
    from envwright.spec.trees import LayerFile

SCHEME = "preset:"
SUFFIX = ".yaml"


def folder() -> Path:
    """Return the folder of the presets."""
    return Path(importlib.import_module("envwright.environments").__path__[0])


def names() -> list[str]:
    """Return the names of the presets, in their order."""
    return sorted(path.stem for path in folder().glob(f"*{SUFFIX}"))


def preset(name: str) -> LayerFile:
    """Return the file of a preset.

    Raises:
        SpecError: there is no such preset.
    """
    known = names()
    if name not in known:
        raise SpecError(
            f"there is no preset {quoted(name)}{suggestion(name, known)}",
            hint=f"the presets are {', '.join(known)}",
        )
    return Tree(str(folder()), SCHEME, SUFFIX).file(f"{name}{SUFFIX}")
