"""The systemd manager of an account (`systemctl --user`), which runs from boot on."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from envwright.model.proof import Assertion
from envwright.resources.command import Command
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.package import Package
from envwright.resources.user_service import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

LINGER = "/var/lib/systemd/linger"
"""Where logind keeps the names of the accounts whose managers run from boot on: an empty file for
each (src/login/logind-user.c of systemd). The folder is logind's own (StateDirectory= of its unit):
logind sees no other folder in its place."""
PACKAGES = ("libpam-systemd", "dbus-user-session")
"""What gives a manager its XDG_RUNTIME_DIR, and programs a bus in it."""


def user_manager(user: str, machine: Machine, at: tuple[str | int, ...]) -> Iterator[Resource]:
    """Yield what has the manager of an account run, now and from boot on.

    Args:
        user: the account.
        machine: the machine.
        at: the path of the account in its section.
    """
    for package in PACKAGES:
        yield Package(package=package, at=at)
    for folder in (*reversed(PurePosixPath(FOLDER).parents[:-1]), FOLDER):
        # The manager enables units by links there; root's `mkdir -p` may have made the folder.
        path, group = f"{machine.home(user)}/{folder}", machine.primary_group(user)
        yield Directory(path=path, mode="", owner=user, group=group, at=at)
    yield File(path=f"{LINGER}/{user}", at=at)
    who = shlex.quote(user)
    unit = f'"user@$(id -u -- {who}).service"'
    yield Command(
        title=f"user manager {user}",
        observe=f"systemctl is-active --quiet -- {unit} && echo active || echo inactive",
        expected="active",
        # logind starts the manager by itself only where it learns now that the account lingers.
        run=f"loginctl enable-linger -- {who} && systemctl start -- {unit}",
        back=f'[ "$1" = active ] || systemctl stop -- {unit}',
        seen=(Assertion("run", (f'[ -n "$(pgrep -u {who} -f "systemd --user")" ]',), "rc", 0),),
        after=(f"user:{user}", f"file:{LINGER}/{user}", *(f"package:{p}" for p in PACKAGES)),
        systemd=True,
        at=at,
    )
