"""Answers of machines, damaged at random: what a hostile or broken machine may print."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PIECES = (
    b"\0",
    b"\0\0\0",
    b"\n",
    b"\t",
    b":",
    b"=",
    b"'",
    b'"',
    b"\\",
    b"-1",
    b"0",
    b"9" * 5000,
    b"1e999",
    b"nan",
    b"inf",
    "²".encode(),
    "\u2028".encode(),
    b"\xff\xfe",
    b"\x1b[2J",
    b"+::::::",
    b"2026-99-99 99:99:99",
    b"9999-12-31 23:59:59",
    b"x" * 3000,
    b"[" * 2000,
    b"\r\n",
)
"""What tends to trip parsers: separators, quotes, numbers past every range, broken encodings."""


def mutated(answer: bytes, count: int, seed: int) -> Iterator[bytes]:
    """Yield an answer `count` times, each time damaged in one to four places."""
    chance = random.Random(seed)
    for _ in range(count):
        data = bytearray(answer)
        for _ in range(chance.randint(1, 4)):
            chance.choice(_DAMAGES)(data, chance)
        yield bytes(data)


def _span(data: bytearray, chance: random.Random) -> slice:
    start = chance.randint(0, len(data))
    return slice(start, min(len(data), start + chance.choice((1, 1, 2, 8, 64, 512))))


def _flip(data: bytearray, chance: random.Random) -> None:
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def _cut_off(data: bytearray, chance: random.Random) -> None:
    del data[chance.randint(0, len(data)) :]


def _lose(data: bytearray, chance: random.Random) -> None:
    del data[_span(data, chance)]


def _repeat(data: bytearray, chance: random.Random) -> None:
    span = _span(data, chance)
    data[span.start : span.start] = data[span] * chance.randint(1, 20)


def _insert(data: bytearray, chance: random.Random) -> None:
    start = chance.randint(0, len(data))
    data[start:start] = chance.choice(PIECES)


def _replace_a_field(data: bytearray, chance: random.Random) -> None:
    """Put a piece in the place of what stands between two separators."""
    separator = chance.choice((b"\t", b"\n", b"\0", b" ", b":", b"=", b","))
    fields = bytes(data).split(separator)
    fields[chance.randrange(len(fields))] = chance.choice(PIECES)
    data[:] = separator.join(fields)


_DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip,
    _cut_off,
    _lose,
    _repeat,
    _insert,
    _replace_a_field,
    _replace_a_field,
)
