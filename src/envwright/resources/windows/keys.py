"""WindowsKeys: keys of a file in the Windows user's profile, of which every other byte stays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any, ClassVar, cast

from envwright.errors import ConflictError
from envwright.facts import Unknown
from envwright.facts.interop import on_windows
from envwright.facts.windows import ProfileFile, Windows
from envwright.model.claim import Claim, Shared
from envwright.model.operations import Edited
from envwright.model.proof import Assertion
from envwright.model.resource import Resource
from envwright.portable import dialects
from envwright.resources.windows.user_folder import PLACE, objection, place, put

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State, Value

FIELD = "key "
_CAT = 'cat "$(wslpath -u "$(ew_cmd_utf16 echo %USERPROFILE%)")/$file"'


@dataclass(frozen=True, kw_only=True)
class WindowsKeys(Resource):
    """Some keys of a file.

    Args:
        file: relative to the profile (%USERPROFILE%), with slashes: `.wslconfig`.
        dialect: how it is read and edited, by its name in envwright.portable.dialects.
        keys: the value of each key, as its dialect takes it; None: there must be no such key.
    """

    file: str
    dialect: str
    keys: Mapping[str, Value] = field(default_factory=dict)

    word: ClassVar[str] = "windows-keys"
    rank: ClassVar[int] = 85

    @property
    def name(self) -> str:
        """The file's name in the profile."""
        return self.file

    def label(self, name: str) -> str:
        """Name a key as its file does."""
        return name.removeprefix(FIELD)

    def claims(self) -> Iterable[Claim]:
        path = PureWindowsPath("%USERPROFILE%", self.file)
        return (Claim(path, "a file of some keys", shared=Shared.EDITED),)

    def questions(self) -> Iterable[Question[Any]]:
        return (Windows(file=self.file),)

    def desired(self) -> State:
        return {FIELD + key: value for key, value in self.keys.items()}

    def actual(self, facts: Facts) -> State | Unknown | None:
        found = facts[Windows(file=self.file)]
        if isinstance(found, Unknown):
            return found
        file = cast("ProfileFile", found)
        try:
            values = dialects.get(self.dialect).actual(file.text or "", self.keys)
        except dialects.DialectError as error:
            return Unknown(f"{file.path}: {error}")
        return {**place(file), **{FIELD + key: values.get(key) for key in self.keys}}

    def written(self, facts: Facts) -> float | None:
        file = facts[Windows(file=self.file)]
        return file.changed if isinstance(file, ProfileFile) else None

    def refusal(self, difference: Difference) -> str:
        return objection(self.file, difference)

    def converge(self, difference: Difference) -> Iterator[Operation]:
        path = str((difference.before or {}).get(PLACE, [""])[0])
        yield put(self.id, difference, Edited(path, self.dialect, self.keys))

    def witness(self) -> Iterator[Assertion]:
        # Dialects of Windows' side have words and switches, which their view is told apart by `?`.
        switches = {key for key, value in self.keys.items() if isinstance(value, bool)}
        plain = {
            key: value if key in switches or value is None else str(value)
            for key, value in self.keys.items()
        }
        names = " ".join(f"{key}?" if key in switches else key for key in self.keys)
        script = on_windows(_CAT, file=self.file)
        yield Assertion("run", (script,), "stdout", plain, view=self.dialect, key=names)

    def merge(self, other: Resource) -> Resource:
        theirs = cast("WindowsKeys", other)
        for key in self.keys.keys() & theirs.keys.keys():
            if self.keys[key] != theirs.keys[key]:
                raise ConflictError(
                    f"{self.file}: {self.origins[0]} wants {key} = {self.keys[key]!r}, "
                    f"{other.origins[0]} wants {theirs.keys[key]!r}",
                    hint="say it in one place",
                )
        both = replace(self, keys={**self.keys, **theirs.keys})
        return both if self.dialect == theirs.dialect else super().merge(other)
