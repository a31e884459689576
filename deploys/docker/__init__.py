"""The capability `docker`: Docker Engine from Docker's own apt repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from envwright.model.capability import Capability, Objection
from envwright.model.operations import Key
from envwright.model.values import BaseUrl, Developers, Fingerprint, spelled
from envwright.resources.accounts import accounts
from envwright.resources.apt_source import AptSource
from envwright.resources.keys import Keys
from envwright.resources.member import Member
from envwright.resources.package import Package, untouched
from envwright.resources.service import Service

from .daemon import DAEMON, Daemon
from .proofs import proofs
from .requirements import requirements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Proof, Requirement
    from envwright.model.resource import Resource

FINGERPRINT = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"
"""The fingerprint of Docker's signing key, as docs.docker.com/engine/install announces it."""
ENGINE = ("docker-ce", "docker-ce-cli")
BESIDE = ("containerd.io", "docker-buildx-plugin", "docker-compose-plugin")
# docs.docker.com/engine/install/{debian,ubuntu}: packages that conflict with the official ones.
CONFLICTING = (
    "docker.io",
    "docker-compose",
    "docker-compose-v2",
    "docker-doc",
    "podman-docker",
    "containerd",
    "runc",
)

# Names of the file that Docker's instructions, or their `add-apt-repository`, wrote before
# docker.sources; `docker.list` is one of them, too.
OLD_FILES = ("docker-ce.list", "archive_uri-https_download_docker_com_linux_*.list")

Version = Annotated[
    str,
    spelled(r"^[0-9][0-9A-Za-z.~-]*\*?$", 'a version of Docker, like "29.1.3" or "29.*"'),
]


class Section(Capability):
    """Docker Engine from Docker's own apt repository.

    envwright follows the steps of docs.docker.com/engine/install: it removes conflicting packages
    and what older instructions wrote into apt's sources, adds the apt source, whose key must have
    the `fingerprint`, and installs Docker's five packages from there. It writes the keys of
    daemon.json that are given here, and the rotation of logs where the file names no log driver;
    other keys stay. The new daemon.json goes live only when `dockerd --validate` accepts it, and
    the daemon restarts when it changed. Plan refuses what would keep the daemon from working: an
    option of its unit that daemon.json has, too, a `data-root` on a drive that does not fit,
    another Docker. Membership of the group `docker` is as good as root, and takes effect after a
    new login.
    """

    uncaptured: ClassVar[str] = (
        "Docker's packages are captured as `packages`, daemon.json as `files`."
    )
    example: ClassVar[str] = """\
docker:
  users: [dev]
  daemon:
    log-driver: local
    live-restore: true
"""

    users: Developers = []
    """The accounts that may use Docker. They become members of the group `docker`, which is as good
    as root."""
    version: Version | None = None
    """The version of the engine and its client; by default the newest one when they are
    installed."""
    daemon: Daemon = Daemon()
    """Keys of /etc/docker/daemon.json; other keys in the file stay."""
    mirror: BaseUrl = "https://download.docker.com"
    """The base address of the packages and of their key."""
    fingerprint: Fingerprint = FINGERPRINT
    """The fingerprint of the key that signs the packages; change it only for a mirror that signs
    with a key of its own."""

    def resources(self, machine: Machine) -> Iterator[Resource]:
        for package in CONFLICTING:
            yield Package(package=package, present=False)
        if self.mirror.startswith("https:"):
            yield Package(package="ca-certificates")
        source = self._source(machine)
        yield source.old_entries
        yield source
        yield from self._packages()
        yield Keys(
            path=DAEMON,
            dialect="json",
            keys=self.daemon.keys(),
            defaults=self.daemon.defaults(),
            validate='dockerd --validate --config-file "$staged"',
            needs=("package:docker-ce",),
            at=("daemon",),
        )
        for index, user in enumerate(self.users):
            needs = ("package:docker-ce",)
            yield Member(user=user, group="docker", needs=needs, at=("users", index))
        yield from _services()

    def _source(self, machine: Machine) -> AptSource:
        address = f"{self.mirror}/linux/{machine.distro}"
        return AptSource(
            source="docker",
            uris=(address,),
            suites=(machine.codename,),
            components=("stable",),
            architectures=(machine.architecture,),
            key=Key((self.fingerprint,), url=f"{address}/gpg"),
            old_files=OLD_FILES,
            old_addresses=("download.docker.com/linux", "apt.dockerproject.org"),
            at=("mirror",),
        )

    def _packages(self) -> Iterator[Resource]:
        # Docker's versions have an epoch and a revision: 5:29.1.3-1~debian.13~trixie. apt matches
        # any rest of a version by an asterisk, which must be its last character.
        revision = "" if (self.version or "").endswith("*") else "-*"
        version = f"5:{self.version}{revision}" if self.version else ""
        conflicts = tuple(f"package:{package}" for package in CONFLICTING)
        needs = ("apt-source:docker", *conflicts)
        for package in ENGINE:
            yield Package(package=package, version=version, needs=needs, at=("version",))
        for package in BESIDE:
            yield Package(package=package, needs=needs)

    def objections(self, machine: Machine) -> Iterator[Objection]:
        if machine.distro not in {"debian", "ubuntu"}:
            yield Objection(
                f"Docker publishes no packages for {machine.distro}",
                "use Debian or Ubuntu, or leave out `docker`",
            )

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        yield from accounts(self.users, machine, "users")
        yield from requirements(self.daemon, machine)

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        yield from self._source(machine).proofs()
        yield untouched("Docker's programs are as they were installed", (*ENGINE, *BESIDE))
        yield from proofs(self.daemon, self.users)


def _services() -> Iterator[Resource]:
    """Yield the daemon, and the units without which it does not start, or starts no container."""
    yield Service(unit="containerd.service", needs=("package:containerd.io",))
    yield Service(unit="docker.socket", needs=("package:docker-ce",))
    before = ("package:docker-ce", "service:containerd.service", "service:docker.socket")
    yield Service(unit="docker.service", reads=(DAEMON,), needs=before)
