"""Whole lines (`lines`) of a text file that others own: each is there or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import DialectError, Problem
from .text import content_of, lines_of, put_lines, require_writable, split_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import Dialect, Value


class LinesDialect:
    r"""A key is a whole line without its ending, which is "\n" or "\r\n"; its value is True.

    A new line goes to the end of the file. Removing takes every line of that text.
    """

    name = "lines"

    def read(self, text: str) -> dict[str, Value]:
        """Every line."""
        return dict.fromkeys(lines_of(text), True)

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """The wanted lines that are there."""
        return {line: True for line in wanted if line in self.read(text)}

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """The text with the lines added or removed."""
        for content, value in changes.items():
            require_writable(content, without="\n\r\0")
            if value is None:
                text = "".join(line for line in split_lines(text) if content_of(line) != content)
            elif value is not True:
                raise DialectError(f"{content!r}: a line is there (true) or not, it has no value")
            elif content not in self.read(text):
                text = put_lines(text, len(text), [content])
        return text

    def problems(self, text: str) -> list[Problem]:  # noqa: ARG002 - every text has lines
        """None."""
        return []


DIALECTS: Mapping[str, Dialect] = {"lines": LinesDialect()}
