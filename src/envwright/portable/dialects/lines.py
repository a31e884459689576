"""A set of lines (`lines`): authorized_keys, known hosts, lists of names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import DialectError, Problem
from .text import insert_lines, require_writable, split_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import Dialect, Value


class LinesDialect:
    """A key is a whole line without its ending; its value is True.

    Blank lines and lines that start with # (blanks before it aside) are no keys and stay. A new
    line goes to the end; removing takes every line that is exactly the key.
    """

    name = "lines"

    def read(self, text: str) -> dict[str, Value]:
        """Every line that is neither blank nor a comment."""
        return {key: True for line in split_lines(text) if _is_key(key := _content(line))}

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """The wanted lines that are there."""
        found = self.read(text)
        return {key: True for key in wanted if key in found}

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """The text with the lines added or removed."""
        for key, value in changes.items():
            if value is not None and value is not True:
                raise DialectError(f"{key!r}: a line is there (true) or not, it has no value")
            if value is None:
                text = _remove(text, key)
            elif key not in self.read(text):
                text = _add(text, key)
        return text

    def problems(self, text: str) -> list[Problem]:  # noqa: ARG002 -- the protocol has it
        """None: every line is as good as any other."""
        return []


def _content(line: str) -> str:
    return line.removesuffix("\n").removesuffix("\r")


def _is_key(content: str) -> bool:
    return bool(content.strip()) and not content.lstrip().startswith("#")


def _add(text: str, key: str) -> str:
    if not _is_key(key):
        raise DialectError(f"{key!r} cannot be a line of its own: it is blank or a comment")
    require_writable(key, without="\n\r\0")
    return insert_lines(text, len(text), [key])


def _remove(text: str, key: str) -> str:
    if not _is_key(key):
        return text
    return "".join(line for line in split_lines(text) if _content(line) != key)


DIALECTS: Mapping[str, Dialect] = {"lines": LinesDialect()}
