"""Edits of wsl.conf and .wslconfig on thousands of files, judged by a reader of their own.

The reader goes character by character, as WSL's own does (src/shared/configfile/configfile.cpp of
microsoft/WSL), and shares nothing with the dialect that is under test.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

import pytest

from envwright.portable.dialects import get

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = 3000
ESCAPES = {"\\": "\\", '"': '"', "b": "\b", "n": "\n", "t": "\t", "\n": ""}
HEADERS = ("[boot]", "[Boot] # b", "\t[user]", "[boot]\t", "[network]# n")
KEYS = ("systemd", "Systemd", "command", "hostName")
# Of these .wslconfig, and no wsl.conf, has the first four in both sections as one key.
VM_HEADERS = ("[wsl2]", "[WSL2] # w", "[experimental]", "\t[Experimental]", "[boot]")
SHARED = ("networkingMode", "dnsTunneling", "firewall", "autoProxy")
VM_KEYS = (*SHARED, "NetworkingMode", "sparseVhd")
PIECES = (
    "x",
    " ",
    "\t",
    "true",
    '"q # y"',
    r"\\",
    r"\n",
    "\\\n y",
    "\\\n",
    '"a\\\nb"',
    "=",
    "'",
    "é",
)
OTHERS = ("", "  ", "# c", "\t# [boot]", "# systemd=true")
# Lines that WSL skips in .wslconfig; in wsl.conf it would read nothing from there on.
BAD = ("; c", "systemd", "1a = b", "my-key = b")
WANTED = (
    "boot.systemd",
    "boot.Command",
    "user.command",
    "network.hostname",
    "time.zone",
    "BOOT.x1",
)
VM_WANTED = (
    *(f"wsl2.{key}" for key in SHARED),
    "experimental.networkingMode",
    "Experimental.Firewall",
    "WSL2.NETWORKINGMODE",
    "experimental.sparseVhd",
    "wsl2.sparseVhd",
)
VALUES = (
    True,
    False,
    7,
    "",
    "plain",
    " blanks ",
    "a # b",
    'say "x"',
    "C:\\x",
    "two\nlines",
    "tab\t",
)


class Entry(NamedTuple):
    """A key, its value, and where that is written, without blanks around it."""

    name: str
    value: str
    start: int
    end: int


def one_name(key: str, *, windows: bool) -> str:
    """The name in lower case, and in [wsl2] what WSL takes in [experimental], too."""
    section, _, name = key.lower().partition(".")
    shared = windows and name in {key.lower() for key in SHARED} and section == "experimental"
    return f"wsl2.{name}" if shared else f"{section}.{name}"


def entries(text: str, *, windows: bool) -> Iterator[Entry]:
    """Read as WSL does; bad lines, which only .wslconfig may have, are skipped."""
    at, section = 0, ""
    while at < len(text):
        end = text.find("\n", at) if "\n" in text[at:] else len(text)
        line = text[at:end].strip(" \t\r")
        name, equals, _ = line.partition("=")
        if line.startswith("["):
            section = line[1 : line.index("]")].lower()
        elif equals and name.strip(" \t").isalnum() and line[0].isalpha():
            start = text.index("=", at) + 1
            value, first, last, end = read_value(text, start)
            key = one_name(f"{section}.{name.strip()}", windows=windows)
            yield Entry(key, value, first, last)
        at = end + 1


def read_value(text: str, at: int) -> tuple[str, int, int, int]:
    """The value, the offsets of its first character and behind its last, and of the line's end."""
    while text[at : at + 1] in {" ", "\t"} and text[at : at + 1]:
        at += 1
    start = last = at
    value = kept = ""
    quoted = False
    while at < len(text) and text[at] != "\n" and (quoted or text[at] not in "#\r"):
        if text[at] == "\\":
            value += ESCAPES[text[at + 1]]
            at += 1
        elif text[at] == '"':
            quoted = not quoted
        else:
            value += text[at]
        at += 1
        if quoted or text[at - 1] not in " \t" or text[at - 2 : at - 1] == "\\":
            kept, last = value, at
    end = text.find("\n", at)
    return kept, start, last, len(text) if end < 0 else end


def written(dice: random.Random, *, windows: bool) -> str:
    """A file in WSL's dialect."""
    lines = []
    headers, keys = dice.choice(((HEADERS, KEYS), (VM_HEADERS, VM_KEYS)))
    for _ in range(dice.randrange(9)):
        value = "".join(dice.choices(PIECES, k=dice.randrange(5)))
        spelled = f"{dice.choice(('', '  '))}{dice.choice(keys)}{dice.choice(('=', ' = '))}{value}"
        comment = dice.choice(("", " # why"))
        others = (*OTHERS, *BAD) if windows else OTHERS
        lines.append(dice.choice((dice.choice(headers), spelled + comment, dice.choice(others))))
    ending = dice.choice(("\n", "\n", "\r\n"))
    return ending.join(lines) + dice.choice(("", ending))


@pytest.mark.parametrize("dialect", ["wsl", "wslconfig"])
def test_an_edit_sets_its_key_and_leaves_every_other_byte(dialect: str) -> None:
    dice = random.Random(dialect)
    for _ in range(FILES):
        windows = dialect == "wslconfig"
        text = written(dice, windows=windows)
        wanted = VM_WANTED if "wsl2" in text.lower() or "exp" in text.lower() else WANTED
        key, value = dice.choice(wanted), dice.choice(VALUES)
        after = get(dialect).edit(text, {key: value})
        judge(text, after, key, value, windows=windows)
        assert get(dialect).actual(after, {key: value}) == {key: value}
        removed = get(dialect).edit(after, {key: None})
        name = one_name(key, windows=windows)
        assert [e[:2] for e in entries(removed, windows=windows)] == [
            e[:2] for e in entries(after, windows=windows) if e.name != name
        ]


def judge(text: str, after: str, key: str, value: object, *, windows: bool) -> None:
    """Compare a file before and after an edit."""
    name = one_name(key, windows=windows)
    word = str(value).lower() if isinstance(value, bool) else str(value)
    spellings = {word, {"true": "1", "false": "0"}.get(word, word)}
    before, now = (list(entries(t, windows=windows)) for t in (text, after))
    place = next((i for i, e in enumerate(before) if e.name == name), None)
    found = next(e for e in now if e.name == name)
    assert found.value.lower() in spellings or found.value in spellings, (text, key, value)
    if place is None:
        assert without_what_came_in(text, after) == text
        assert [e[:2] for e in now if e is not found] == [e[:2] for e in before]
        return
    old = before[place]
    assert after.startswith(text[: old.start]), (text, key, value)
    assert after.endswith(text[old.end :]), (text, key, value)
    others = [[e[:2] for i, e in enumerate(those) if i != place] for those in (before, now)]
    assert others[0] == others[1], (text, key, value)


def without_what_came_in(text: str, after: str) -> str:
    """The text after an edit without the one stretch by which it is longer."""
    start = next(
        (i for i, (a, b) in enumerate(zip(text, after, strict=False)) if a != b), len(text)
    )
    return after[:start] + after[start + len(after) - len(text) :]
