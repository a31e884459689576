"""WindowsUserFile: what the resources share that write a file in a folder of the Windows user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from envwright.errors import RefusedError
from envwright.facts import Unknown
from envwright.facts.windows import ProfileFile, Windows
from envwright.model.operations import Operation, operation
from envwright.model.resource import EXISTENCE, INTEROP, Resource
from envwright.model.way_back import WayBack

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envwright.facts import Facts, Question
    from envwright.model.operations import Source
    from envwright.model.resource import Difference, Field, Fields, State

PLACE = "place"
"""The field of an actual state that holds the Place of the file."""


UNREACHED = WayBack(stays="Windows did not tell where the file is: change it there by hand")


class Place(NamedTuple):
    """Where a file of the Windows user is in Linux; only Windows knows it.

    Args:
        path: the path in Linux.
        owner: the owner of the folder in Linux; "" where the drive keeps no owners.
        group: the group of the folder.
    """

    path: str
    owner: str
    group: str

    def put(self, source: Source) -> Operation:
        """Return the operation that writes the file."""
        # A drive without metadata has one owner and mode for all, which cannot be changed.
        attributes = {"user": self.owner, "group": self.group, "mode": "0644"} if self.owner else {}
        return operation("paths.put", src=source, dest=self.path, **attributes)


@dataclass(frozen=True, kw_only=True)
class WindowsUserFile(Resource):
    """A file in a folder of the Windows user.

    Args:
        folder: the variable of Windows that names the folder: `LOCALAPPDATA`.
        file: the path below the folder, with slashes.
    """

    folder: str = "USERPROFILE"
    file: str

    def label(self, field: Field) -> str:
        """Leave out the kind, which the id says."""
        return "" if field == "kind" else super().label(field)

    def relies_on(self) -> Iterable[str]:
        return (INTEROP,)

    def questions(self) -> Iterable[Question[Any]]:
        return (self._question,)

    @property
    def _question(self) -> Windows:
        return Windows(file=self.file, folder=self.folder)

    def found(self, facts: Facts) -> ProfileFile | Unknown:
        """Return what Windows has at the path; Unknown where Windows cannot be reached."""
        return cast("ProfileFile | Unknown", facts[self._question])

    def written(self, facts: Facts) -> float | None:
        file = self.found(facts)
        return file.changed if isinstance(file, ProfileFile) else None

    def refusal(self, difference: Difference) -> str:
        before = difference.before or {}
        if isinstance(unreadable := before.get(EXISTENCE), Unknown):
            return f"{self.name} of the Windows user: {unreadable.reason}"
        if before.get("kind", "") in {"", "file"}:
            return ""
        return (
            f"{self.name} of the Windows user is a {before['kind']}, not a file: move it away first"
        )

    def way_back(self, before: State | None) -> WayBack:
        """The file comes back as it was, through the mount of its drive."""
        place = (before or {}).get(PLACE)
        return WayBack(paths=(place.path,)) if isinstance(place, Place) else UNREACHED

    def place(self, difference: Difference) -> Place:
        """Return where Windows has the file.

        Raises:
            RefusedError: Windows was not asked.
        """
        place = (difference.before or {}).get(PLACE)
        if not isinstance(place, Place):
            raise RefusedError(
                f"{self.id}: only the machine knows where the files of the Windows user are",
                hint="apply it with envwright; an export cannot have it",
            )
        return place


def attributes(file: ProfileFile) -> Fields:
    """Return the part of an actual state that does not depend on the text of the file."""
    return {PLACE: Place(file.path, file.owner, file.group), "kind": file.kind}
