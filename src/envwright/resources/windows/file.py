"""WindowsFile: a file in a folder of the Windows user with exactly this content."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, ClassVar

from envwright.facts import Unknown
from envwright.facts.interop import on_windows
from envwright.model.claim import Claim
from envwright.model.operations import Content
from envwright.model.proof import Assertion
from envwright.resources.windows.user_file import WindowsUserFile, attributes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Facts
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State

# The plan reads the file through the mount in Linux; the witness lets a program of Windows read it.
_TYPE = r"""
ew_run cmd.exe /d /c type "$(ew_cmd_utf16 echo "%$folder%")\\$file"
"""


@dataclass(frozen=True, kw_only=True)
class WindowsFile(WindowsUserFile):
    """A whole file of the Windows user.

    Args:
        content: all of its text.
    """

    content: str

    word: ClassVar[str] = "windows-file"
    rank: ClassVar[int] = 85
    text_field: ClassVar[str] = "content"

    @property
    def name(self) -> str:
        r"""The path as Windows understands it: `%LOCALAPPDATA%\envwright\Debian.ps1`."""
        return f"%{self.folder}%\\{self._windows}"

    @property
    def _windows(self) -> str:
        return self.file.replace("/", "\\")

    def claims(self) -> Iterable[Claim]:
        return (Claim(PureWindowsPath(self.name), "a whole file"),)

    def desired(self) -> State:
        return {"kind": "file", "content": self.content}

    def actual(self, facts: Facts) -> State | Unknown | None:
        file = self.found(facts)
        if isinstance(file, Unknown):
            return file
        return {**attributes(file), "content": file.text or ""}

    def converge(self, difference: Difference) -> Iterator[Operation]:
        yield self.place(difference).put(Content(self.content))

    def witness(self) -> Iterator[Assertion]:
        script = on_windows(_TYPE, folder=self.folder, file=self._windows)
        yield Assertion("run", (script,), "stdout", self.content)
