"""The keys of daemon.json, typed where docs.docker.com/reference/cli/dockerd lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, model_validator

from envwright.model.capability import Settings
from envwright.model.values import AbsolutePath, AccountName, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

ROTATED = "json-file"
"""The log driver where none is named; what its containers say is kept for ever by default."""
ROTATION = {"max-size": "10m", "max-file": "3"}

Size = Annotated[
    str,
    spelled(r"^[0-9]+[kmg]?$", 'a size in quotes, like "10m"'),
]

ApiVersion = Annotated[str, spelled(r"^[0-9]+[.][0-9]+$", 'a version in quotes, like "1.24"')]


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
    """Its options; values are text: `max-size: "10m"`. json-file keeps three files of 10 MB unless
    these say otherwise. With another driver named, they replace all options that are there: those
    of one driver stop the daemon under another."""
    log_level: Literal["debug", "info", "warn", "error", "fatal"] | None = None
    """How much the daemon says in its own log."""
    min_api_version: (
        Annotated[str, spelled(r"^[0-9]+[.][0-9]+$", 'a version like "1.24"')] | None
    ) = None
    """The oldest API that clients may speak; Docker 29 takes 1.44 by itself."""
    hosts: list[str] | None = None
    """Where the daemon listens. Docker's own unit passes `-H fd://`, beside which the daemon does
    not start with this key: a drop-in of `systemd` has to take that option out of ExecStart."""
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
    dns_search: list[str] | None = None
    """Domains in which containers look for short names."""
    dns_opts: list[str] | None = None
    """Options of the resolver in containers."""
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
    userns_remap: str | None = None
    """Another user's range of ids for the users of containers: `default`, or `user:group`."""
    storage_opts: list[str] | None = None
    """Options of the storage driver."""
    init: bool | None = None
    """Run an init process in each container."""
    icc: bool | None = None
    """Let containers on the default bridge reach each other."""
    extra: dict[str, JsonValue] = {}
    """Further keys of daemon.json by the names that they have there, with any value of JSON.
    `dockerd --validate` judges them before the file goes live."""

    @model_validator(mode="after")
    def _no_typed_key_in_extra(self) -> Daemon:
        typed = {hyphenated(name) for name in type(self).model_fields} - {"extra"}
        if known := sorted(typed & self.extra.keys()):
            raise ValueError(f"'extra' has {known[0]!r}: write it beside 'extra', as {known[0]}")
        return self

    def keys(self) -> dict[str, Any]:
        """Return the keys that are given as JSON pointers, log rotation among them."""
        values = self.model_dump(exclude_none=True, exclude={"extra"}) | self.extra
        driver = values.setdefault("log-driver", ROTATED)
        if driver == ROTATED:
            values["log-opts"] = {**ROTATION, **values.get("log-opts", {})}
            return dict(_leaves(values))
        options = values.pop("log-opts", None)
        return dict(_leaves(values)) | {"log-opts": options}


def _leaves(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        pointer = prefix + name.replace("~", "~0").replace("/", "~1")
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{pointer}/")
        else:
            yield pointer, value
