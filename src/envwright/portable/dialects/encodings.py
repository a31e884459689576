r"""The encoding of a file: which one its mark names, and whether its reader knows that one.

A text comes as bytes decoded by UTF-8 with surrogateescape, whatever they are. A file in UTF-16,
which Windows PowerShell's `>` and `Out-File` write, would be read as rubbish that way, and an edit
would mix two encodings in one file.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, NamedTuple

from . import DialectError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import Dialect, Value

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""The encoding that a file's first bytes name."""


class Encoding(NamedTuple):
    """How a file is encoded: by what mark it says so ("" for none), and by what name."""

    mark: bytes
    name: str

    def decode(self, text: str) -> str:
        """The plain text of a file, without its mark."""
        if not self.mark:
            return text
        data = _bytes(text)[len(self.mark) :]
        errors = "surrogateescape" if self.name == "utf-8" else "strict"
        try:
            return data.decode(self.name, errors)
        except UnicodeDecodeError as error:
            line = data[: error.start].decode(self.name, "replace").count("\n") + 1
            reason = f"the file is not the {self.name.upper()} that its mark says"
            raise DialectError(reason, line) from error

    def encode(self, plain: str) -> str:
        """The file of a plain text, with its mark."""
        if not self.mark:
            return plain
        errors = "surrogateescape" if self.name == "utf-8" else "strict"
        try:
            data = self.mark + plain.encode(self.name, errors)
        except UnicodeEncodeError as error:
            raise DialectError(f"a value cannot be written as {self.name.upper()}") from error
        return data.decode("utf-8", "surrogateescape")


NO_MARK = Encoding(b"", "utf-8")


def encoding_of(text: str) -> Encoding:
    """The encoding of a file by its mark."""
    if not text.startswith(("\ufeff", "\udcff", "\udcfe")):
        return NO_MARK
    start = _bytes(text[:2])
    return next((Encoding(mark, MARKS[mark]) for mark in MARKS if start.startswith(mark)), NO_MARK)


def known_encoding(text: str, marks: frozenset[bytes], reader: str) -> Encoding:
    """The encoding of a file that a program reads; DialectError for one that it does not know.

    A mark of UTF-8 that the program does not know is no mark to it, but the character that it is.
    """
    encoding = encoding_of(text)
    if encoding.mark in marks or encoding is NO_MARK:
        return encoding
    if encoding.name == "utf-8":
        return NO_MARK
    raise DialectError(
        f"the file is {encoding.name.upper()}, which {reader} does not read: save it as UTF-8", 1
    )


class EncodedDialect:
    """A dialect, and the encodings that the program knows which reads its files.

    Args:
        dialect: reads and edits the plain text.
        marks: the marks that the program understands; a file with another one is refused. A dialect
            may read UTF-8's mark itself, as the character that it is: then it is left to it.
        reader: the program, for messages.
    """

    def __init__(self, dialect: Dialect, marks: frozenset[bytes], reader: str) -> None:
        self.name = dialect.name
        self._dialect, self._marks, self._reader = dialect, marks, reader

    def read(self, text: str) -> dict[str, Value]:
        """As the dialect."""
        return self._dialect.read(self._encoding(text).decode(text))

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """As the dialect."""
        return self._dialect.actual(self._encoding(text).decode(text), wanted)

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """As the dialect; the file keeps its encoding and its mark."""
        encoding = self._encoding(text)
        return encoding.encode(self._dialect.edit(encoding.decode(text), changes))

    def problems(self, text: str) -> list[Problem]:
        """As the dialect; an encoding that the reading program does not know is one, too."""
        try:
            plain = self._encoding(text).decode(text)
        except DialectError as error:
            return [Problem(error.line or 1, error.reason)]
        return self._dialect.problems(plain)

    def _encoding(self, text: str) -> Encoding:
        return known_encoding(text, self._marks, self._reader)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
