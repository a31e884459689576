"""Every setting of /etc/wsl.conf: automount, network, interop, boot, user and the rest."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from envwright.model.capability import Capability, Settings
from envwright.model.proof import Proof
from envwright.model.resource import Moment, Resource
from envwright.model.values import AbsolutePath, AccountName, spelled
from envwright.resources.keys import Keys
from envwright.resources.windows.session import in_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine

PATH = "/etc/wsl.conf"
# Windows' drives are beside the one that its system is on.
NO_WINDOWS = r"""
case ":$path" in
*:"${ew_target%/*}"/?/*)
 printf '%s\n' "Windows appends its own directories: PATH=$path"; exit 1;;
esac
printf '%s\n' "$path"
"""
SYSTEMD = 'read -r name </proc/1/comm; [ "$name" = systemd ]'
Octal = Annotated[
    str,
    spelled(r"^0?[0-7]{1,3}$", 'octal digits in quotes, like "022"'),
]
Text = Annotated[str, spelled(r"^[^\n\r\x00]+$", "text on one line")]


class Part(Settings):
    """A section of wsl.conf; a key that is left out is not managed."""

    model_config = ConfigDict(alias_generator=to_camel)


class DriveOptions(Settings):
    """How Windows drives are mounted (microsoft/WSL: src/linux/init/drvfs.cpp)."""

    metadata: bool | None = None
    """Keep Linux owners and modes on NTFS; without it chmod only toggles read-only."""
    uid: int | None = Field(default=None, ge=0)
    """Owner of files without metadata; by default the default user."""
    gid: int | None = Field(default=None, ge=0)
    """Group of files without metadata."""
    umask: Octal | None = None
    """Permission bits taken from files and directories."""
    fmask: Octal | None = None
    """The same, files only."""
    dmask: Octal | None = None
    """The same, directories only."""
    case: Literal["off", "dir", "force"] | None = None
    """Whether names differ by case; `force` is `dir` under WSL 2."""

    def text(self) -> str:
        """Write the options as wsl.conf has them: a list with commas and no blanks."""
        values = self.model_dump(exclude_none=True)
        flag = ["metadata"] if values.pop("metadata", False) else []
        return ",".join([*flag, *(f"{name}={value}" for name, value in values.items())])


class Automount(Part):
    """Windows drives under /mnt."""

    enabled: bool | None = None
    """Mount the fixed drives."""
    root: AbsolutePath | None = None
    """Where: /mnt by default."""
    options: DriveOptions | Text | None = None
    """How; as keys, or as the text that wsl.conf has."""
    mount_fs_tab: bool | None = None
    """Process /etc/fstab at start; with systemd it is done twice."""
    ldconfig: bool | None = None
    """Put /usr/lib/wsl/lib into the linker's search path."""
    cgroups: Literal["v1", "v2"] | None = None
    """The cgroup hierarchy (WSL 2.6.2 and later)."""


class Network(Part):
    """Names and addresses."""

    generate_hosts: bool | None = None
    """Write /etc/hosts at each start."""
    generate_resolv_conf: bool | None = None
    """Write /etc/resolv.conf at each start; false: you have to provide one."""
    hostname: Text | None = None
    """The host name; `hostnamectl` does not last, since WSL rewrites it."""


class Interop(Part):
    """Windows programs from Linux."""

    enabled: bool | None = None
    """Let .exe files run."""
    append_windows_path: bool | None = None
    """Append the Windows PATH: slow, and it shadows tools."""


class User(Part):
    """Who one is."""

    default: AccountName | None = None
    """The user of a new session."""


class Boot(Part):
    """What happens when the distribution starts."""

    systemd: bool | None = None
    """Run systemd as PID 1 (WSL 0.67.6 and later, WSL 2 only)."""
    command: Text | None = None
    """A command run as root at each start."""
    init_timeout: int | None = Field(default=None, ge=0)
    """Milliseconds to wait for systemd; 10000 by default."""
    protect_binfmt: bool | None = None
    """Keep systemd-binfmt from flushing the entry by which .exe files run."""


class Gpu(Part):
    """The GPU of Windows."""

    enabled: bool | None = None
    """Offer /dev/dxg and /usr/lib/wsl."""
    append_lib_path: bool | None = None
    """Put /usr/lib/wsl/lib into the PATH of shells."""


class Time(Part):
    """The clock."""

    use_windows_timezone: bool | None = None
    """Follow the time zone of Windows; set it to false before managing one."""


class FileSystem(Part):
    """The distribution's own file system."""

    umask: Octal | None = None
    """The umask of init, and so of shells."""


class FileServer(Part):
    r"""The server behind \\wsl.localhost."""

    enabled: bool | None = None
    """Offer the distribution's files to Windows."""
    log_file: AbsolutePath | None = None
    """Where it logs."""
    log_level: int | None = Field(default=None, ge=0)
    """How much; 4 by default."""
    log_truncate: bool | None = None
    """Begin the log anew at each start."""


class General(Part):
    """The rest."""

    gui_applications: bool | None = None
    """Linux programs with windows."""


class Section(Capability):
    """Settings of a WSL distribution (/etc/wsl.conf).

    Only the keys given here are written, by an edit in WSL's own dialect: comments and other keys
    survive byte for byte, and a file at which WSL would stop reading is reported, not rewritten.
    WSL reads the file when the distribution starts: a change takes effect after
    `wsl --terminate NAME`.
    Elsewhere the file means nothing, and is written for the day when the disk runs under WSL.
    """

    model_config = ConfigDict(alias_generator=to_camel)
    example: ClassVar[str] = """\
wsl:
  boot: {systemd: true}
  automount: {options: {metadata: true, umask: "022"}}
  interop: {appendWindowsPath: false}
  user: {default: dev}
"""

    automount: Automount = Automount()
    """Windows drives under /mnt."""
    network: Network = Network()
    """Names and addresses."""
    interop: Interop = Interop()
    """Windows programs from Linux."""
    user: User = User()
    """Who one is."""
    boot: Boot = Boot()
    """What happens when the distribution starts."""
    gpu: Gpu = Gpu()
    """The GPU of Windows."""
    time: Time = Time()
    """The clock."""
    filesystem: FileSystem = FileSystem()
    """The distribution's own file system."""
    file_server: FileServer = FileServer()
    """How Windows sees the distribution's files."""
    general: General = General()
    """The rest."""

    def keys(self) -> dict[str, Any]:
        """Return the keys that are given, as `section.key`."""
        keys: dict[str, Any] = {}
        for section, values in self.model_dump(exclude_none=True).items():
            keys |= {f"{section}.{key}": value for key, value in values.items()}
        options = self.automount.options
        if isinstance(options, DriveOptions):
            keys["automount.options"] = options.text()
        return keys

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        if keys := self.keys():
            yield Keys(
                path=PATH,
                dialect="wsl",
                keys=keys,
                takes_effect=Moment.DISTRIBUTION,
                # Of the other keys nothing shows whether they were read.
                effect_check=SYSTEMD if keys == {"boot.systemd": True} else "",
            )

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        if self.user.default:
            name = shlex.quote(self.user.default)
            yield Proof(
                f"the default user {self.user.default} exists",
                f"getent passwd -- {name}",
                at=("user", "default"),
            )
        elsewhere = "" if machine.wsl else "echo 'not under WSL'; exit 77\n"
        if self.boot.systemd:
            yield Proof(
                "systemd is PID 1",
                f'read -r name </proc/1/comm; [ "$name" = systemd ] && exit\n{elsewhere}'
                'echo "PID 1 is $name"; exit 1',
                at=("boot", "systemd"),
            )
        if self.interop.append_windows_path is False:
            yield Proof(
                "no Windows directory is in a login shell's PATH",
                f"{elsewhere}env -u PATH "
                "sh -lc 'echo \"$PATH\"; case $PATH in */mnt/?/*) exit 1;; esac'",
                at=("interop", "appendWindowsPath"),
            )
            yield Proof(
                "no Windows directory is in the PATH of a session that Windows starts",
                f"{elsewhere}{in_session(NO_WINDOWS, machine.distribution)}",
                at=("interop", "appendWindowsPath"),
            )
        options = self.automount.options
        if isinstance(options, DriveOptions) and options.metadata:
            yield Proof(
                "Windows drives keep owners and modes",
                f"{elsewhere}drives=$(grep drvfs /proc/mounts) || "
                "{ echo 'no Windows drive is mounted'; exit 77; }\n"
                'echo "$drives"; ! echo "$drives" | grep -qv metadata',
                at=("automount", "options"),
            )
