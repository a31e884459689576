"""The reach of an environment: the commands and files that it uses on the local computer.

The local computer is the one that runs envwright. An environment that names a command for a secret
is code. An environment that names files can copy them to the machine, or into a plan that others
read. So envwright lists both, and asks before it runs a command.
"""

from __future__ import annotations

import functools
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from envwright.errors import LocatedError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from envwright.model.secrets import Secrets
    from envwright.spec.trees import Tree


@dataclass(frozen=True)
class LocalCommand:
    """A command that the environment runs on the local computer, for a secret.

    Args:
        secret: the name of the secret that it prints.
        words: the command and its arguments.
        folder: where it runs, absolute.
        place: `file:line` of its declaration.
    """

    secret: str
    words: tuple[str, ...]
    folder: str
    place: str

    def __str__(self) -> str:
        return f"{shlex.join(self.words)}  (secret {self.secret}, {self.place})"


@dataclass(frozen=True)
class Reach:
    """The commands that an environment runs, and the files that it reads, on the local computer.

    Args:
        folder: the git repository that the environment lies in, else its folder; absolute.
        commands: the commands for secrets.
        outside: the files outside of `folder`, as the environment names them.
    """

    folder: str
    commands: tuple[LocalCommand, ...] = ()
    outside: tuple[str, ...] = ()

    def is_foreign(self) -> bool:
        """Tell whether the folder belongs to a foreign user.

        Root and the user who runs envwright are not foreign; under sudo, the user who called sudo
        (SUDO_UID) is not foreign either.
        """
        own = {0, os.geteuid()}
        if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdecimal():
            own.add(int(os.environ["SUDO_UID"]))
        return os.stat(self.folder).st_uid not in own  # noqa: PTH116 - a text


NO_REACH = Reach("/")
"""The reach of an environment that comes from no file: no commands, no files."""


def reach_of(
    file: str, files: Iterable[str], secrets: Secrets, trees: Sequence[Tree] = ()
) -> Reach:
    """Return the reach of an environment.

    Args:
        file: the environment's file.
        files: all files that were read for it.
        secrets: the secrets that the environment declares.
        trees: where its layers are from that are not files of this computer.
    """
    folder = home_of(file)
    commands, read = [], list(files)
    for secret in secrets.declared:
        if secret.declaration.command is not None:
            where = str(secret.directory.resolve())
            commands.append(
                LocalCommand(secret.name, secret.declaration.command, where, secret.place)
            )
        elif secret.declaration.file is not None:
            read.append(str(secret.directory / os.path.expanduser(secret.declaration.file)))  # noqa: PTH111 - leaves a user whom nobody knows
    own = (path for path in read if not any(tree.holds(path) for tree in trees))
    outside = dict.fromkeys(path for path in own if not is_inside(path, folder))
    return Reach(str(folder), tuple(commands), tuple(outside))


def home_of(file: str) -> Path:
    """Return the git repository that an environment's file lies in, else its folder."""
    # The folder of the path, not of the link's target: a link must not widen the reach.
    folder = Path(file).parent.resolve()
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


def is_inside(path: str, folder: Path) -> bool:
    """Tell whether a file lies in a folder, links followed."""
    return Path(path).resolve().is_relative_to(folder)


def without_foreign_text(faults: Iterable[SpecError], files: Sequence[str]) -> Iterator[SpecError]:
    """Yield faults; a fault in a file outside the homes of some files shows no text of that file.

    An environment can name any file as its base: `extends: /etc/shadow`. The error of that file
    must not show its text.

    Args:
        faults: the faults.
        files: the environment's file, and the files of policies that the person names.
    """
    folder, *others = map(home_of, files)
    inside = functools.cache(lambda path: any(is_inside(path, f) for f in (folder, *others)))
    for fault in faults:
        if isinstance(fault, LocatedError) and fault.private and not inside(fault.file):
            yield LocatedError(
                f"something is wrong here; no text is shown of a file outside of {folder}",
                file=fault.file,
                line=fault.line,
                column=fault.column,
                hint=f"`envwright check {shlex.quote(fault.file)}` tells what is wrong",
            )
        else:
            yield fault
