"""WindowsKeys: some keys of a file in the profile of the Windows user; all else of it stays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, ClassVar

from envwright.facts import Unknown
from envwright.facts.interop import on_windows
from envwright.model.claim import Claim, Shared
from envwright.model.operations import Edited
from envwright.resources.edited_file import EditedFile
from envwright.resources.windows.user_file import WindowsUserFile, attributes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Facts
    from envwright.model.operations import Operation
    from envwright.model.proof import Assertion
    from envwright.model.resource import Difference, State

_CAT = 'cat "$(wslpath -u "$(ew_cmd_utf16 echo "%$folder%")")/$file"'


@dataclass(frozen=True, kw_only=True)
class WindowsKeys(EditedFile, WindowsUserFile):
    """Some keys of a file in the profile of the Windows user."""

    word: ClassVar[str] = "windows-keys"
    rank: ClassVar[int] = 85

    @property
    def name(self) -> str:
        """The path of the file below the profile."""
        return self.file

    def claims(self) -> Iterable[Claim]:
        path = PureWindowsPath("%USERPROFILE%", self.file)
        return (Claim(path, "a file of some keys", shared=Shared.EDITED),)

    def desired(self) -> State:
        return self.desired_keys()

    def actual(self, facts: Facts) -> State | Unknown | None:
        file = self.found(facts)
        if isinstance(file, Unknown):
            return file
        keys = self.actual_keys(file.text or "")
        if isinstance(keys, Unknown):
            return Unknown(f"{file.path}: {keys.reason}")
        return {**attributes(file), **keys}

    def converge(self, difference: Difference) -> Iterator[Operation]:
        place = self.place(difference)
        yield place.put(Edited(place.path, self.dialect, self.keys))

    def witness(self) -> Iterator[Assertion]:
        script = on_windows(_CAT, folder=self.folder, file=self.file)
        yield from self.key_witness("run", script, "stdout")
