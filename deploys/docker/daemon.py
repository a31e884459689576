"""The keys of daemon.json, typed as docs.docker.com/reference/cli/dockerd describes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, model_validator

from envwright.model.capability import Settings
from envwright.model.extra import refuse_typed
from envwright.model.values import AbsolutePath, AccountName, Adding, Replacing, adds, spelled
from envwright.resources.edited_file import leaves

DAEMON = "/etc/docker/daemon.json"
"""The daemon's own file of settings."""
ROTATED = "json-file"
"""The log driver where none is named; Docker's default for it rotates no logs."""
ROTATION = {"max-size": "10m", "max-file": "3"}

Size = Annotated[
    str,
    spelled(r"^[0-9]+[kmg]?$", 'a size in quotes, like "10m"'),
]


def hyphenated(name: str) -> str:
    """Return the name of a field in daemon.json's spelling."""
    return name.replace("_", "-")


class Part(Settings):
    """A table of daemon.json; a key that is left out is not managed."""

    model_config = ConfigDict(alias_generator=hyphenated)


class Pool(Part):
    """A range of addresses from which Docker takes the subnets of networks."""

    base: str
    """The range, in CIDR notation."""
    size: int = Field(ge=1, le=32)
    """The prefix length of each subnet."""


class Proxies(Part):
    """The proxies that the daemon itself uses."""

    http_proxy: str | None = None
    """The proxy for http."""
    https_proxy: str | None = None
    """The proxy for https."""
    no_proxy: str | None = None
    """The hosts that the daemon reaches without a proxy, separated by commas."""


class Features(Part):
    """Features of the daemon to turn on or off."""

    containerd_snapshotter: bool | None = None
    """Whether images are kept in containerd's image store."""
    cdi: bool | None = None
    """Whether the Container Device Interface is on."""
    buildkit: bool | None = None
    """Whether images are built by BuildKit."""


class Runtime(Part):
    """An additional OCI runtime."""

    path: str
    """The program of the runtime."""
    runtime_args: Replacing[str] = Field(default=[], alias="runtimeArgs")
    """The arguments of the program."""


class Limit(Part):
    """A resource limit of containers; its keys are capitalized as in daemon.json."""

    name: str = Field(alias="Name")
    """The name of the limit, such as `nofile`."""
    hard: int = Field(alias="Hard")
    """The hard limit: the highest soft limit that a process can set."""
    soft: int = Field(alias="Soft")
    """The soft limit, with which a process starts."""


class BuildCache(Part):
    """The garbage collection of the build cache."""

    enabled: bool | None = None
    """Whether garbage collection is on."""
    default_keep_storage: str | None = Field(default=None, alias="defaultKeepStorage")
    """How much of the cache to keep, such as `20GB`."""


class Builder(Part):
    """Settings of BuildKit."""

    gc: BuildCache | None = None
    """The garbage collection of the build cache."""


class Daemon(Part):
    """Keys of daemon.json (docs.docker.com/reference/cli/dockerd)."""

    data_root: AbsolutePath | None = None
    """The directory of images and volumes; it does not move the containerd image store of Docker
    29."""
    log_driver: str | None = None
    """The log driver. By default it is left as the file has it; where the file names none,
    json-file is, with rotation (Docker's own default rotates nothing)."""
    log_opts: dict[str, str] | None = None
    """Options of the log driver; each value is text: `max-size: "10m"`. By default json-file keeps
    three files of 10 MB. Where the environment names a log driver or options, these options replace
    all options in the file, since the options of one driver keep the daemon from starting with
    another."""
    log_level: Literal["debug", "info", "warn", "error", "fatal"] | None = None
    """The level of the daemon's own log."""
    min_api_version: (
        Annotated[str, spelled(r"^[0-9]+[.][0-9]+$", 'a version like "1.24"')] | None
    ) = None
    """The oldest version of the API that clients may use; Docker 29's own default is 1.44."""
    hosts: Replacing[str] | None = None
    """The addresses at which the daemon listens. Docker's own unit passes `-H fd://`, and the
    daemon does not start with both: remove this option from ExecStart by a drop-in of `systemd`."""
    registry_mirrors: Adding[str] | None = None
    """Addresses of mirrors of Docker Hub."""
    insecure_registries: Adding[str] | None = None
    """Registries that may be used without TLS."""
    live_restore: bool | None = None
    """Whether containers keep running while the daemon restarts."""
    default_address_pools: Annotated[list[Pool], adds("base")] | None = None
    """Ranges of addresses from which Docker takes the subnets of networks."""
    dns: Replacing[str] | None = None
    """Name servers of containers."""
    dns_search: Replacing[str] | None = None
    """Domains in which containers look up short names."""
    dns_opts: Replacing[str] | None = None
    """Options of the resolver in containers."""
    bip: str | None = None
    """The address of the default bridge, in CIDR notation."""
    mtu: int | None = Field(default=None, ge=68)
    """The MTU of the default network, in bytes."""
    ipv6: bool | None = None
    """Whether the default bridge has IPv6."""
    iptables: bool | None = None
    """Whether Docker writes firewall rules for IPv4."""
    ip6tables: bool | None = None
    """Whether Docker writes firewall rules for IPv6."""
    ip_forward: bool | None = None
    """Whether Docker turns on IP forwarding in the kernel."""
    firewall_backend: Literal["iptables", "nftables"] | None = None
    """The firewall through which Docker writes its rules."""
    userland_proxy: bool | None = None
    """Whether a process of Docker forwards loopback connections to containers."""
    features: Features | None = None
    """Features of the daemon to turn on or off."""
    runtimes: dict[str, Runtime] | None = None
    """Additional OCI runtimes by name."""
    default_runtime: str | None = None
    """The runtime of containers that name no runtime."""
    cdi_spec_dirs: Replacing[AbsolutePath] | None = None
    """Directories with specifications of CDI devices."""
    proxies: Proxies | None = None
    """The proxies that the daemon itself uses."""
    exec_opts: Annotated[list[str], adds("[^=]+")] | None = None
    """Options of the OCI runtime."""
    default_ulimits: dict[str, Limit] | None = None
    """Resource limits of containers, by name."""
    default_shm_size: Size | None = None
    """The size of /dev/shm in containers."""
    builder: Builder | None = None
    """Settings of BuildKit."""
    debug: bool | None = None
    """Whether the daemon logs debug messages."""
    group: AccountName | None = None
    """The group that owns Docker's socket."""
    cgroup_parent: str | None = None
    """The parent cgroup of containers."""
    max_concurrent_downloads: int | None = Field(default=None, ge=1)
    """How many layers of an image are downloaded at the same time."""
    storage_driver: Literal["overlay2", "fuse-overlayfs", "btrfs", "zfs", "vfs"] | None = None
    """The storage driver of images."""
    shutdown_timeout: int | None = Field(default=None, ge=-1)
    """How many seconds containers have to stop when the daemon stops; -1: no limit."""
    labels: Annotated[list[str], adds("[^=]+")] | None = None
    """Labels of the daemon, as `KEY=VALUE`."""
    metrics_addr: str | None = None
    """The address and port at which the daemon serves metrics."""
    userns_remap: str | None = None
    """Another user's range of ids for the users of containers: `default`, or `user:group`."""
    storage_opts: Annotated[list[str], adds("[^=]+")] | None = None
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
        refuse_typed(self.extra, typed)
        return self

    def keys(self) -> dict[str, Any]:
        """Return the keys that are given as JSON pointers.

        A log driver comes with all of its options: one that is left of another driver would keep
        the daemon from starting (`unknown log opt`), and `dockerd --validate` does not see that.
        """
        values = self.model_dump(exclude_none=True, exclude={"extra"}) | self.extra
        options = values.pop("log-opts", None)
        if not self.names_logs:
            return dict(leaves(values))
        if values.setdefault("log-driver", ROTATED) == ROTATED:
            options = {**ROTATION, **(options or {})}
        return dict(leaves(values)) | {"log-opts": options}

    @property
    def names_logs(self) -> bool:
        """Whether the environment says where the logs of containers go."""
        return self.log_driver is not None or self.log_opts is not None

    def defaults(self) -> dict[str, Any]:
        """Return the keys for a file that names no log driver: logs rotate."""
        rotation = {"log-driver": ROTATED, "log-opts": ROTATION}
        return {} if self.names_logs else dict(leaves(rotation))
