"""File dialects: each module reads keys from a text and edits them without touching other bytes.

Standard library only, and nothing from the rest of envwright: an exported deploy carries this
package as it is.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
"""A JSON value; None in an edit means: remove the key."""


class DialectError(ValueError):
    """A text that its dialect cannot read, or a change that it cannot write.

    Args:
        reason: what is wrong, in a few words.
        line: the line of the text that is wrong, from 1; None where the change is.
    """

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason, line)
        self.reason = reason
        self.line = line

    def __str__(self) -> str:
        return self.reason if self.line is None else f"line {self.line}: {self.reason}"


class Problem(NamedTuple):
    """What the program that reads the file refuses or ignores, and at which line, from 1."""

    line: int
    reason: str


class Dialect(Protocol):
    """How one kind of file spells keys and values.

    A text is the file decoded as UTF-8 with surrogateescape, its line endings as they are; what
    `get` returns takes files of other encodings, too, by their marks. A missing file is "". Every
    method raises DialectError for a text that it cannot read.
    """

    @property
    def name(self) -> str:
        """The name under which `get` finds it."""
        ...

    def read(self, text: str) -> dict[str, Value]:
        """Everything that the reading program sees, in file order, spelled as in the file."""
        ...

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """What the text says of the wanted keys, under the names of `wanted`.

        A value that means the same as the wanted one comes back as the wanted one (WSL reads
        "1" as true); an absent key is left out. So `actual(text, wanted) == wanted`, where
        nothing is to be removed, says that `edit(text, wanted)` changes no byte.
        """
        ...

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """The text with each key set, or removed where the value is None.

        Bytes that do not belong to an edited key stay as they are, and so does a value that
        already means what is wanted. New lines end as the file's own do.
        """
        ...

    def problems(self, text: str) -> list[Problem]:
        """What the reading program would refuse or ignore, by line; never raises."""
        ...


_MODULES = {
    "wsl": "wsl",
    "wslconfig": "wsl",
    "json": "jsonfile",
    "jsonc": "jsonc",
    "env": "envfile",
    "goenv": "goenv",
    "pamenv": "pamenv",
    "netrc": "netrc",
    "fstab": "fstab",
    "authorized_keys": "authorizedkeys",
    "shadow": "shadow",
    "block": "blocks",
    "block_top": "blocks",
    "lines": "lines",
    "ini": "ini",
    "toml": "toml",
    "yaml": "yaml",
    "gitconfig": "gitconfig",
}
# By dialect: the program that reads its files, and whether it understands the marks of UTF-8 and
# UTF-16. WSL opens .wslconfig by `ccs=UTF-8`, where a mark of UTF-16 wins (WslCoreConfig.cpp of
# microsoft/WSL); dockerd decodes daemon.json by its mark (tried with 26.1.5). Who reads a file of
# blocks, lines or sections is not known: such a file keeps the encoding that it has.
_READERS = {
    "wsl": ("WSL", False),
    "wslconfig": ("WSL", True),
    "json": ("dockerd", True),
    "jsonc": ("an editor", True),
    "env": ("the system manager", False),
    "goenv": ("Go", False),
    "pamenv": ("pam_env", False),
    "netrc": ("curl", False),
    "fstab": ("mount", False),
    "authorized_keys": ("sshd", False),
    "shadow": ("the C library", False),
    "block": ("a program", True),
    "block_top": ("a program", True),
    "lines": ("a program", True),
    "ini": ("a program", True),
    "toml": ("a program", False),
    "yaml": ("a program", True),
    "gitconfig": ("git", False),
}
NAMES = tuple(_MODULES)
"""The dialects that `get` knows."""


def left_open(name: str, text: str, defaults: Mapping[str, Value]) -> dict[str, Value]:
    """Those of some defaults that a text of a dialect leaves open.

    The first default decides about all: a text that gives its key another value leaves none open.
    Otherwise it leaves open those whose keys it does not have.
    """
    found = get(name).actual(text, defaults)
    first = next(iter(defaults), "")
    if found.get(first, defaults.get(first)) != defaults.get(first):
        return {}
    return {key: value for key, value in defaults.items() if key not in found}


def lacking(name: str, text: str, lines: Iterable[str]) -> list[str]:
    """Those of some lines that a text of a dialect, whose keys are lines, does not have."""
    wanted = dict.fromkeys(lines, True)
    found = get(name).actual(text, wanted) if wanted else {}
    return [line for line in wanted if found.get(line) is not True]


def published(name: str, text: str, key: str) -> str:
    """The line of a published text, in the form of a dialect, that a key stands for.

    Raises:
        DialectError: the text has no such line.
    """
    dialect = get(name)
    for line in dialect.read(text):
        if dialect.actual(line, {key: True}) == {key: True}:
            return line
    raise DialectError(f"has nothing that is {key}")


def get(name: str) -> Dialect:
    """The dialect of that name; DialectError for a name that is not in NAMES."""
    if name not in _MODULES:
        raise DialectError(f"no dialect {name!r}; there are: {', '.join(NAMES)}")
    dialects: Mapping[str, Dialect] = import_module(f".{_MODULES[name]}", __name__).DIALECTS
    encodings = import_module(".encodings", __name__)
    reader, knows_marks = _READERS[name]
    marks = frozenset(encodings.MARKS if knows_marks else ())
    dialect: Dialect = encodings.EncodedDialect(dialects[name], marks, reader)
    return dialect
