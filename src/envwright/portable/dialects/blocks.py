r"""Blocks (`block`, `block_top`): lines between two marks, in a text file that others own.

    # envwright: tools begin
    export EDITOR=vim
    # envwright: tools end

The marks are comments of the file's own syntax, so that its reader passes over them. Everything
outside of the marks stays, byte for byte.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from . import DialectError, Problem
from .text import content_of, line_ending, lines_of, put_lines, require_writable, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from . import Dialect, Value

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_KEY = re.compile(rf"(\S+) ({_NAME})(?: (\S+))?")
_MARK = re.compile(rf"[ \t]*(\S+) envwright: ({_NAME}) (begin|end)(?: (\S+))?[ \t]*\r?\n?")


class _Block(NamedTuple):
    """A block: its key, the position of its first mark and of its last one among the lines."""

    key: str
    begin: int
    end: int


class BlockDialect:
    """A key is how a comment begins, the name of the block, and how the comment ends, if it does.

    So `# tools` or `<!-- tools -->`. The value is the block's text. A new block goes to the end of
    the file, or (`block_top`) to its beginning, behind a line `#!`; one that is there stays where
    it is. Line endings are the file's own.
    """

    def __init__(self, name: str, *, top: bool) -> None:
        self.name = name
        self._top = top

    def read(self, text: str) -> dict[str, Value]:
        """The text of every block, in file order."""
        lines = split_lines(text)
        return {block.key: _text(lines, block) for block in _blocks(lines)}

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """The wanted blocks that are there; a last line without an ending means the same."""
        found = self.read(text)
        for key, value in wanted.items():
            if isinstance(value, str) and key in found and found[key] == _whole(value):
                found[key] = value
        return {key: found[key] for key in wanted if key in found}

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """The text with the blocks written or removed."""
        for key, value in changes.items():
            self.read(text)
            opened, closed = _marks(key)
            if value is None:
                text = _replaced(text, key, [])
            elif not isinstance(value, str):
                raise DialectError(f"{key}: the text of a block is a string")
            elif self.actual(text, {key: value}) != {key: value}:
                new = [opened, *_checked(key, value), closed]
                text = _replaced(text, key, new) if key in self.read(text) else self._add(text, new)
        return text

    def problems(self, text: str) -> list[Problem]:
        """The first mark that lacks its other one."""
        try:
            self.read(text)
        except DialectError as error:
            return [Problem(error.line or 1, error.reason)]
        return []

    def _add(self, text: str, new: Sequence[str]) -> str:
        first = next(iter(split_lines(text)), "")
        if not self._top:
            return put_lines(text, len(text), new)
        return put_lines(text, len(first) if first.startswith("#!") else 0, new)


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    """Yield the blocks; DialectError for a mark that lacks its other one."""
    seen: set[str] = set()
    key, begin = "", 0
    for position, line in enumerate(lines):
        mark = _MARK.fullmatch(line)
        if mark is None:
            continue
        found = " ".join(word for word in (mark[1], mark[2], mark[4]) if word)
        if mark[3] == "begin":
            if key:
                raise _torn(begin, key, "end")
            if found in seen:
                raise DialectError(
                    f"the block {mark[2]!r} begins a second time, remove one of them", position + 1
                )
            key, begin = found, position
        elif found != key:
            raise _torn(begin, key, "end") if key else _torn(position, found, "begin")
        else:
            seen.add(key)
            yield _Block(key, begin, position)
            key = ""
    if key:
        raise _torn(begin, key, "end")


def _torn(position: int, key: str, missing: str) -> DialectError:
    opened, closed = _marks(key)
    mark = closed if missing == "end" else opened
    return DialectError(
        f"this mark of a block has no mark `{mark}` with it: add that line, or remove this one",
        position + 1,
    )


def _marks(key: str) -> tuple[str, str]:
    match = _KEY.fullmatch(key)
    if match is None:
        raise DialectError(f"{key!r} is no block: how comments begin, a blank, and a name")
    opener, name, closer = match.groups()
    tail = f" {closer}" if closer else ""
    return f"{opener} envwright: {name} begin{tail}", f"{opener} envwright: {name} end{tail}"


def _whole(value: str) -> str:
    return value if value.endswith("\n") or not value else f"{value}\n"


def _checked(key: str, value: str) -> list[str]:
    require_writable(value, without="\r\0")
    lines = lines_of(value)
    for line in lines:
        if _MARK.fullmatch(line):
            raise DialectError(f"{key}: the line {line!r} would be a mark of a block")
    return lines


def _text(lines: Sequence[str], block: _Block) -> str:
    return "".join(f"{content_of(line)}\n" for line in lines[block.begin + 1 : block.end])


def _replaced(text: str, key: str, new: Sequence[str]) -> str:
    """The text with other lines in the place of a block with its marks, if the block is there."""
    lines = split_lines(text)
    for block in _blocks(lines):
        if block.key == key:
            ending = line_ending(text)
            put = [f"{line}{ending}" for line in new]
            return "".join([*lines[: block.begin], *put, *lines[block.end + 1 :]])
    return text


DIALECTS: Mapping[str, Dialect] = {
    "block": BlockDialect("block", top=False),
    "block_top": BlockDialect("block_top", top=True),
}
