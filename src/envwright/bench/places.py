"""The places of a machine that are measured: a folder on each file system that people work on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from envwright.errors import RefusedError
from envwright.facts import Disks, Stat, Status, Unknown, holder
from envwright.host.probe import ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from envwright.facts import Facts, Machine, MountPoint, Question
    from envwright.host.session import Session

FOREIGN = frozenset(
    {"9p", "cifs", "drvfs", "fuseblk", "nfs", "nfs4", "ntfs3", "smb3", "virtiofs", "wslfs"}
)
"""The file systems whose files lie with Windows or on another machine."""
OF_THE_SYSTEM = ("/boot", "/etc", "/mnt/wsl", "/mnt/wslg", "/usr", "/var/lib/docker")
"""Below these nobody works, whatever is mounted there."""
PEOPLE = range(1000, 60000)
"""The numbers of the accounts that are people's (login.defs(5), UID_MIN and UID_MAX)."""


@dataclass(frozen=True)
class Place:
    """A folder to measure.

    Args:
        path: the folder.
        kind: the type of its file system.
        owner: in whose name it is measured.
    """

    path: str
    kind: str
    owner: str

    @property
    def foreign(self) -> bool:
        """Whether its files lie with Windows or on another machine."""
        return self.kind in FOREIGN


def find(session: Session, machine: Machine, named: Sequence[str]) -> list[Place]:
    """Return the places that somebody named; else one for each file system that people work on.

    Raises:
        RefusedError: what somebody named is no folder.
    """
    mounts = ask(session, [Disks()])[Disks()]
    known: Mapping[str, MountPoint] = {} if isinstance(mounts, Unknown) else mounts
    paths = list(named) or [*_usual(machine, known)]
    asked: list[Question[Any]] = [Stat(path) for path in paths]
    facts = ask(session, asked)
    if wrong := [path for path in named if not _is_folder(path, facts)]:
        raise RefusedError(f"{wrong[0]} is no folder of {session.name}")
    found: dict[str, Place] = {}
    for path in paths:
        status, at = facts[Stat(path)], holder(path, known)
        if isinstance(status, Status) and _is_folder(path, facts):
            kind = known[at].kind if at in known else "the machine's own"
            found.setdefault(path if named else at, Place(path, kind, status.owner))
    return [*found.values()]


def _is_folder(path: str, facts: Facts) -> bool:
    status = facts[Stat(path)]
    return isinstance(status, Status) and status.kind == "directory"


def first_home(machine: Machine) -> str:
    """Return the home of the first person of a machine; root's where there is none."""
    people = [user for user in machine.accounts.users.values() if user.uid in PEOPLE]
    return min(people, key=lambda user: user.uid).home if people else "/root"


def _usual(machine: Machine, mounts: Mapping[str, MountPoint]) -> Iterator[str]:
    """Yield the first person's home, and where other file systems are mounted."""
    yield first_home(machine)
    for path, mount in sorted(mounts.items()):
        own = any(path == at or path.startswith(f"{at}/") for at in OF_THE_SYSTEM)
        if not own and path != "/" and mount.options[0] == "rw":
            yield path
