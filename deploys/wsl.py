"""The capability `wsl`: every setting of /etc/wsl.conf, which belongs to one distribution."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from envwright.facts import Text as FileText
from envwright.model.capability import Capability, Objection, Settings
from envwright.model.capture import Captured, Item, LeftOut
from envwright.model.extra import IniSections, flat, refuse_typed
from envwright.model.proof import Proof, Requirement
from envwright.model.resource import Moment, Resource
from envwright.model.values import AbsolutePath, DeveloperOrNobody, spelled
from envwright.resources.accounts import account
from envwright.resources.edited_file import entries
from envwright.resources.keys import Keys
from envwright.resources.windows.session import in_session
from envwright.resources.wslconf import ignored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.capture import Capturing

PATH = "/etc/wsl.conf"
# All Windows drives are mounted in the folder in which the drive of the Windows system is mounted.
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


DriveText = Annotated[
    str, spelled(r"^[^\s,]+(,[^\s,]+)*$", "options with `,` and no blanks between")
]


class Part(Settings):
    """A section of wsl.conf; a key that is left out is not managed."""

    model_config = ConfigDict(alias_generator=to_camel)


class DriveOptions(Settings):
    """Mount options of Windows drives (microsoft/WSL: src/linux/init/drvfs.cpp)."""

    metadata: bool | None = None
    """Whether Linux owners and modes are kept on NTFS; without them chmod only toggles
    read-only."""
    uid: int | None = Field(default=None, ge=0)
    """The user ID of the owner of files without metadata; by default the default user's."""
    gid: int | None = Field(default=None, ge=0)
    """The group ID of files without metadata."""
    umask: Octal | None = None
    """The umask: permission bits that files and directories do not get."""
    fmask: Octal | None = None
    """The umask of files only. With one of the bits 0111, Linux cannot start .exe files."""
    dmask: Octal | None = None
    """The umask of directories only."""
    case: Literal["off", "dir", "force"] | None = None
    """Whether upper and lower case make different names; under WSL 2 `force` means `dir`."""

    def text(self) -> str:
        """Return the options in the form of wsl.conf: a list with commas and no blanks."""
        values = self.model_dump(exclude_none=True)
        flag = ["metadata"] if values.pop("metadata", False) else []
        return ",".join([*flag, *(f"{name}={value}" for name, value in values.items())])


class Automount(Part):
    """Windows drives under /mnt."""

    enabled: bool | None = None
    """Whether the fixed drives of Windows are mounted."""
    root: AbsolutePath | None = None
    """The folder of the mount points; by default /mnt."""
    options: DriveOptions | DriveText | None = None
    """The mount options, as keys or as the text of wsl.conf."""
    mount_fs_tab: bool | None = None
    """Whether WSL mounts the entries of /etc/fstab at start; systemd mounts them, too."""
    ldconfig: bool | None = None
    """Whether the linker searches /usr/lib/wsl/lib."""
    cgroups: Literal["v1", "v2"] | None = None
    """The version of the cgroup hierarchy (WSL 2.6.2 and later)."""


class Network(Part):
    """Host names and name resolution."""

    generate_hosts: bool | None = None
    """Whether WSL writes /etc/hosts at each start."""
    generate_resolv_conf: bool | None = None
    """Whether WSL writes /etc/resolv.conf at each start; with false you must provide the file."""
    hostname: Text | None = None
    """The host name. WSL sets it at each start, so a change by `hostnamectl` does not last."""


class Interop(Part):
    """The start of Windows programs from Linux."""

    enabled: bool | None = None
    """Whether Linux can start .exe files."""
    append_windows_path: bool | None = None
    """Whether the PATH of Windows is appended to PATH. This is slow, and Windows programs can be
    found in the place of Linux ones."""


class User(Part):
    """The user of the distribution."""

    default: DeveloperOrNobody = None
    """The user of new sessions; an account in /etc/passwd."""


class Boot(Part):
    """The start of the distribution."""

    systemd: bool | None = None
    """Whether systemd is PID 1 (WSL 0.67.6 and later, WSL 2 only)."""
    command: Text | None = None
    """A command that runs as root at each start."""
    init_timeout: int | None = Field(default=None, ge=0)
    """How long to wait for systemd, in ms; by default 10000."""
    protect_binfmt: bool | None = None
    """Whether WSL protects its binfmt entry, by which .exe files run, from systemd-binfmt."""


class Gpu(Part):
    """The use of the GPU of Windows."""

    enabled: bool | None = None
    """Whether the distribution gets /dev/dxg and /usr/lib/wsl."""
    append_lib_path: bool | None = None
    """Whether PATH of shells has /usr/lib/wsl/lib."""


class Time(Part):
    """The clock."""

    use_windows_timezone: bool | None = None
    """Whether the distribution follows the time zone of Windows; use false to set one yourself."""


class FileSystem(Part):
    """The distribution's own file system."""

    umask: Annotated[str, spelled(r"^0[0-7]{1,3}$", 'a 0 and octal digits, like "022"')] | None = (
        None
    )
    """The umask of init and, with it, of shells. WSL takes a number without a 0 in front for a
    decimal one."""


class FileServer(Part):
    r"""The server behind \\wsl.localhost."""

    enabled: bool | None = None
    """Whether Windows can access the distribution's files."""
    log_file: AbsolutePath | None = None
    """The log file of the server."""
    log_level: int | None = Field(default=None, ge=0)
    """The log level; by default 4."""
    log_truncate: bool | None = None
    """Whether the log file is emptied at each start."""


class General(Part):
    """All other settings."""

    gui_applications: bool | None = None
    """Whether graphical Linux programs can run."""


def _in_passwd(account: str) -> str:
    """Return a script that ends with 0 where WSL finds an account (microsoft/WSL#9649)."""
    return f"grep -q '^{account.replace('.', '[.]')}:' /etc/passwd"


class Section(Capability):
    """Settings of a WSL distribution (/etc/wsl.conf).

    Only the keys given here are written. Comments and other keys stay byte for byte. A file that
    WSL cannot read to its end is an error, and envwright leaves the file alone. WSL reads the file
    when the distribution starts, so a change takes effect after `wsl --terminate NAME`. On a
    machine without WSL the file is written, too, for the day when its disk runs under WSL.
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
    """Host names and name resolution."""
    interop: Interop = Interop()
    """The start of Windows programs from Linux."""
    user: User = User()
    """The user of the distribution."""
    boot: Boot = Boot()
    """The start of the distribution."""
    gpu: Gpu = Gpu()
    """The use of the GPU of Windows."""
    time: Time = Time()
    """The clock."""
    filesystem: FileSystem = FileSystem()
    """The distribution's own file system."""
    file_server: FileServer = FileServer()
    """The access of Windows to the distribution's files."""
    general: General = General()
    """All other settings."""
    extra: IniSections = {}
    """Further keys by section and name, such as those of a newer WSL. WSL ignores keys that it does
    not know."""

    @model_validator(mode="after")
    def _no_typed_key_in_extra(self) -> Section:
        parts = {name: value for name, value in self if isinstance(value, Part)}
        typed = [
            f"{to_camel(name)}.{field.alias}"
            for name, part in parts.items()
            for field in type(part).model_fields.values()
        ]
        refuse_typed(flat(self.extra), typed, str.lower)
        return self

    def keys(self) -> dict[str, Any]:
        """Return the keys that are given, as `section.key`."""
        keys = flat(self.model_dump(exclude_none=True, exclude={"extra"})) | flat(self.extra)
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
                # Nothing on the machine shows whether WSL has read the other keys.
                effect_check=SYSTEMD if keys == {"boot.systemd": True} else "",
            )

    def objections(self, machine: Machine) -> Iterator[Objection]:
        if self.automount.cgroups:
            at = ("automount", "cgroups")
            yield from ignored("automount.cgroups", "2.6.2", machine, at)

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        if self.user.default:
            for requirement in account(self.user.default, machine, ("user", "default")):
                yield replace(requirement, script=_in_passwd(self.user.default))

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        if self.user.default:
            yield Proof(
                f"the default user {self.user.default} exists",
                _in_passwd(self.user.default),
                at=("user", "default"),
                quick=True,
                remedy="make the account, or name another one",
            )
        elsewhere = "" if machine.wsl else "echo 'not under WSL'; exit 77\n"
        if self.boot.systemd:
            yield Proof(
                "systemd is PID 1",
                f'read -r name </proc/1/comm; [ "$name" = systemd ] && exit\n{elsewhere}'
                'echo "PID 1 is $name"; exit 1',
                at=("boot", "systemd"),
                quick=True,
                remedy="restart the distribution: run `wsl --terminate NAME` in Windows",
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
                quick=True,
                remedy="WSL mounts the drives anew when the distribution starts: run "
                "`wsl --terminate NAME` in Windows",
            )

    @classmethod
    def capture(cls, machine: Machine) -> Capturing:  # noqa: ARG003 - the same everywhere
        """Look for the keys of the file."""
        facts = yield (FileText(PATH),)
        keys, fault = entries("wsl", facts[FileText(PATH)])
        items = dict(cls._captured(*each) for each in keys.items())
        if items:
            # A user that is left out is the developer.
            items.setdefault(("user", "default"), None)
        left_out = (LeftOut(PATH, f"WSL cannot read the file: {fault}"),) if fault else ()
        return Captured(tuple(Item(at, value, PATH) for at, value in items.items()), left_out)

    @classmethod
    def _captured(cls, key: str, value: Any) -> tuple[tuple[str, ...], Any]:
        """Return where a key of the file stands in the section, and its value as the type has it.

        WSL takes keys whatever their case.
        """
        name, _, inner = key.lower().partition(".")
        for alias, field in ((each.alias or n, each) for n, each in cls.model_fields.items()):
            part = field.annotation
            if alias.lower() == name and isinstance(part, type) and issubclass(part, Part):
                for entry in part.model_fields.values():
                    known = entry.alias or ""
                    if known.lower() == inner:
                        return (alias, known), _typed(str(value), str(entry.annotation))
        return ("extra", *key.split(".", 1)), value


def _typed(text: str, annotation: str) -> Any:
    """Return a text of wsl.conf as a value of a type."""
    if "bool" in annotation and text.lower() in {"true", "false", "0", "1"}:
        return text.lower() in {"true", "1"}
    return int(text) if "int" in annotation and text.isdecimal() else text
