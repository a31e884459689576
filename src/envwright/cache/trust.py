"""Trust: which commands of which repository a person has agreed to run on this computer.

A person is asked once for a repository and what it runs: the words of its commands, and the content
of the files of the repository among them. When one of these changes, envwright asks again.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from envwright.cache import storage
from envwright.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.spec.reach import LocalCommand, Reach


class UntrustedError(RefusedError):
    """Nobody has agreed to the commands that an environment runs on this computer."""

    def __init__(self, reach: Reach) -> None:
        commands = "".join(f"\n    {command}" for command in reach.commands)
        super().__init__(
            f"the environment runs commands on this computer:{commands}\n"
            "and nobody has agreed to that",
            hint="read them, then say --trust, or run `envwright plan` in a terminal once",
        )


def require(reach: Reach) -> None:
    """Object to what an environment runs and reads on this computer, unless that is agreed to.

    Raises:
        UntrustedError: it runs commands, and nobody has agreed to them.
        RefusedError: it is another user's, and reads files that are not its own.
    """
    if reach.outside and reach.is_foreign():
        raise RefusedError(
            f"the environment is another user's, and reads {reach.outside[0]}, which is not in "
            f"{reach.folder}",
            hint="say --trust where you know what it does with that file; nothing was changed",
        )
    if reach.commands and storage.read(_entry(reach)) is None:
        raise UntrustedError(reach)


def remember(reach: Reach) -> None:
    """Keep that a person has agreed; where that cannot be kept, the person is asked again."""
    lines = "\n".join([reach.folder, *map(str, reach.commands), ""])
    with contextlib.suppress(OSError):
        storage.write(_entry(reach), lines.encode("utf-8", "surrogateescape"))


def _entry(reach: Reach) -> str:
    run = [
        (command.words, command.folder, *_contents(command, Path(reach.folder)))
        for command in reach.commands
    ]
    agreed = repr(("trust", reach.folder, run))
    return storage.checksum(agreed.encode("utf-8", "surrogateescape"))


def _contents(command: LocalCommand, folder: Path) -> Iterator[str]:
    """Yield the checksums of the repository's files that a command names."""
    for word in command.words:
        with contextlib.suppress(OSError, ValueError):
            file = Path(command.folder, word).resolve()
            if file.is_file() and file.is_relative_to(folder):
                yield storage.checksum(file.read_bytes())
