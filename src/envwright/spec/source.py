"""The text of a file, and the places in it to which errors point."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from envwright.errors import LocatedError, SpecError
from envwright.spec.messages import suggestion

if TYPE_CHECKING:
    from envwright.spec.trees import Tree

SIZE_LIMIT = 1 << 20
"""The most bytes of a file; a larger file is refused before it is parsed."""

_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Source:
    """A text and the name of its file, as a person is shown it, with the SHA-256 of its bytes.

    Args:
        file: the path as the user gave it, or the address of a layer.
        path: where the file lies on this computer.
        tree: the tree that the file came with; None for a file of the user.
    """

    file: str
    text: str = field(repr=False)
    checksum: str = ""
    path: str = ""
    tree: Tree | None = None
    lines: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # YAML 1.2 breaks lines at these three only; str.splitlines breaks at more characters.
        object.__setattr__(self, "lines", tuple(_BREAK.split(self.text)))

    def position(self, offset: int) -> Position:
        """Return the place of a character of the text."""
        before = _BREAK.split(self.text[:offset])
        return Position(self, len(before), len(before[-1]) + 1)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file; line and column count from 1, the column in characters."""

    source: Source
    line: int
    column: int

    @property
    def text(self) -> str:
        """The text of the whole line; "" past the end of the file."""
        lines = self.source.lines
        return lines[self.line - 1] if self.line <= len(lines) else ""

    @property
    def before(self) -> str:
        """The text of the line before this place."""
        return self.text[: self.column - 1]

    @property
    def rest(self) -> str:
        """The text of the line from this place to its end."""
        return self.text[self.column - 1 :]

    def shift(self, columns: int) -> Position:
        """Return a place in the same line."""
        return Position(self.source, self.line, self.column + columns)

    def error(self, message: str, hint: str = "", *, secret: bool = False) -> LocatedError:
        """Return an error at this place; the line that it is in is not shown if that is secret."""
        error = LocatedError(
            message,
            file=self.source.file,
            line=self.line,
            column=self.column,
            excerpt="" if secret else self.text,
            hint=hint,
        )
        error.private = self.source.tree is None
        return error


def read(path: str | Path, shown: str = "", tree: Tree | None = None) -> Source:
    """Read a file of at most SIZE_LIMIT bytes of UTF-8, with or without a byte order mark.

    Args:
        path: where it lies.
        shown: its name in messages, if that is not the path.
        tree: the tree that it came with; None for a file of the user.

    Raises:
        SpecError: the file does not exist, cannot be read, is too large, or is not UTF-8 (a
            LocatedError at the first bad byte).
    """
    file = shown or str(path)
    try:
        with Path(path).open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            data = stream.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(file, Path(path), error) from None
    if len(data) > SIZE_LIMIT:
        known = f"has {size / SIZE_LIMIT:.1f} MiB" if size > SIZE_LIMIT else "is larger"
        raise SpecError(
            f"{file}: the file {known}; an environment has at most 1 MiB",
            hint="name an environment, and put large contents into files of their own",
        )
    checksum = hashlib.sha256(data).hexdigest()
    return Source(file, _decode(file, data), checksum, str(path), tree)


def _unreadable(file: str, path: Path, error: OSError | ValueError) -> SpecError:
    if isinstance(error, FileNotFoundError):
        near = suggestion(path.name, _specs(path.parent)) if path.parent.is_dir() else ""
        return SpecError(
            f"{file}: there is no such file{near}",
            hint="" if near else "name an environment, a file of YAML",
        )
    if isinstance(error, IsADirectoryError):
        files = ", ".join(_specs(path)) or "none is a file of YAML"
        return SpecError(f"{file}: this is a directory", hint=f"name one of its files: {files}")
    if isinstance(error, PermissionError):
        return SpecError(
            f"{file}: you may not read this file", hint=f"`ls -l {file}` shows who may read it"
        )
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return SpecError(f"{file}: the file cannot be read: {reason}")


def _specs(directory: Path) -> list[str]:
    try:
        return sorted(path.name for path in directory.iterdir() if path.suffix in {".yaml", ".yml"})
    except OSError:
        return []


def _decode(file: str, data: bytes) -> str:
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise SpecError(
                f"{file}: the file is UTF-16, not UTF-8",
                hint="save it as UTF-8; PowerShell 5 writes UTF-16 by '>'",
            ) from None
        source = Source(file, data.decode(errors="replace"))
        byte = data[error.start]
        raise source.position(len(data[: error.start].decode())).error(
            f"the byte 0x{byte:02x} is not UTF-8",
            hint=f"save the file as UTF-8; in Latin-1 this byte is {chr(byte)!r}",
        ) from None
