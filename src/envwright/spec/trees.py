"""Trees of layers that are not the user's own files: the presets, a commit of git, a file by https.

A file of such a tree is shown by the address of the tree, and names nothing outside of the tree.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from envwright.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Tree:
    """The files that came with a layer.

    Args:
        root: the folder, or the file where the layer is a single file.
        before, after: what stands before and after the path of a file, in what a person is shown.
        depends: the checksums of the files that decided which tree this is.
    """

    root: str
    before: str
    after: str = ""
    depends: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    def file(self, path: str) -> LayerFile:
        """Return a file of the tree by its path in the tree; "" is the root itself."""
        whole = Path(self.root, path) if path else Path(self.root)
        return LayerFile(f"{self.before}{path.removesuffix(self.after)}", str(whole), self)

    def holds(self, path: str) -> bool:
        """Tell whether a path lies in the tree, once all links are followed."""
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.root))


def _short(path: str) -> str:
    """Return a path without `..`, unless a link on the way makes that another file."""
    short = os.path.normpath(path)
    try:
        return short if os.path.realpath(short) == os.path.realpath(path) else path
    except ValueError:  # a NUL, which who opens the file tells
        return path


@dataclass(frozen=True)
class LayerFile:
    """A file of YAML that is a layer.

    Args:
        shown: its name in messages.
        path: where it lies on this computer.
        tree: the tree that it came with; None for a file of the user.
    """

    shown: str
    path: str
    tree: Tree | None = None

    def beside(self, name: str) -> LayerFile:
        """Return the file that this file names by a path.

        Raises:
            SpecError: this file is part of a tree, and the path leads out of the tree.
        """
        if self.tree is None:
            # As in a shell, `~nobody` stays as it is, where Path.expanduser would raise.
            path = _short(str(Path(self.path).parent / os.path.expanduser(name)))  # noqa: PTH111 - above
            return LayerFile(path, path)
        path = os.path.normpath(Path(self.path).parent / name)
        if "\0" in name or name.startswith(("/", "~")) or not self.tree.holds(path):
            raise SpecError(
                f"{name}: this path leads out of the layer {self.shown}",
                hint="a layer that was not written here extends its own files, presets and full "
                "addresses",
            )
        return self.tree.file(os.path.relpath(path, self.tree.root))
