"""docker-ce as Docker documents it: signed source, packages, daemon.json, group, service."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from envwright.capability import AbsolutePath, AccountName, Capability, Settings, render
from envwright.resource import Key, Proof, Requirement, Resource
from envwright.resources.apt_source import AptSource
from envwright.resources.keys import Keys
from envwright.resources.member import Member
from envwright.resources.package import Package
from envwright.resources.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine

DAEMON = "/etc/docker/daemon.json"
FINGERPRINT = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"
"""Of Docker's signing key, as docs.docker.com/engine/install announces it."""
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

Url = Annotated[
    str,
    Field(
        pattern=r"^https?://[^\s\"'<>\\]+[^\s\"'<>\\/]$",
        json_schema_extra={"words": "an http or https address without a `/` at its end"},
    ),
]
Version = Annotated[
    str,
    Field(
        pattern=r"^[0-9][0-9A-Za-z.*~-]*$",
        json_schema_extra={"words": 'a version of Docker, like "29.1.3" or "29.*"'},
    ),
]
Fingerprint = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-F]{40}$",
        json_schema_extra={"words": "40 hexadecimal digits, in capitals and without blanks"},
    ),
]
Size = Annotated[
    str,
    Field(pattern=r"^[0-9]+[kmg]?$", json_schema_extra={"words": 'a size in quotes, like "10m"'}),
]


def hyphenated(name: str) -> str:
    """Return a field's name as daemon.json has it."""
    return name.replace("_", "-")


class Part(Settings):
    """A table of daemon.json; a key that is left out is not managed."""

    model_config = ConfigDict(alias_generator=hyphenated)


class Pool(Part):
    """A range that networks are taken from."""

    base: str
    """The range, in CIDR notation."""
    size: int = Field(ge=1, le=32)
    """The length of the prefix of each network."""


class Proxies(Part):
    """The daemon's own proxies."""

    http_proxy: str | None = None
    """For http."""
    https_proxy: str | None = None
    """For https."""
    no_proxy: str | None = None
    """What is reached directly."""


class Features(Part):
    """Switches."""

    containerd_snapshotter: bool | None = None
    """Keep images in containerd's store."""
    cdi: bool | None = None
    """Container Device Interface."""
    buildkit: bool | None = None
    """Build with BuildKit."""


class Runtime(Part):
    """Another OCI runtime."""

    path: str
    """Its program."""
    runtime_args: list[str] = Field(default=[], alias="runtimeArgs")
    """Its arguments."""


class Limit(Part):
    """A resource limit; names as daemon.json spells them."""

    name: str = Field(alias="Name")
    """Which limit: `nofile`."""
    hard: int = Field(alias="Hard")
    """What a process can raise it to."""
    soft: int = Field(alias="Soft")
    """What a process begins with."""


class BuildCache(Part):
    """The build cache's collector."""

    enabled: bool | None = None
    """Collect."""
    default_keep_storage: str | None = Field(default=None, alias="defaultKeepStorage")
    """How much to keep: `20GB`."""


class Builder(Part):
    """BuildKit."""

    gc: BuildCache | None = None
    """The build cache's collector."""


class Daemon(Part):
    """Keys of daemon.json (docs.docker.com/reference/cli/dockerd)."""

    data_root: AbsolutePath | None = None
    """Where images and volumes lie; the containerd store (Docker 29) is not moved by it."""
    log_driver: str | None = None
    """The log driver; by default json-file with rotation, which plain Docker leaves out."""
    log_opts: dict[str, str] | None = None
    """Its options; values are text: `max-size: "10m"`."""
    registry_mirrors: list[str] | None = None
    """Mirrors of Docker Hub."""
    insecure_registries: list[str] | None = None
    """Registries without TLS."""
    live_restore: bool | None = None
    """Containers go on while the daemon restarts."""
    default_address_pools: list[Pool] | None = None
    """Ranges that networks are taken from."""
    dns: list[str] | None = None
    """Name servers of containers."""
    bip: str | None = None
    """The bridge's own address, in CIDR notation."""
    mtu: int | None = Field(default=None, ge=68)
    """The networks' MTU, in bytes."""
    ipv6: bool | None = None
    """IPv6 on the default bridge."""
    iptables: bool | None = None
    """Let Docker write firewall rules."""
    ip6tables: bool | None = None
    """The same for IPv6."""
    ip_forward: bool | None = None
    """Turn on forwarding in the kernel."""
    firewall_backend: Literal["iptables", "nftables"] | None = None
    """How rules are written."""
    userland_proxy: bool | None = None
    """Serve loopback connections by a process of its own."""
    features: Features | None = None
    """Switches."""
    runtimes: dict[str, Runtime] | None = None
    """Other OCI runtimes by name."""
    default_runtime: str | None = None
    """The runtime of containers that name none."""
    cdi_spec_dirs: list[AbsolutePath] | None = None
    """Where CDI descriptions lie."""
    proxies: Proxies | None = None
    """The daemon's own proxies."""
    exec_opts: list[str] | None = None
    """Options of the runtime."""
    default_ulimits: dict[str, Limit] | None = None
    """Limits of containers."""
    default_shm_size: Size | None = None
    """The size of /dev/shm in containers."""
    builder: Builder | None = None
    """BuildKit."""
    debug: bool | None = None
    """Say more in the log."""
    group: AccountName | None = None
    """The group that owns the socket."""
    cgroup_parent: str | None = None
    """The parent cgroup of containers."""
    max_concurrent_downloads: int | None = Field(default=None, ge=1)
    """Layers pulled at a time."""
    storage_driver: Literal["overlay2", "fuse-overlayfs", "btrfs", "zfs", "vfs"] | None = None
    """How images are stored."""
    shutdown_timeout: int | None = Field(default=None, ge=-1)
    """Seconds that containers are given to stop."""
    labels: list[str] | None = None
    """Labels of the daemon."""
    metrics_addr: str | None = None
    """Where metrics are offered."""

    def keys(self) -> dict[str, Any]:
        """Return the keys that are given as JSON pointers, log rotation among them."""
        values = self.model_dump(exclude_none=True)
        if "log-driver" not in values:
            opts = {"max-size": "10m", "max-file": "3", **values.get("log-opts", {})}
            values |= {"log-driver": "json-file", "log-opts": opts}
        return dict(_leaves(values))


def _leaves(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        pointer = prefix + name.replace("~", "~0").replace("/", "~1")
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{pointer}/")
        else:
            yield pointer, value


class Section(Capability):
    """Docker Engine from Docker's own apt repository.

    The steps of docs.docker.com/engine/install: conflicting packages go, the source is signed by
    the key whose fingerprint is known, the five packages come from it. daemon.json is edited by
    keys, tried by `dockerd --validate` before it goes live; the daemon restarts when it changed.
    Membership of the group `docker` is as good as root, and is felt after a new login.
    """

    example: ClassVar[str] = """\
docker:
  users: [dev]
  daemon:
    log-driver: local
    live-restore: true
"""

    users: list[AccountName] = []
    """Accounts that may use Docker: members of the group `docker`, which is as good as root."""
    version: Version | None = None
    """The version of the engine and its client; by default whatever is newest at first."""
    daemon: Daemon = Daemon()
    """Keys of /etc/docker/daemon.json; others in that file stay."""
    mirror: Url = "https://download.docker.com"
    """Where the packages and their key come from."""
    fingerprint: Fingerprint = FINGERPRINT
    """Of the key that signs them; change it only for a mirror that signs by itself."""

    def resources(self, machine: Machine) -> Iterator[Resource]:
        if machine.distro not in {"debian", "ubuntu"}:
            return
        for package in CONFLICTING:
            yield Package(package=package, present=False)
        if self.mirror.startswith("https:"):
            yield Package(package="ca-certificates")
        yield self._source(machine)
        yield from self._packages()
        yield Keys(
            path=DAEMON,
            dialect="json",
            keys=self.daemon.keys(),
            validate='dockerd --validate --config-file "$staged"',
            needs=("package:docker-ce",),
            at=("daemon",),
        )
        for index, user in enumerate(self.users):
            needs = ("package:docker-ce",)
            yield Member(user=user, group="docker", needs=needs, at=("users", index))
        yield Service(unit="docker.service", reads=(DAEMON,), needs=("package:docker-ce",))

    def _source(self, machine: Machine) -> Resource:
        address = f"{self.mirror}/linux/{machine.distro}"
        return AptSource(
            source="docker",
            uris=(address,),
            suites=(machine.codename,),
            components=("stable",),
            architectures=(machine.architecture,),
            key=Key((self.fingerprint,), url=f"{address}/gpg"),
            at=("mirror",),
        )

    def _packages(self) -> Iterator[Resource]:
        # Docker's versions have an epoch and a revision: 5:29.1.3-1~debian.13~trixie.
        version = f"5:{self.version}-*" if self.version else ""
        conflicts = tuple(f"package:{package}" for package in CONFLICTING)
        needs = ("apt-source:docker", *conflicts)
        for package in ENGINE:
            yield Package(package=package, version=version, needs=needs, at=("version",))
        for package in BESIDE:
            yield Package(package=package, needs=needs)

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        if machine.distro not in {"debian", "ubuntu"}:
            yield Requirement(
                "Docker publishes packages for this distribution",
                "false",
                f"Docker publishes no packages for {machine.distro}",
                "use Debian or Ubuntu, or leave out `docker`",
            )
        desktop = "/mnt/wsl/docker-desktop"
        yield Requirement(
            "Docker Desktop does not serve this distribution",
            'for path in "$(command -v docker)" /var/run/docker.sock; do\n'
            f'case $(readlink -f "$path") in {desktop}/*) exit 1;; esac\ndone',
            "Docker Desktop's integration serves this distribution; docker-ce would fight it for "
            "/var/run/docker.sock",
            "turn it off: Docker Desktop, Settings, Resources, WSL integration",
        )

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        yield Proof(
            "a container runs and its published port answers", render("docker.container.sh")
        )
        driver = self.daemon.keys()["log-driver"]
        yield Proof(
            "the logs of a new container rotate",
            render("docker.logs.sh", driver=shlex.quote(driver)),
            at=("daemon",),
        )
        yield Proof("docker compose answers", "docker compose version")
        for index, user in enumerate(self.users):
            yield Proof(
                f"{user} uses Docker without sudo",
                f"runuser -u {shlex.quote(user)} -- docker version --format "
                + shlex.quote("{{.Server.Version}}"),
                at=("users", index),
            )
