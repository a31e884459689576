"""Physical lines of a text: numbers, the file's own line ending, whole lines put in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import DialectError

if TYPE_CHECKING:
    from collections.abc import Sequence


def line_number(text: str, offset: int) -> int:
    """The number, from 1, of the line that holds `offset`."""
    return text.count("\n", 0, offset) + 1


def line_ending(text: str) -> str:
    r"""What the first line ends with: "\r\n" or "\n" ("\n" where no line ends)."""
    end = text.find("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def split_lines(text: str) -> list[str]:
    r"""The lines with their endings; only "\n" ends one (str.splitlines knows ten others)."""
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])


def content_of(line: str) -> str:
    r"""A line without its ending, which is "\n" or "\r\n"."""
    return line.removesuffix("\n").removesuffix("\r")


def lines_of(text: str) -> list[str]:
    """The lines of a text without their endings; its last line may have none."""
    return [content_of(line) for line in split_lines(text)]


def insert_lines(text: str, offset: int, lines: Sequence[str], ending: str = "") -> str:
    """The text with `lines` put in at `offset`, a line's start or the end of the text.

    Behind a last line without an ending the new last line has none either. `ending`: what ends a
    line; by default what ends the text's first.
    """
    ending = ending or line_ending(text)
    block = ending.join(lines)
    if offset == len(text) and text and not text.endswith("\n"):
        return text + ending + block
    return text[:offset] + block + ending + text[offset:]


def put_lines(text: str, offset: int, lines: Sequence[str]) -> str:
    """The text with `lines` put in at `offset`, a line's start or the end; each of them is ended.

    A program that adds to the file by `>>` would go on in a last line without an ending.
    """
    ending = line_ending(text)
    before = text[:offset]
    between = ending if before and not before.endswith("\n") else ""
    return before + between + "".join(f"{line}{ending}" for line in lines) + text[offset:]


def require_writable(value: str, *, without: str) -> None:
    """Refuse a value with a character of `without`, or one that no UTF-8 file can hold."""
    for character in without:
        if character in value:
            raise DialectError(f"{value!r} cannot be written: it contains {character!r}")
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise DialectError(f"{value!r} cannot be written as UTF-8") from error
