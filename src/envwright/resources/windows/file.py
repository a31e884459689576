r"""WindowsFile: a whole file in a folder of the Windows user's, known by its variable."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any, ClassVar, cast

from envwright.facts import Unknown
from envwright.facts.interop import on_windows
from envwright.facts.windows import ProfileFile, Windows
from envwright.model.claim import Claim
from envwright.model.operations import Content
from envwright.model.proof import Assertion
from envwright.model.resource import Resource
from envwright.resources.windows.user_folder import objection, place, put

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State

# Not by Linux and its mount, as the plan reads it: Windows' own word for what it has.
_TYPE = r"""
ew_run cmd.exe /d /c type "$(ew_cmd_utf16 echo "%$folder%")\\$file"
"""


@dataclass(frozen=True, kw_only=True)
class WindowsFile(Resource):
    r"""A file of the Windows user's.

    Args:
        folder: the variable of Windows that says below what: `LOCALAPPDATA`.
        file: relative to that, with slashes.
        content: all of its text.
    """

    folder: str
    file: str
    content: str

    word: ClassVar[str] = "windows-file"
    rank: ClassVar[int] = 85
    text_field: ClassVar[str] = "content"

    @property
    def name(self) -> str:
        r"""Its path as Windows understands it: `%LOCALAPPDATA%\envwright\Debian.ps1`."""
        return f"%{self.folder}%\\{self._windows}"

    @property
    def _windows(self) -> str:
        return self.file.replace("/", "\\")

    def label(self, name: str) -> str:
        """Leave out the kind, which the id says."""
        return "" if name == "kind" else name

    def claims(self) -> Iterable[Claim]:
        return (Claim(PureWindowsPath(self.name), "a whole file"),)

    def questions(self) -> Iterable[Question[Any]]:
        return (Windows(file=self.file, folder=self.folder),)

    def desired(self) -> State:
        return {"kind": "file", "content": self.content}

    def actual(self, facts: Facts) -> State | Unknown | None:
        found = facts[Windows(file=self.file, folder=self.folder)]
        if isinstance(found, Unknown):
            return found
        file = cast("ProfileFile", found)
        return {**place(file), "content": file.text or ""}

    def refusal(self, difference: Difference) -> str:
        return objection(self.name, difference)

    def converge(self, difference: Difference) -> Iterator[Operation]:
        yield put(self.id, difference, Content(self.content))

    def witness(self) -> Iterator[Assertion]:
        script = on_windows(_TYPE, folder=self.folder, file=self._windows)
        yield Assertion("run", (script,), "stdout", self.content)
