r"""The PowerShell script with the changes that only an administrator of Windows can make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from envwright.facts.interop import POWERSHELL, on_windows
from envwright.facts.windows import parent
from envwright.model.capability import Settings, render
from envwright.model.proof import Proof
from envwright.model.values import Adding, Replacing, adds, exactly_one, spelled
from envwright.resources.windows.file import WindowsFile
from envwright.resources.windows.powershell import literal

from .values import (  # noqa: TC001 - pydantic looks them up when classes are made
    Address,
    Port,
    Text,
    WindowsPath,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envwright.facts import Machine

    from .links import LinkTo

HYPER_V = "{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}"
"""The Hyper-V firewall's ID of WSL's virtual machine (MicrosoftDocs/WSL: networking)."""
PROXIES = r"HKLM\SYSTEM\CurrentControlSet\Services\PortProxy\v4tov4\tcp"
"""The registry key of netsh's port proxies: values `0.0.0.0/8080` = `172.20.1.2/80`."""
BYTE_ORDER_MARK = "\ufeff"
"""The byte order mark: Windows PowerShell reads a file without it in the computer's code page."""

RuleName = Annotated[
    str,
    spelled(r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$", "letters, digits, blanks, `.`, `_` and `-`"),
]
MountName = Annotated[
    str,
    spelled(r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", "letters, digits, `_` and `-`"),
]
Program = Annotated[
    str,
    spelled(r"^[A-Za-z0-9][A-Za-z0-9_.+-]*\.exe$", "a program's name like `node.exe`"),
]
PhysicalDrive = Annotated[
    str,
    spelled(r"^\\\\\.\\PHYSICALDRIVE[0-9]+$", r"a disk like `\\.\PHYSICALDRIVE1`"),
]
MountOptions = Annotated[
    str,
    spelled(
        r"^[A-Za-z0-9_=.:+-]+(,[A-Za-z0-9_=.:+-]+)*$",
        "options with commas and no blanks: `data=ordered`",
    ),
]
FileSystem = Annotated[
    str,
    spelled(r"^[a-z0-9]+$", "a file system like `ext4`"),
]


class Defender(Settings):
    """Exclusions of Microsoft Defender: it scans nothing there, so it finds no malware there.

    Windows sees the files of a distribution as one file, the virtual disk that holds them all.
    """

    reason: Text
    """The reason for the exclusions, for the person who reads the script."""
    disk: bool = True
    """Exclude the virtual disk of this distribution."""
    paths: Adding[WindowsPath] = []
    """Windows folders to exclude."""
    processes: Adding[Program] = []
    """Programs whose opened files are excluded."""


class PortProxy(Settings):
    """A port of Windows, for other computers, that leads to a port of this distribution (nat).

    The distribution gets a new address at each start of the virtual machine: run the script again
    then. With `networkingMode: mirrored`, use `firewall` instead.
    """

    listen: Port
    """The port of Windows."""
    connect: Port | None = None
    """The port of Linux; by default the port of Windows."""
    address: Address = "0.0.0.0"  # noqa: S104 - to be reached from elsewhere is what it is for
    """The address of Windows; by default all addresses."""
    profiles: Replacing[Literal["domain", "private", "public"]] = ["domain", "private"]
    """The kinds of networks from which the firewall of Windows admits connections."""


class FirewallRule(Settings):
    """Ports of WSL that the Hyper-V firewall opens (Windows 11 22H2, mirrored)."""

    ports: Adding[Port] = Field(min_length=1)
    """The port numbers."""
    protocol: Literal["TCP", "UDP"] = "TCP"
    """The protocol of the ports."""


class Disk(Settings):
    """A disk that WSL mounts as `wsl --mount` does, until its virtual machine ends."""

    disk: PhysicalDrive | None = None
    """A physical disk of the computer, which Windows must not use."""
    vhd: WindowsPath | None = None
    """The file of a virtual disk."""
    type: FileSystem = "ext4"
    """The type of the file system on the disk."""
    options: MountOptions | None = None
    """Options of the file system itself, such as `data=ordered`; `ro` is no such option."""
    partition: int | None = Field(default=None, ge=1)
    """The number of the partition; by default the file system fills the whole disk."""

    @model_validator(mode="after")
    def _one(self) -> Disk:
        exactly_one(self, "disk", "vhd")
        return self

    def arguments(self, name: str) -> list[str]:
        """Return the arguments behind `wsl.exe --mount`."""
        place = [self.disk] if self.disk else [str(self.vhd), "--vhd"]
        options = ["--options", self.options] if self.options else []
        partition = ["--partition", str(self.partition)] if self.partition else []
        return [*place, "--name", name, "--type", self.type, *options, *partition]


class Script(Settings):
    """Changes that need an administrator, written into one script for a person to read and run.

    The script prints what it does, does nothing twice, and stops at the first error. A change that
    is removed from the environment stays in Windows. The tests of envwright parse the script but
    do not run it, since no PowerShell was available; its commands follow Microsoft's
    documentation.
    """

    links: bool = True
    """Whether the script makes the links of `windows`, for a Windows without Developer Mode."""
    defender: Defender | None = None
    """Exclusions of Microsoft Defender."""
    ports: Annotated[list[PortProxy], adds("listen")] = []
    """Port proxies, for `networkingMode: nat`."""
    firewall: dict[RuleName, FirewallRule] = {}
    """Rules of the Hyper-V firewall, by name."""
    disks: dict[MountName, Disk] = {}
    """Disks to mount, by the name of their mount point below /mnt/wsl."""

    @model_validator(mode="after")
    def _each_port_once(self) -> Script:
        listening = [(proxy.address, proxy.listen) for proxy in self.ports]
        for address, port in listening:
            if listening.count((address, port)) > 1:
                raise ValueError(f"'ports' has {address}:{port} twice")
        return self

    def resource(self, machine: Machine, links: Mapping[str, LinkTo]) -> WindowsFile:
        """Return the resource of the script's file."""
        return WindowsFile(
            folder="LOCALAPPDATA",
            file=_file(machine),
            content=BYTE_ORDER_MARK + self.text(machine, links),
            at=("script",),
        )

    def text(self, machine: Machine, links: Mapping[str, LinkTo]) -> str:
        """Return the text of the script."""
        wanted = links.items() if self.links else ()
        return render(
            "windows.script.ps1",
            q=literal,
            list=literals,
            command=POWERSHELL,
            distribution=machine.distribution,
            links=[_link(path, link, machine) for path, link in wanted if not link.absent],
            defender=self.defender,
            ports=self.ports,
            firewall=self.firewall,
            creator=HYPER_V,
            disks={
                name: " ".join(map(literal, d.arguments(name))) for name, d in self.disks.items()
            },
        )

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        """Yield the proofs of the script's effects that every user of Windows can see."""
        file = "%LOCALAPPDATA%\\" + _file(machine).replace("/", "\\")
        for number, proxy in enumerate(self.ports):
            yield Proof(
                f"port {proxy.listen} of Windows leads to this distribution",
                _proof(
                    _PROXY,
                    file,
                    key=PROXIES,
                    value=f"{proxy.address}/{proxy.listen}",
                    port=str(proxy.connect or proxy.listen),
                ),
                at=("script", "ports", number),
            )
        for name in self.disks:
            yield Proof(
                f"WSL has mounted {name}",
                _proof(
                    'cut -d" " -f2 /proc/mounts | grep -q "/wsl/$name\\$" || ew_run_it',
                    file,
                    name=name,
                ),
                at=("script", "disks", name),
            )
        hidden = {
            "defender": (self.defender, "Microsoft Defender passes over what it should"),
            "firewall": (self.firewall, "the Hyper-V firewall lets in what it should"),
        }
        for key, (wanted, sentence) in hidden.items():
            if wanted:
                yield Proof(sentence, _proof(_HIDDEN, file), at=("script", key))


_RUN_IT = r"""
ew_run_it() {
 printf '%s%s %s "%s"\n' "${1-}" 'run this in a Command Prompt that is run as administrator:' \
  "$command" "$(ew_cmd_utf16 echo "$file")"
 exit 77; }
"""
_PROXY = r"""
got=$(ew_run reg.exe query "$key" /v "$value" | sed -n 's/.* REG_SZ *//p')
own=$(hostname -I | cut -d' ' -f1)/$port
[ "$got" ] || ew_run_it
[ "$got" = "$own" ] || { (ew_run_it "it leads to $got, and this is $own: "); exit 1; }
"""
_HIDDEN = "ew_run_it 'Windows shows this to administrators only: '"


def _file(machine: Machine) -> str:
    return f"envwright/{machine.distribution}.ps1"


def _proof(script: str, file: str, **words: str) -> str:
    return on_windows(f"{_RUN_IT}{script}", file=file, command=POWERSHELL, **words)


def _link(path: str, link: LinkTo, machine: Machine) -> dict[str, Any]:
    return {
        "path": path,
        "folder": parent(path),
        "name": path.rpartition("\\")[2],
        "target": link.leads_to(machine),
        "directory": not link.file,
    }


def literals(texts: list[str]) -> str:
    """Return texts as an array of literals of PowerShell."""
    return f"@({', '.join(map(literal, texts))})"
