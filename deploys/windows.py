r"""The Windows side of a WSL machine: .wslconfig, and links from Windows to Linux files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from envwright.capability import Capability, Settings
from envwright.resource import Moment, Proof, Requirement, Resource
from envwright.resources.interop import on_windows
from envwright.resources.windows_keys import WindowsKeys
from envwright.resources.windows_link import WindowsLink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine

# What cmd.exe takes for more than itself, quoted or not, is in no path.
_NAME = r"[^\\/:*?\"<>|&^%!();,=\x00-\x1f]*[^\\/:*?\"<>|&^%!();,=\x00-\x1f .]"
WindowsPath = Annotated[
    str,
    Field(
        pattern=rf"^[A-Za-z]:(\\{_NAME})+$",
        json_schema_extra={
            "words": r"a path of Windows like `C:\codes\docker`, without any of `&^%!();,=`"
        },
    ),
]
LinuxPath = Annotated[
    str,
    Field(
        pattern=rf"^(/{_NAME})+$",
        json_schema_extra={
            "words": "a Linux path like `/opt/docker`, with nothing that Windows has in no name"
        },
    ),
]
Size = Annotated[
    str,
    Field(
        pattern=r"^[0-9]+(B|[KMGT]B?)$",
        json_schema_extra={"words": "a whole number with B, KB, MB, GB or TB: `8GB`"},
    ),
]
Bytes = Annotated[int, Field(ge=0)]
Milliseconds = Annotated[int, Field(ge=0)]
Timeout = Annotated[int, Field(ge=-1)]
Text = Annotated[
    str,
    Field(pattern=r"^[ -~]+$", json_schema_extra={"words": "plain ASCII text on one line"}),
]
Mac = Annotated[
    str,
    Field(
        pattern=r"^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$",
        json_schema_extra={"words": "a MAC address like `5c:bb:f6:9e:ee:fa`"},
    ),
]
Address = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$",
        json_schema_extra={"words": "an IPv4 address like `10.255.255.254`"},
    ),
]
NetworkingMode = Literal["none", "nat", "mirrored", "consomme", "virtioproxy", "bridged"]
Port = Annotated[int, Field(ge=1, le=65535)]


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


class LinkTo(Settings):
    """Where a link leads: `to` a Linux path of this distribution, or to a `target` in Windows."""

    to: LinuxPath | None = None
    """A Linux path; Windows reaches it by \\\\wsl.localhost."""
    target: WindowsPath | None = None
    """A Windows path."""
    file: bool = False
    """It is a file, not a directory."""
    absent: bool = False
    """There must be no such link."""

    @model_validator(mode="after")
    def _one(self) -> LinkTo:
        if (self.to is not None) + (self.target is not None) + self.absent != 1:
            raise ValueError("needs exactly one of 'to', 'target' and 'absent'")
        return self


class Section(Capability):
    r"""The Windows side of a WSL machine, reached from inside the distribution.

    In %UserProfile%\.wslconfig only the keys given here are written; WSL reads it when its virtual
    machine starts: changes are felt after `wsl --shutdown`, which ends all distributions. Links
    are symbolic links of Windows (mklink); they take Developer Mode, and what is in their place
    and no link is never replaced. Such a link leads nowhere when it is followed from inside
    Linux: there, use the Linux path.
    """

    example: ClassVar[str] = r"""
windows:
  wslconfig:
    wsl2: {memory: 8GB, processors: 4, networkingMode: mirrored}
    experimental: {autoMemoryReclaim: dropCache}
  links:
    C:\codes\docker: {to: /opt/docker}
""".lstrip()

    wslconfig: WslConfig = WslConfig()
    """Keys of %UserProfile%\\.wslconfig."""
    links: dict[WindowsPath, LinkTo] = {}
    """Links of Windows, by their paths."""

    def resources(self, machine: Machine) -> Iterator[Resource]:
        if keys := self.wslconfig.keys():
            yield WindowsKeys(
                file=".wslconfig",
                dialect="wslconfig",
                keys=keys,
                takes_effect=Moment.VM,
                at=("wslconfig",),
            )
        for path, link in self.links.items():
            yield WindowsLink(
                path=path,
                target=link.target or _share(machine, link.to or ""),
                linux=link.to or "",
                directory=not link.file,
                present=not link.absent,
                at=("links", path),
            )

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        if not machine.wsl:
            yield Requirement(
                "the machine runs under WSL",
                "false",
                "this environment has a Windows side, and this machine does not run under WSL",
                "put `windows` into an environment for WSL that extends this one",
            )
        elif not machine.distribution and any(link.to for link in self.links.values()):
            yield Requirement(
                "the distribution's name is known",
                "false",
                "nobody says what this distribution is called in Windows, which links have to name",
                "set WSL_DISTRO_NAME when you start envwright",
            )

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        mode = self.wslconfig.wsl2.networking_mode
        if mode:
            yield Proof(
                f"the networking mode is {mode}",
                "command -v wslinfo >/dev/null || { echo 'wslinfo is not there'; exit 77; }\n"
                f'got=$(wslinfo --networking-mode); echo "$got"; [ "$got" = {mode} ]',
                at=("wslconfig", "wsl2", "networkingMode"),
            )
        processors = self.wslconfig.wsl2.processors
        if processors:
            yield Proof(
                f"there are at most {processors} processors",
                f'got=$(nproc --all); echo "$got"; [ "$got" -le {processors} ]',
                at=("wslconfig", "wsl2", "processors"),
            )
        for path, link in self.links.items():
            if not link.absent:
                target = link.target or _share(machine, link.to or "")
                yield Proof(
                    f"Windows reaches what {path} leads to",
                    on_windows(
                        'got=$(ew_cmd if exist "$target" echo there); echo "$got"\n'
                        '[ "$got" = there ]',
                        target=target,
                    ),
                    at=("links", path),
                )


def _share(machine: Machine, path: str) -> str:
    r"""Return how Windows calls a Linux path: `\\wsl.localhost\Debian\opt\docker`."""
    return rf"\\wsl.localhost\{machine.distribution}" + path.replace("/", "\\") if path else ""
