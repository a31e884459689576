r"""Every key of .wslconfig, which all distributions of a Windows user share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from envwright.model.capability import Objection, Settings
from envwright.model.extra import IniSections, flat, refuse_typed
from envwright.model.proof import Proof
from envwright.model.resource import Moment, Resource
from envwright.model.values import Adding, spelled
from envwright.resources.windows.keys import WindowsKeys
from envwright.resources.wslconf import ignored, one_name

from .values import (  # noqa: TC001 - pydantic looks them up when classes are made
    Address,
    Port,
    Text,
    WindowsPath,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine

Size = Annotated[
    str,
    spelled(r"^(0|[1-9][0-9]*)(B|[KMGT]B?)$", "a whole number with B, KB, MB, GB or TB: `8GB`"),
]
Bytes = Annotated[int, Field(ge=0)]
Milliseconds = Annotated[int, Field(ge=0)]
Timeout = Annotated[int, Field(ge=-1)]
Mac = Annotated[
    str,
    spelled(
        r"^[0-9A-Fa-f]{2}((:[0-9A-Fa-f]{2}){5}|(-[0-9A-Fa-f]{2}){5})$",
        "a MAC address like `5c:bb:f6:9e:ee:fa`",
    ),
]
NetworkingMode = Literal["none", "nat", "mirrored", "consomme", "virtioproxy", "bridged"]


SINCE = {
    "experimental.swiotlb": "2.8.9",
    "experimental.virtioFsAggregateShares": "2.9.5",
    "wsl2.isolateDistroCgroup": "2.9.5",
}
"""The versions of WSL that first know a key (microsoft/WSL; the last two came after 2.9.4)."""


class Part(Settings):
    """A section of .wslconfig; a key that is left out is not managed."""

    model_config = ConfigDict(alias_generator=to_camel)


class Wsl2(Part):
    """The virtual machine that all distributions share."""

    memory: Size | Bytes | None = None
    """The memory of the virtual machine; by default half of the computer's memory."""
    processors: int | None = Field(default=None, ge=1)
    """The number of its processors; by default all processors of the computer."""
    swap: Size | Bytes | None = None
    """The size of its swap space, 0 for none; by default a quarter of its memory."""
    swap_file: WindowsPath | None = None
    """The file of the swap space."""
    kernel: WindowsPath | None = None
    """The file of a Linux kernel to use instead of WSL's."""
    kernel_modules: WindowsPath | None = None
    """The virtual disk with the modules of this kernel."""
    kernel_command_line: Text | None = None
    """Additional arguments of the kernel."""
    load_kernel_modules: Adding[Text] | None = None
    """Kernel modules to load at the start."""
    load_default_kernel_modules: bool | None = None
    """Whether WSL also loads its usual modules (tun, ip_tables, br_netfilter)."""
    networking_mode: NetworkingMode | None = None
    """How the virtual machine is connected to the network. `virtioproxy` is called `consomme` since
    WSL 2.9, `bridged` is deprecated, `mirrored` needs Windows 11 22H2."""
    localhost_forwarding: bool | None = None
    """Whether Windows reaches ports of Linux by localhost (nat; on by default)."""
    dns_tunneling: bool | None = None
    """Whether Windows answers DNS questions."""
    dns_proxy: bool | None = None
    """Whether Linux uses the DNS server of Windows (nat, without `dnsTunneling`)."""
    firewall: bool | None = None
    """Whether the firewall of Windows filters the traffic of WSL."""
    auto_proxy: bool | None = None
    """Whether WSL uses the proxy of Windows."""
    ipv6: bool | None = None
    """Whether IPv6 is on (bridged)."""
    dhcp: bool | None = None
    """Whether the address comes from DHCP (bridged)."""
    dhcp_timeout: Milliseconds | None = None
    """How long to wait for an address from DHCP, in ms."""
    mac_address: Mac | None = None
    """The MAC address (bridged)."""
    vm_switch: Text | None = None
    """The name of the virtual switch of Hyper-V (bridged)."""
    nested_virtualization: bool | None = None
    """Whether virtual machines can run inside WSL."""
    hardware_performance_counters: bool | None = None
    """Whether `perf` can count events of the processor."""
    gui_applications: bool | None = None
    """Whether graphical Linux programs can run."""
    gpu_support: bool | None = None
    """Whether Linux can use the GPU of Windows."""
    vm_idle_timeout: Timeout | None = None
    """Stop the virtual machine this many ms after the last distribution ended; -1: never."""
    default_vhd_size: Size | Bytes | None = None
    """The largest size of the disks of new distributions; by default 1 TB."""
    debug_console: bool | None = None
    """Whether a window shows the messages of the kernel."""
    debug_console_log_file: WindowsPath | None = None
    """A file for the messages of the kernel."""
    early_boot_logging: bool | None = None
    """Whether early messages of the kernel are shown, too."""
    kernel_debug_port: Port | None = None
    """The port for a debugger of the kernel."""
    crash_dump_folder: WindowsPath | None = None
    """The folder for dumps of crashed programs."""
    max_crash_dump_count: int | None = Field(default=None, ge=-1)
    """How many dumps are kept; by default 10."""
    telemetry: bool | None = None
    """Whether WSL sends telemetry to Microsoft."""
    safe_mode: bool | None = None
    """Whether WSL starts with most features off, to repair a distribution."""
    virtiofs: bool | None = None
    """Whether Windows drives are mounted by virtiofs instead of 9p."""
    virtio9p: bool | None = Field(default=None, alias="virtio9p")
    """Whether Windows drives are mounted by virtio 9p; newer versions ignore this key with a
    warning."""
    virtio: bool | None = None
    """Whether WSL uses virtio devices; not documented by Microsoft."""
    host_file_system_access: bool | None = None
    """Whether Linux can access Windows drives; not documented by Microsoft."""
    kernel_boot_timeout: Milliseconds | None = None
    """How long the kernel may take to boot, in ms; not documented by Microsoft."""
    distribution_start_timeout: Milliseconds | None = None
    """How long a distribution may take to start, in ms; not documented by Microsoft."""
    mount_device_timeout: Milliseconds | None = None
    """How long the mount of a disk may take, in ms; not documented by Microsoft."""
    system_distro: WindowsPath | None = None
    """The virtual disk of the system distribution; not documented by Microsoft."""
    isolate_distro_cgroup: bool | None = None
    """Whether each distribution gets a control group of its own (after WSL 2.9.4)."""


class General(Part):
    """Settings of all distributions."""

    instance_idle_timeout: Timeout | None = None
    """Stop a distribution this many ms after its last session, even with services running; -1:
    never."""
    distribution_install_path: WindowsPath | None = None
    """The folder of new distributions."""


class Experimental(Part):
    """Experimental settings, which WSL may change or drop."""

    auto_memory_reclaim: Literal["disabled", "gradual", "dropCache"] | None = None
    """How WSL returns unused memory to Windows."""
    sparse_vhd: bool | None = None
    """Whether the disks of new distributions shrink by themselves; this has lost data
    (microsoft/WSL#13075)."""
    host_address_loopback: bool | None = None
    """Whether Linux reaches Windows by Windows' own addresses (mirrored)."""
    ignored_ports: Adding[Port] | None = None
    """Ports that Linux may use although Windows uses them (mirrored)."""
    best_effort_dns_parsing: bool | None = None
    """Whether malformed DNS questions are answered as far as they can be understood."""
    dns_tunneling_ip_address: Address | None = None
    """The address of the name server in resolv.conf with `dnsTunneling`."""
    initial_auto_proxy_timeout: Milliseconds | None = None
    """How long to wait for the proxy of Windows, in ms."""
    swiotlb: Size | Bytes | None = None
    """The size of the bounce buffers (WSL 2.8.9 and later)."""
    virtio_fs_aggregate_shares: bool | None = None
    """Whether all drives share one virtiofs device (after WSL 2.9.4)."""


class WslConfig(Settings):
    r"""Keys of %UserProfile%\.wslconfig, for all distributions of the Windows user."""

    wsl2: Wsl2 = Wsl2()
    """The virtual machine that all distributions share."""
    general: General = General()
    """Settings of all distributions."""
    experimental: Experimental = Experimental()
    """Experimental settings, which WSL may change or drop."""
    extra: IniSections = {}
    """Further keys by section and name, such as those of a newer WSL. WSL ignores keys that it does
    not know."""

    @model_validator(mode="after")
    def _no_typed_key_in_extra(self) -> WslConfig:
        parts = {name: value for name, value in self if isinstance(value, Part)}
        typed = [f"{n}.{f.alias}" for n, p in parts.items() for f in type(p).model_fields.values()]
        refuse_typed(flat(self.extra), typed, one_name)
        return self

    def keys(self) -> dict[str, Any]:
        """Return the values that are given, by `section.key`."""
        given = flat(self.model_dump(exclude_none=True, exclude={"extra"})) | flat(self.extra)
        return {
            key: ",".join(map(str, value)) if isinstance(value, list) else value
            for key, value in given.items()
        }

    def resources(self) -> Iterator[Resource]:
        """Yield the resource of the keys that are given."""
        if keys := self.keys():
            yield WindowsKeys(
                file=".wslconfig",
                dialect="wslconfig",
                keys=keys,
                takes_effect=Moment.VM,
                at=("wslconfig",),
            )

    def objections(self, machine: Machine) -> Iterator[Objection]:
        """Yield objections to keys and values that this machine's WSL would ignore."""
        given = self.keys()
        if given.get("wsl2.networkingMode") == "consomme":
            at = ("wslconfig", "wsl2", "networkingMode")
            yield from ignored("the networking mode consomme", "2.9.0", machine, at)
        for key, version in SINCE.items():
            if key in given:
                yield from ignored(key, version, machine, ("wslconfig", *key.split(".")))

    def proofs(self) -> Iterator[Proof]:
        """Yield the proofs that can be made from inside the virtual machine."""
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
                quick=True,
                remedy="restart WSL: run `wsl --shutdown` in Windows",
            )
