"""The capability `path`: folders of programs in PATH, for every login shell and users' services."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, ConfigDict, model_validator

from envwright.model.capability import Capability
from envwright.model.values import Adding  # noqa: TC001 - pydantic reads it
from envwright.resources.search_path import SearchPath

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Proof
    from envwright.model.resource import Resource

FILE = "62-envwright-path"
"""Sorts behind the files of other sections: what a person says of PATH comes before theirs."""


def _folder(path: str) -> str:
    inner = f"/home{path[1:]}" if path.startswith("~/") else path
    if not inner.startswith("/") or posixpath.normpath(inner) != inner or not path.isprintable():
        raise ValueError(
            "must be a folder that begins with `/` or `~/`, without `..`, `//` or a `/` at its end"
        )
    if {*path} & {*":$⟦⟧"}:
        raise ValueError("must be one folder, without `:`, `$` and secrets; write `~/` for a home")
    return path


Folder = Annotated[str, AfterValidator(_folder)]


class Section(Capability):
    """Folders of programs in PATH, beside those of the system, which always stay.

    A list of folders is short for `prepend:`. `~/` is each person's own home. Login shells (bash,
    dash, ksh, zsh, fish) read the folders from files in /etc, users' services from
    /etc/environment.d (environment.d(5)). No folder is in PATH twice. System services name their
    programs by whole paths, and do not get the folders; neither do commands of ssh, which start no
    login shell. A startup file of a person can set PATH anew: `verify` says so, with the file.
    """

    model_config = ConfigDict(json_schema_extra={"short": "prepend"})
    uncaptured: ClassVar[str] = "The files that set PATH are captured as `files`."
    example: ClassVar[str] = """\
path:
  prepend: [~/.local/bin, /opt/tools/bin]
  append: [/opt/games]
"""

    prepend: Adding[Folder] = []
    """Folders before those of the system: their programs are found first. The first folder comes
    first."""
    append: Adding[Folder] = []
    """Folders behind all others: their programs are found where no other folder has them. Under WSL
    that is behind the folders of Windows."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"prepend": value} if isinstance(value, list) else value

    @model_validator(mode="after")
    def _apart(self) -> Section:
        if both := set(self.prepend) & set(self.append):
            raise ValueError(f"has {min(both)} in 'prepend' and in 'append'")
        return self

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        if self.prepend or self.append:
            yield from self._search_path().resources()

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        if self.prepend or self.append:
            yield from self._search_path().proofs()

    def _search_path(self) -> SearchPath:
        first, last = (list(dict.fromkeys(given)) for given in (self.prepend, self.append))
        return SearchPath(FILE, first, last)
