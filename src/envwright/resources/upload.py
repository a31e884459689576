"""How the content of a file goes live: at once when it is harmless, else only after a check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.model.operations import operation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.model.operations import Operation, Source


def upload(  # noqa: PLR0913 - the properties of one file
    path: str, source: Source, *, mode: str, owner: str, group: str, validate: str = ""
) -> Iterator[Operation]:
    """Write a file; with `validate`, a command on the new file, "$staged", only if that agrees.

    The checked file is staged where only root can look; readers see the old file or the new one.
    """
    checked = {"validate": validate} if validate else {}
    attributes = {"user": owner, "group": group, "mode": mode}
    yield operation("paths.put", src=source, dest=path, **attributes, **checked)
