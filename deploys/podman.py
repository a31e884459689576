"""The capability `podman`: containers without root and without a daemon, for accounts."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, ClassVar

from pydantic import model_validator

from envwright.model.capability import Capability, render
from envwright.model.proof import Assertion, Proof
from envwright.model.values import Developers  # noqa: TC001 - pydantic reads annotations
from envwright.resources.accounts import accounts
from envwright.resources.as_user import Person
from envwright.resources.command import Command
from envwright.resources.package import Package
from envwright.resources.user_manager import user_manager
from envwright.resources.user_service import UserService

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Requirement
    from envwright.model.resource import Resource

PACKAGES = ("podman", "crun", "uidmap", "fuse-overlayfs", "catatonit")
"""podman, and of what Debian's package recommends what containers without root take."""
BEFORE_5 = ("bullseye", "bookworm", "focal", "jammy", "noble")
"""The releases whose podman is older than 5.0, which joins networks by slirp4netns; since then by
passt (podman-run(1), --network)."""
BEFORE_4 = ("bullseye", "focal", "jammy")
"""The releases whose podman is older than 4.0, with CNI plugins in place of netavark."""
SECONDS = 120


class Section(Capability):
    """Podman for accounts: containers that run with no rights but the account's own.

    Each account gets subordinate ids for the users of its containers, a systemd manager that runs
    from boot on, so that containers outlive the login, and podman's socket, which speaks Docker's
    API: `DOCKER_HOST=unix:///run/user/UID/podman/podman.sock`.
    """

    example: ClassVar[str] = "podman:\n  users: [dev]\n"

    uncaptured: ClassVar[str] = "capture does not tell which accounts run containers yet."

    users: Developers = []
    """The accounts that run containers."""
    socket: bool = True
    """Whether the accounts have the socket with Docker's API."""

    @model_validator(mode="after")
    def _for_somebody(self) -> Section:
        if not self.users:
            raise ValueError("has no accounts: name them in 'users', or have a section 'user'")
        return self

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        yield from accounts(self.users, machine, "users")

    def resources(self, machine: Machine) -> Iterator[Resource]:
        network = "slirp4netns" if machine.codename in BEFORE_5 else "passt"
        names = () if machine.codename in BEFORE_4 else ("aardvark-dns",)
        for package in (*PACKAGES, network, *names):
            yield Package(package=package)
        for index, user in enumerate(self.users):
            at = ("users", index)
            manager = list(user_manager(user, machine, at))
            yield from manager
            yield _ids(user, at)
            if self.socket:
                yield UserService(
                    user=user,
                    home=machine.home(user),
                    unit="podman.socket",
                    needs=("package:podman", *(resource.id for resource in manager)),
                    at=at,
                )

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        for index, user in enumerate(self.users):
            person, at = Person.named(user, machine), ("users", index)
            script = person.runs(render("podman.container.sh"), SECONDS)
            yield Proof(f"a container of {user} runs without root", script, at=at)
            if self.socket:
                script = person.runs(render("podman.socket.sh"), SECONDS)
                yield Proof(f"podman of {user} answers as Docker does", script, at=at)


def _ids(user: str, at: tuple[str | int, ...]) -> Command:
    """Return the command that gives an account subordinate ids, 65536 of users and of groups.

    useradd(8) gives them to new accounts; an older account, or one of a directory, has none.
    """
    who = shlex.quote(user)
    known = f'[ -n "$(getsubids {who})" ] && [ -n "$(getsubids -g {who})" ]'
    return Command(
        title=f"subordinate ids {user}",
        observe=render("podman.ids.sh", user=who, give=False),
        expected="given",
        run=render("podman.ids.sh", user=who, give=True),
        seen=(Assertion("run", (known,), "rc", 0),),
        edits=("/etc/subuid", "/etc/subgid"),
        after=(f"user:{user}", "package:podman", "package:uidmap"),
        at=at,
    )
