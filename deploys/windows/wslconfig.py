r"""Every key of .wslconfig, which all distributions of a Windows user share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from envwright.model.capability import Settings
from envwright.model.proof import Proof
from envwright.model.resource import Moment, Resource
from envwright.model.values import spelled
from envwright.resources.windows.keys import WindowsKeys

from .values import (  # noqa: TC001 - pydantic looks them up when classes are made
    Address,
    Port,
    Text,
    WindowsPath,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

Size = Annotated[
    str,
    spelled(r"^[0-9]+(B|[KMGT]B?)$", "a whole number with B, KB, MB, GB or TB: `8GB`"),
]
Bytes = Annotated[int, Field(ge=0)]
Milliseconds = Annotated[int, Field(ge=0)]
Timeout = Annotated[int, Field(ge=-1)]
Mac = Annotated[
    str,
    spelled(r"^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$", "a MAC address like `5c:bb:f6:9e:ee:fa`"),
]
NetworkingMode = Literal["none", "nat", "mirrored", "consomme", "virtioproxy", "bridged"]


class Part(Settings):
    """A section of .wslconfig; a key that is left out is not managed."""

    model_config = ConfigDict(alias_generator=to_camel)


class Wsl2(Part):
    """The virtual machine that all distributions share."""

    memory: Size | Bytes | None = None
    """Its memory; half of the computer's by default."""
    processors: int | None = Field(default=None, ge=1)
    """Its processors; all by default."""
    swap: Size | Bytes | None = None
    """Its swap space, 0 for none; a quarter of the memory by default."""
    swap_file: WindowsPath | None = None
    """Where the swap space lies."""
    kernel: WindowsPath | None = None
    """A kernel of your own."""
    kernel_modules: WindowsPath | None = None
    """A disk with the modules of that kernel."""
    kernel_command_line: Text | None = None
    """Further arguments of the kernel."""
    load_kernel_modules: list[Text] | None = None
    """Modules to load at the start."""
    load_default_kernel_modules: bool | None = None
    """Load the usual modules (tun, ip_tables, br_netfilter), too."""
    networking_mode: NetworkingMode | None = None
    """How it is on the network; `virtioproxy` is called `consomme` since WSL 2.9, `bridged` is
    deprecated, `mirrored` takes Windows 11 22H2."""
    localhost_forwarding: bool | None = None
    """Reach its ports by localhost of Windows (nat; on by default)."""
    dns_tunneling: bool | None = None
    """Let Windows answer names."""
    dns_proxy: bool | None = None
    """With nat and no tunneling: Windows' own DNS as the server."""
    firewall: bool | None = None
    """Let the Windows firewall filter."""
    auto_proxy: bool | None = None
    """Take over the proxy of Windows."""
    ipv6: bool | None = None
    """IPv6 (bridged)."""
    dhcp: bool | None = None
    """An address by DHCP (bridged)."""
    dhcp_timeout: Milliseconds | None = None
    """How long to wait for it, in ms."""
    mac_address: Mac | None = None
    """The MAC address (bridged)."""
    vm_switch: Text | None = None
    """The switch of Hyper-V (bridged)."""
    nested_virtualization: bool | None = None
    """Virtual machines in it."""
    hardware_performance_counters: bool | None = None
    """Let `perf` see the events of the processor."""
    gui_applications: bool | None = None
    """Linux programs with windows."""
    gpu_support: bool | None = None
    """The GPU of Windows."""
    vm_idle_timeout: Timeout | None = None
    """Stop it so many ms after the last distribution; -1: never."""
    default_vhd_size: Size | Bytes | None = None
    """How large the disks of new distributions may grow; 1 TB by default."""
    debug_console: bool | None = None
    """Show the messages of the kernel in a window."""
    debug_console_log_file: WindowsPath | None = None
    """Write them to a file."""
    early_boot_logging: bool | None = None
    """Show those of the first moments, too."""
    kernel_debug_port: Port | None = None
    """A debugger's port."""
    crash_dump_folder: WindowsPath | None = None
    """Where dumps of crashed programs go."""
    max_crash_dump_count: int | None = Field(default=None, ge=-1)
    """How many of them are kept; 10 by default."""
    telemetry: bool | None = None
    """Tell Microsoft."""
    safe_mode: bool | None = None
    """Switch most things off, to repair a distribution."""
    virtiofs: bool | None = None
    """Windows drives by virtiofs instead of 9p."""
    virtio9p: bool | None = Field(default=None, alias="virtio9p")
    """Windows drives by virtio 9p; newer versions ignore it with a warning."""
    virtio: bool | None = None
    """Virtio devices; not documented by Microsoft."""
    host_file_system_access: bool | None = None
    """Access to Windows drives at all; not documented by Microsoft."""
    kernel_boot_timeout: Milliseconds | None = None
    """How long the kernel may take, in ms; not documented by Microsoft."""
    distribution_start_timeout: Milliseconds | None = None
    """How long a distribution may take, in ms; not documented by Microsoft."""
    mount_device_timeout: Milliseconds | None = None
    """How long a disk may take, in ms; not documented by Microsoft."""
    system_distro: WindowsPath | None = None
    """The system distribution; not documented by Microsoft."""
    isolate_distro_cgroup: bool | None = None
    """A control group for each distribution (after WSL 2.9.4)."""


class General(Part):
    """Distributions."""

    instance_idle_timeout: Timeout | None = None
    """Stop a distribution so many ms after its last session, services or not; -1: never."""
    distribution_install_path: WindowsPath | None = None
    """Where new distributions go."""


class Experimental(Part):
    """What may change."""

    auto_memory_reclaim: Literal["disabled", "gradual", "dropCache"] | None = None
    """How memory goes back to Windows."""
    sparse_vhd: bool | None = None
    """Disks of new distributions shrink by themselves; has lost data (microsoft/WSL#13075)."""
    host_address_loopback: bool | None = None
    """Reach Windows by its own addresses (mirrored)."""
    ignored_ports: list[Port] | None = None
    """Ports that Linux may bind though Windows has them (mirrored)."""
    best_effort_dns_parsing: bool | None = None
    """Answer what can be understood of a malformed name question."""
    dns_tunneling_ip_address: Address | None = None
    """The server in resolv.conf with DNS tunneling."""
    initial_auto_proxy_timeout: Milliseconds | None = None
    """How long to wait for the proxy of Windows, in ms."""
    swiotlb: Size | Bytes | None = None
    """Bounce buffers (WSL 2.8.9 and later)."""
    virtio_fs_aggregate_shares: bool | None = None
    """One device for all drives (after WSL 2.9.4)."""


class WslConfig(Settings):
    r"""Keys of %UserProfile%\.wslconfig, for all distributions of the Windows user."""

    wsl2: Wsl2 = Wsl2()
    """The virtual machine that all distributions share."""
    general: General = General()
    """Distributions."""
    experimental: Experimental = Experimental()
    """What may change."""

    def keys(self) -> dict[str, Any]:
        """Return what the file is to hold, by `section.key`."""
        keys: dict[str, Any] = {}
        for section, values in self.model_dump(exclude_none=True).items():
            for key, value in values.items():
                plain = ",".join(map(str, value)) if isinstance(value, list) else value
                keys[f"{section}.{key}"] = plain
        return keys

    def resources(self) -> Iterator[Resource]:
        """Wish for the keys that are given."""
        if keys := self.keys():
            yield WindowsKeys(
                file=".wslconfig",
                dialect="wslconfig",
                keys=keys,
                takes_effect=Moment.VM,
                at=("wslconfig",),
            )

    def proofs(self) -> Iterator[Proof]:
        """Look at what can be seen of the virtual machine from inside."""
        mode = self.wsl2.networking_mode
        if mode:
            # One mode of two names: `consomme` since WSL 2.9.
            names = "virtioproxy|consomme" if mode in {"virtioproxy", "consomme"} else mode
            yield Proof(
                f"the networking mode is {mode}",
                "command -v wslinfo >/dev/null || { echo 'wslinfo is not there'; exit 77; }\n"
                'got=$(wslinfo --networking-mode); echo "$got"\n'
                f"case $got in {names}) ;; *) exit 1;; esac",
                at=("wslconfig", "wsl2", "networkingMode"),
            )
        processors = self.wsl2.processors
        if processors:
            yield Proof(
                f"there are at most {processors} processors",
                f'got=$(nproc --all); echo "$got"; [ "$got" -le {processors} ]',
                at=("wslconfig", "wsl2", "processors"),
            )
