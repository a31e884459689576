"""How the content of a file goes live: at once when it is harmless, else only after a check."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from envwright.model.operations import Changed, Differs, operation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.model.operations import Operation, Source


def upload(  # noqa: PLR0913 - the properties of one file
    path: str, source: Source, *, mode: str, owner: str, group: str, validate: str = ""
) -> Iterator[Operation]:
    """Write a file; with `validate`, a command on the new file, "$staged", only if that agrees.

    The checked file is staged in the same directory under a name that run-parts(8), sudoers(5)
    and the like pass over (it begins with a dot), then renamed: readers see the old or the new.
    """
    attributes = {"user": owner, "group": group, "mode": mode}
    if not validate:
        yield operation("files.put", src=source, dest=path, **attributes)
        return
    folder, name = PurePosixPath(path).parent, PurePosixPath(path).name
    staged = str(folder / f".{name}.envwright-new")
    # Without a plan, the file that is live tells whether to stage one: the staged one never stays.
    put = operation("files.put", src=source, dest=staged, **attributes)
    yield put.given(Differs(path))
    move = f'mv -fT "$staged" {shlex.quote(path)}'
    discard = '{ code=$?; rm -f "$staged"; exit $code; }'
    script = f"staged={shlex.quote(staged)}; {{ {validate} ; }} && {move} || {discard}"
    yield operation("server.shell", commands=[script]).given(Changed())
