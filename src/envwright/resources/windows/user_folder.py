"""What files in the folders of the Windows user share: where each is, and how it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from envwright.errors import RefusedError
from envwright.facts import Unknown
from envwright.model.operations import Operation, operation
from envwright.model.resource import EXISTENCE

if TYPE_CHECKING:
    from envwright.facts.windows import ProfileFile
    from envwright.model.operations import Source
    from envwright.model.resource import Difference

PLACE = "place"
"""The field of a state that says where the file is: known only when Windows was asked."""


def place(file: ProfileFile) -> dict[str, Any]:
    """Return the part of a state that is known of a file beside what it holds."""
    return {PLACE: [file.path, file.owner, file.group], "kind": file.kind}


def objection(name: str, difference: Difference) -> str:
    """Say why a file is not to be written: it cannot be reached, or something else is there."""
    before = difference.before or {}
    if isinstance(unreadable := before.get(EXISTENCE), Unknown):
        return f"{name} of the Windows user: {unreadable.reason}"
    if before.get("kind", "") in {"", "file"}:
        return ""
    return f"{name} of the Windows user is a {before['kind']}, not a file: move it away first"


def put(id_: str, difference: Difference, source: Source) -> Operation:
    """Write it where Windows has it.

    Raises:
        RefusedError: nobody asked Windows where that is.
    """
    found = (difference.before or {}).get(PLACE)
    if found is None:
        raise RefusedError(
            f"{id_}: only the machine knows where the Windows user's files are",
            hint="apply it with envwright; an export cannot have it",
        )
    path, owner, group = found
    # A drive without metadata has one owner and mode for all, which cannot be changed.
    attributes = {"user": owner, "group": group, "mode": "0644"} if owner else {}
    return operation("files.put", src=source, dest=path, **attributes)
