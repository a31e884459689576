"""The files of a systemd unit, as they are on disk, and the command line that they give."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from envwright.facts.question import Question, decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

FOLDERS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
"""Where systemd looks for the units of the system, the first folder first (systemd.unit(5))."""
PREFIXES = "@-:|+!"
"""What may stand before the program in ExecStart= (systemd.service(5))."""


class CommandLine(NamedTuple):
    """What ExecStart= of a unit comes to: the program and its arguments, and the file with it."""

    words: tuple[str, ...]
    path: str


@dataclass(frozen=True)
class UnitFiles(Question["Mapping[str, str]"]):
    """The question for the texts of a unit's file and of its drop-ins, by path.

    The files are those on disk, which systemd may not have read yet.
    """

    name: str

    @classmethod
    def script(cls, questions: Sequence[UnitFiles]) -> str:
        names = [shlex.quote(q.name) for q in questions]
        globs = " ".join(
            f"{folder}/{name} {folder}/{name}.d/*.conf" for name in names for folder in FOLDERS
        )
        # A file without a line, such as a link to /dev/null, hides others: grep would not name it.
        return (
            f"set --; for file in {globs}; do\n"
            '[ -f "$file" ] || [ -c "$file" ] || continue\n'
            'set -- "$@" "$file"; printf \'%s\\0\\n\' "$file"\ndone\n'
            "[ $# = 0 ] || grep -HZ '' -- \"$@\""
        )

    @classmethod
    def parse(
        cls, questions: Sequence[UnitFiles], output: bytes
    ) -> Mapping[UnitFiles, Mapping[str, str]]:
        texts: dict[str, list[str]] = {}
        for record in decode(output).split("\n"):
            path, _, line = record.partition("\0")
            texts.setdefault(path, []).append(line)
        return {
            q: {p: "\n".join(lines[1:]) for p, lines in texts.items() if _belongs(p, q.name)}
            for q in questions
        }


def _belongs(path: str, unit: str) -> bool:
    file = PurePosixPath(path)
    return unit in (file.name, file.parent.name.removesuffix(".d"))


def command_line(
    files: Mapping[str, str], unit: str, environment: Iterable[str] = ()
) -> CommandLine | None:
    """Return what a unit's files say in ExecStart=, its variables filled in; None where none does.

    Args:
        files: the texts by path.
        unit: the unit's full name.
        environment: lines `NAME=value` of files that EnvironmentFile= may name.
    """
    found: list[CommandLine] = []
    variables: dict[str, str] = {}
    for path in _in_order(files, unit):
        for key, value in _assignments(files[path]):
            if key == "Environment":
                variables = {**variables, **_variables(_split(value))} if value else {}
            elif key == "ExecStart":
                found = [*found, CommandLine(tuple(_split(value)), path)] if value else []
    if not found:
        return None
    variables |= _variables(environment)
    words = list(found[0].words)
    words[0] = words[0].lstrip(PREFIXES)
    return CommandLine(tuple(_filled(words, variables)), found[0].path)


def _in_order(files: Mapping[str, str], unit: str) -> Iterator[str]:
    """Yield the files that count, in the order in which systemd reads them.

    Of files with one name the one in the first folder counts; drop-ins come by name.
    """
    kept: dict[str, str] = {}
    for folder in FOLDERS:
        for path in sorted(files):
            file = PurePosixPath(path)
            if str(file.parent) in (folder, f"{folder}/{unit}.d"):
                kept.setdefault(file.name, path)
    first = kept.pop(unit, None)
    yield from ([first] if first else [])
    yield from (kept[name] for name in sorted(kept))


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    """Yield the keys and values of [Service] (systemd.syntax(7))."""
    section, carried = "", ""
    for line in text.splitlines():
        if line.lstrip()[:1] in {"#", ";"}:
            continue
        if line.endswith("\\"):
            carried += line[:-1] + " "
            continue
        whole, carried = (carried + line).strip(), ""
        if whole.startswith("["):
            section = whole
        elif section == "[Service]":
            key, _, value = whole.partition("=")
            yield key.strip(), value.strip()


def _split(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:  # a quote that nothing closes
        return value.split()


def _variables(lines: Iterable[str]) -> dict[str, str]:
    return {name: value for name, equals, value in (s.partition("=") for s in lines) if equals}


def _filled(words: Iterable[str], variables: Mapping[str, str]) -> Iterator[str]:
    """Fill in variables: a word `$NAME` becomes words, `${NAME}` a part of its word."""
    for word in words:
        if re.match(r"\$[^{$]", word):
            yield from variables.get(word[1:], "").split()
        else:
            yield re.sub(
                r"\$\{(\w+)\}|\$\$", lambda m: variables.get(m[1], "") if m[1] else "$", word
            )
