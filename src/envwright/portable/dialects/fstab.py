"""The mount table /etc/fstab (`fstab`): one mount a line, found by its mount point."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import DialectError, Problem
from .text import insert_lines, require_writable, split_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import Dialect, Value

_LEAST_FIELDS = 3
_FIELDS = 6
_LINE = re.compile(rf"[ \t]*((?!#)[^ \t\r\n]+(?:[ \t]+[^ \t\r\n]+){{0,{_FIELDS - 1}}})")
_ESCAPED_BYTE = re.compile(rb"\\([0-3][0-7]{2})")
_BLANKS = re.compile(r"[ \t]+")
_MUST_ESCAPE = re.compile(r"[ \t\n\r\\]|^#")
_CARRIAGE_RETURN = "systemd takes the carriage return for a part of the last field"
_SLASHES = re.compile(r"/+")
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}")
_OPTION = re.compile(r'(?:"[^"]*"|[^,"])+')
"""One option; a comma in quotes, as in the contexts of SELinux, parts none (mount(8))."""
_SIZE = re.compile(r"size=([0-9]+)([kmgKMG]?)")
_SHIFT = {"": 0, "k": 10, "m": 20, "g": 30}
_NEGATION = re.compile(r"^no(?=[a-z])")
_OPPOSITES = {"ro": "rw", "async": "sync", "strictatime": "atime", "relatime": "atime"}
"""Options by another option that they contradict, beside those that `no` turns round."""


class FstabDialect:
    r"""Keys are mount points, a value is the line's six fields with one blank between them.

    A mount point is a plain path ("/mnt/my disk", without a slash at its end), where the file
    writes \040 for the blank. A value ("C: /mnt/c drvfs rw,noatime 0 0") keeps the escapes, in
    one spelling: blank, tab, line end, backslash, and a # that begins a field, by their octal
    number; `entry` makes one from plain fields. Options default to "defaults", the numbers to 0.

    Two programs read the table: mount(8) by libmount, which knows every octal number and takes a
    line whole or not at all; systemd by getmntent(3) of the C library, which knows \040, \011, \012
    and \134 alone, mounts also what is no number in the last two fields, and takes the carriage
    return of a line of three or four fields for a part of the last. An edit writes what both read;
    `problems` names what only one of them does.

    Swap space has no mount point: its key is "swap" and what it lies on ("swap /swapfile"). Nobody
    reads the second field of such a line ("none", "swap"). Other lines that mount nothing at a path
    are no keys and are never touched. Of a key that stands twice the first counts; removing takes
    all.

    A line that stands for the same mount is the wanted one: options count as a set, `defaults` as
    none beside others, and `size=64m` is `size=65536k`. Where an option contradicts another of the
    same list (`ro,rw`), the last one wins in mount(8), so that their order counts.
    Sources: fstab(5), systemd-fstab-generator(8); the tests ask findmnt and getmntent.
    """

    name = "fstab"

    def read(self, text: str) -> dict[str, Value]:
        """Every mount at a path, and all swap space."""
        found: dict[str, Value] = {}
        for line in split_lines(text):
            if fields := _mount(line):
                found.setdefault(_key(fields), entry(*fields))
        return found

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """The wanted mounts; a line that says the same in other words is the wanted one."""
        found = self.read(text)
        actual: dict[str, Value] = {}
        for key, value in wanted.items():
            if key in found:
                same = isinstance(value, str) and _meaning(_spell(key, value)) == _meaning(
                    found[key]
                )
                actual[key] = value if same else found[key]
        return actual

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """The text with the mounts set or removed."""
        for key, value in changes.items():
            if value is None:
                text = _remove(text, key)
            elif isinstance(value, str):
                text = _set(text, key, _spell(key, value))
            else:
                raise DialectError(f"{key}: a mount is a string of six fields")
        return text

    def problems(self, text: str) -> list[Problem]:
        """Lines that mount(8) ignores, or that systemd reads otherwise."""
        found: list[Problem] = []
        for number, line in enumerate(split_lines(text), start=1):
            match = _LINE.match(line)
            if match and _fields(line) is None:
                reason = "mount ignores it: expected source, target, type, options, two numbers"
                found.append(Problem(number, reason))
            elif match and line.endswith("\r\n") and len(match[1].split()) <= _LEAST_FIELDS + 1:
                found.append(Problem(number, _CARRIAGE_RETURN))
        return found


def entry(  # noqa: PLR0913, PLR0917 -- a line has six fields
    source: str,
    target: str,
    fstype: str,
    options: str = "defaults",
    dump: str = "0",
    passno: str = "0",
) -> str:
    """The value of a mount from its plain fields, escaped as fstab needs it."""
    fields = (source, target, fstype, options, dump, passno)
    for field in fields:
        require_writable(field, without="\0")
    if not all(fields):
        raise DialectError("a field of a mount is empty")
    return " ".join(_MUST_ESCAPE.sub(lambda match: f"\\{ord(match[0]):03o}", f) for f in fields)


def _fields(line: str) -> list[str] | None:
    """The plain fields of a line that mount(8) reads, else None."""
    match = _LINE.match(line)
    if match is None:
        return None
    fields = [_unescape(field) for field in _BLANKS.split(match[1])]
    numbers = fields[4:]
    if len(fields) < _LEAST_FIELDS or not all(_NUMBER.fullmatch(number) for number in numbers):
        return None
    if any("\0" in field for field in fields):
        return None
    return [*fields[:4], *(str(int(number)) for number in numbers)]


def _unescape(field: str) -> str:
    raw = field.encode("utf-8", "surrogateescape")
    plain = _ESCAPED_BYTE.sub(lambda match: bytes([int(match[1], 8)]), raw)
    return plain.decode("utf-8", "surrogateescape")


def _mount(line: str) -> list[str] | None:
    """The plain fields of a line that has a key, else None."""
    fields = _fields(line)
    return fields if fields and (fields[1].startswith("/") or _is_swap(fields)) else None


def _is_swap(fields: list[str]) -> bool:
    return fields[2] == "swap"


def _key(fields: list[str]) -> str:
    if _is_swap(fields):
        return f"swap {fields[0]}"
    return _SLASHES.sub("/", fields[1]).rstrip("/") or "/"


def _is_at(line: str, key: str) -> bool:
    fields = _mount(line)
    return fields is not None and _key(fields) == key


def _spell(key: str, value: str) -> str:
    """The value in its one spelling; DialectError where it is none, or of another mount point."""
    require_writable(value, without="\0\r\n")
    fields = _fields(value) if _LINE.fullmatch(value) else None
    if fields is None:
        raise DialectError(f"{key}: {value!r} is no mount: expected six fields")
    if _mount(value) is None or _key(fields) != key:
        raise DialectError(f"{key!r} is not the mount point of {value!r}")
    return entry(*fields)


def _meaning(value: Value) -> tuple[list[str], object]:
    """What two spellings of the same mount have in common."""
    fields = _fields(str(value)) or []
    if fields and _is_swap(fields):
        fields[1] = "none"
        # swapon(8) reads it as nothing: a word of old that every example has.
        fields[3] = ",".join(o for o in fields[3].split(",") if o != "sw")
    return [*fields[:3], *fields[4:]], _options(fields[3]) if fields else None


def _options(field: str) -> object:
    """The options of a mount: a set, or a list where the order of them counts."""
    options = [_in_bytes(option) for option in _OPTION.findall(field)]
    options = list(dict.fromkeys(option for option in options if option != "defaults"))
    about = [_NEGATION.sub("", option.partition("=")[0]) for option in options]
    about = [_OPPOSITES.get(name, name) for name in about]
    return frozenset(options) if len(set(about)) == len(about) else options


def _in_bytes(option: str) -> str:
    """Write a size as its number of bytes."""
    found = _SIZE.fullmatch(option)
    return f"size={int(found[1]) << _SHIFT[found[2].lower()]}" if found else option


def _set(text: str, key: str, value: str) -> str:
    lines = split_lines(text)
    for index, line in enumerate(lines):
        fields, match = _mount(line), _LINE.match(line)
        if fields is None or match is None or _key(fields) != key:
            continue
        if _meaning(entry(*fields)) == _meaning(value):
            return text
        lines[index] = line[: match.start(1)] + value + line[match.end(1) :]
        return "".join(lines)
    return insert_lines(text, len(text), [value])


def _remove(text: str, key: str) -> str:
    return "".join(line for line in split_lines(text) if not _is_at(line, key))


DIALECTS: Mapping[str, Dialect] = {"fstab": FstabDialect()}
