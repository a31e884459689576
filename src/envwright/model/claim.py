"""Claims: the places on a machine that a resource decides about, so that no two fight for one."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import PurePath


class Shared(enum.Enum):
    """What a place can be for several resources at once."""

    DIRECTORY = enum.auto()
    """A directory that may be there already: a mount point, an account's home."""
    EDITED = enum.auto()
    """A file of which each edits entries of its own."""


@dataclass(frozen=True)
class Claim:
    """A place that a resource decides about.

    Args:
        place: a path of the machine (PurePosixPath), or one of its Windows (PureWindowsPath, whose
            first part may be a variable: `%USERPROFILE%`), or the number of an account
            (`uid 1000`).
        noun: as what the resource wants the place, for a message: "a directory".
        shared: resources that say the same here can share the place; None: it is for one alone.
        open: others may decide about what lies below the place.
    """

    place: PurePath
    noun: str
    shared: Shared | None = None
    open: bool = False

    def admits(self, other: Claim) -> bool:
        """Tell whether another resource may claim the same place so."""
        return self.shared is not None and self.shared is other.shared
