"""pyinfra operations on paths that are safe where users can change the folders.

pyinfra's own files.* look a path up anew for every command, as root, and so follow any link that a
user has put there meanwhile. These operations compare and change by change.pl: they replace exactly
the file that they compared, and a new file has its owner and mode from the start.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING

from pyinfra.api.command import StringCommand
from pyinfra.api.exceptions import OperationError
from pyinfra.api.facts import FactBase
from pyinfra.api.operation import operation
from pyinfra.context import host

from . import change

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator

    from pyinfra.api.arguments import ConnectorArguments
    from pyinfra.api.host import Host
    from pyinfra.api.state import State
    from pyinfra.connectors.util import CommandOutput


@dataclass(frozen=True)
class Seen:
    """What lies at a path: `identity` is true of nothing else, and "none" where nothing lies.

    `kind` is file, directory, link or other; `target` is a link's; `refusal` says why nothing may
    be done there.
    """

    kind: str = ""
    mode: str = ""
    owner: str = ""
    group: str = ""
    identity: str = "none"
    target: str = ""
    refusal: str = ""

    def has(self, user: str, group: str, mode: str = "") -> bool:
        """Tell whether these attributes hold; "" stands for any."""
        return user in {"", self.owner} and group in {"", self.group} and mode in {"", self.mode}

    def holds(self, data: bytes) -> bool:
        """Tell whether it is a file with this content."""
        return self._digest == hashlib.sha256(data).hexdigest()

    def is_like(self, other: Seen) -> bool:
        """Tell whether both are files with the same content."""
        return self._digest != "" and self._digest == other._digest

    @property
    def _digest(self) -> str:
        """The SHA-256 of a file's content; "" where it is not known."""
        *_, digest = ("", *self.identity.split(":")[2:])
        return digest


class Look(FactBase[Seen]):
    """What lies at a path."""

    default = Seen

    def command(self, path: str) -> str:
        """Return the script; its answer is in hexadecimal digits, for pyinfra carries text."""
        return change("look", path)

    def process(self, output: list[str]) -> Seen:
        """Read the answer."""
        words = bytes.fromhex("".join(output)).decode("utf-8", "surrogateescape").split("\0")
        return Seen(*words)


def _look(path: str) -> Seen:
    seen = host.get_fact(Look, path=path)
    if seen.refusal:
        raise OperationError(seen.refusal)
    return seen


@operation()
def put(  # noqa: PLR0913, PLR0917 - the properties of one file; pyinfra's own take them so, too
    src: IO[bytes],
    dest: str,
    user: str = "",
    group: str = "",
    mode: str = "",
    validate: str = "",
    keep: Collection[str] = (),
    *,
    once: bool = False,
) -> Generator[StringCommand, None, None]:
    """Write a file whole; missing folders above it belong to whom the folders around them do.

    Args:
        src: an open file; an attribute `based_on` says of what it is an edit (see Seen.identity).
        dest: the full path.
        user: its owner; "": root, or who owns the file that has this content already.
        group: its group, likewise.
        mode: four octal digits; "": 0600, likewise.
        validate: a command that must agree to the new content, in "$staged", before it goes live.
        keep: the attributes of Seen that stay where a file is; those given are a new file's then.
        once: what is there stays as it is, whatever it is.
    """
    seen = _look(dest)
    if once and seen.kind:
        host.noop(f"{dest} is there")
        return
    user, group, mode = _kept(Seen(mode=mode, owner=user, group=group), seen, keep)

    def upload() -> StringCommand:
        data = _read(src)
        expected = getattr(src, "based_on", "") or seen.identity
        words = (dest, user, group, mode, expected, str(len(data)), validate)
        text = base64.b64encode(data).decode()
        return StringCommand(f"base64 --decode | {change('put', *words)}", _stdin=f"{text}\n")

    # One of another owner is replaced: that owner may still hold it open, to write.
    # While pyinfra only prepares, a source that is for a missing file is not made yet.
    same = seen.kind == "file" and seen.holds(_read(src))
    if same and seen.has(user, group, mode):
        host.noop(f"{dest} is as it should be")
    elif same and seen.has(user, ""):
        yield StringCommand(change("access", dest, group, mode, seen.identity))
    else:
        yield Late(upload)


def _kept(given: Seen, seen: Seen, keep: Collection[str]) -> tuple[str, str, str]:
    """Return owner, group and mode: those that are given, but for what a file keeps."""
    own = {name: getattr(seen, name) for name in keep} if seen.kind == "file" else {}
    kept = replace(given, **own)
    return kept.owner, kept.group, kept.mode


class Late(StringCommand):
    """A command that is made when it is run."""

    def __init__(self, make: Callable[[], StringCommand]) -> None:
        super().__init__("write a file")
        self._make = make

    def execute(
        self, state: State, host: Host, connector_arguments: ConnectorArguments
    ) -> tuple[bool, CommandOutput]:
        """Make it and run it."""
        done: tuple[bool, CommandOutput]
        done = self._make().execute(state, host, connector_arguments)
        return done


def _read(src: IO[bytes]) -> bytes:
    src.seek(0)
    return src.read()


@operation()
def directory(
    path: str, user: str = "", group: str = "", mode: str = ""
) -> Generator[StringCommand, None, None]:
    """Make a directory, or give it its owner and mode; arguments as `put`."""
    seen = _look(path)
    if seen.kind == "directory" and seen.has(user, group, mode):
        host.noop(f"{path} is as it should be")
    elif seen.kind not in {"", "directory"}:
        raise OperationError(f"{path} exists and is not a directory")
    else:
        yield StringCommand(change("folder", path, user, group, mode, seen.identity))


@operation()
def link(
    path: str, target: str, user: str = "", group: str = "", template: str = ""
) -> Generator[StringCommand, None, None]:
    """Make a symbolic link, or turn the one that is there; arguments as `put`.

    Args:
        path: the full path.
        target: what the link says.
        user: its owner.
        group: its group.
        template: a file that only root changes; the link takes the place of a copy of it.
    """
    seen = _look(path)
    if seen.kind == "link" and seen.target == target and seen.has(user, group):
        host.noop(f"{path} is as it should be")
    elif seen.kind not in {"", "link"} and not (template and seen.is_like(_look(template))):
        raise OperationError(f"{path} exists and is not a link")
    else:
        yield StringCommand(change("link", path, user, group, target, seen.identity))


@operation()
def absent(path: str) -> Generator[StringCommand, None, None]:
    """Remove what lies at a path, unless it is a directory."""
    seen = _look(path)
    if seen.identity == "none":
        host.noop(f"{path} does not exist")
    elif seen.kind == "directory":
        raise OperationError(f"{path} is a directory, and directories are not removed")
    else:
        yield StringCommand(change("remove", path, seen.identity))


class Guard(FactBase[str]):
    """Why root must not act by this path, looked up anew; "" where only root can change it."""

    default = str

    def command(self, path: str) -> str:
        """Return the script; it says so on stderr, which pyinfra does not show."""
        return f"{change('guard', path)} 2>&1 || :"

    def process(self, output: list[str]) -> str:
        """Join the lines."""
        return "\n".join(output)


@operation()
def guarded(path: str) -> Generator[StringCommand, None, None]:
    """Change nothing; refuse to go on where others than root can change the folders above."""
    if refusal := host.get_fact(Guard, path=path):
        raise OperationError(refusal)
    host.noop(f"{path} is root's to change")
    yield from ()
