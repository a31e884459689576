"""How a file is written: at once, or only after a command has checked the new file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from envwright.model.operations import operation
from envwright.resources.validators import validator

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from envwright.model.operations import Operation, Source


def upload(  # noqa: PLR0913 - the properties of one file
    path: str,
    source: Source,
    *,
    mode: str,
    owner: str,
    group: str,
    validate: str = "",
    keep: Collection[str] = (),
    once: bool = False,
) -> Iterator[Operation]:
    """Yield the operations that write a file; `validate` is a command that must accept "$staged".

    `keep` names what a file that is there keeps of `mode`, `owner` and `group`; with `once`, all
    that is there stays as it is.

    By default the program that reads the files of that place checks the new file. A checked file is
    staged where only root can look; readers see the old file or the new one.
    """
    validate = validate or validator(path)
    more: dict[str, Any] = {"validate": validate} if validate else {}
    if keep:
        more["keep"] = list(keep)
    if once:
        more["once"] = True
    attributes = {"user": owner, "group": group, "mode": mode}
    yield operation("paths.put", src=source, dest=path, **attributes, **more)
