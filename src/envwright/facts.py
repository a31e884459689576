"""What can be known of a machine: questions that a shell can answer, and the answers, typed."""

from __future__ import annotations

import io
import re
import shlex
import tarfile
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Answer_co = TypeVar("Answer_co", covariant=True)

TEXT_LIMIT = 1 << 20
"""Files above this many bytes are not fetched to be compared: their text is Unknown."""


@dataclass(frozen=True)
class Unknown:
    """An answer that could not be had. It equals nothing that anyone wants."""

    reason: str

    def __str__(self) -> str:
        return f"? ({self.reason})"


@dataclass(frozen=True)
class Question(ABC, Generic[Answer_co]):
    """One thing to be known. All questions of a kind are answered by one script.

    Scripts only read. They run as root under `sh` (dash) with LC_ALL=C, get no input, and print
    whatever `parse` of the same class understands; what they print on stderr is not seen.
    """

    @classmethod
    @abstractmethod
    def script(cls, questions: Sequence[Any]) -> str:
        """Return shell text that answers all the questions."""

    @classmethod
    @abstractmethod
    def parse(cls, questions: Sequence[Any], output: bytes) -> Mapping[Any, Any]:
        """Return the answer to each question, in any order; a missing one is Unknown."""


class Facts:
    """Answers by question, as they were at one moment on one machine."""

    def __init__(self, answers: Mapping[Question[Any], Any]) -> None:
        self._answers = answers

    def __getitem__(self, question: Question[Answer_co]) -> Answer_co | Unknown:
        answer = self._answers.get(question, Unknown("the machine gave no answer"))
        return cast("Answer_co | Unknown", answer)


# --- Paths -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Status:
    """What lstat(2) says: `kind` is file, directory, link or other; times in seconds."""

    kind: str
    mode: str
    owner: str
    group: str
    size: int
    changed: float
    target: str

    KINDS: ClassVar = {"f": "file", "d": "directory", "l": "link"}


@dataclass(frozen=True)
class Stat(Question["Status | None"]):
    """The status of a path, not following a link; None where nothing is."""

    path: str

    @classmethod
    def script(cls, questions: Sequence[Stat]) -> str:
        fields = r"%y\t%m\t%u\t%g\t%s\t%C@\0%l\0%p\0"
        # find(1) asks lstat for all paths in one process; its complaints follow behind a mark.
        return (
            "{ err=$(find "
            + " ".join(shlex.quote(q.path) for q in questions)
            + f" -maxdepth 0 -printf '{fields}' 2>&1 >&3); }} 3>&1; printf '\\0%s' \"$err\""
        )

    @classmethod
    def parse(
        cls, questions: Sequence[Stat], output: bytes
    ) -> Mapping[Stat, Status | Unknown | None]:
        records, _, words = decode(output).rpartition("\0")
        parts = records.split("\0")
        answers: dict[str, Status | Unknown | None] = dict(_complaints(words))
        for fields, target, path in zip(parts[::3], parts[1::3], parts[2::3], strict=False):
            kind, mode, owner, group, size, changed = fields.split("\t")
            kind, mode = Status.KINDS.get(kind, "other"), mode.zfill(4)
            status = Status(kind, mode, owner, group, int(size), float(changed), target)
            answers[path] = status
        return {q: answers[q.path] for q in questions if q.path in answers}


def _complaints(words: str) -> Iterator[tuple[str, Unknown | None]]:
    """Tell paths that are not there from those that cannot be looked at.

    find says `find: 'PATH': REASON`, the path with the escapes of C.
    """
    for path, reason in re.findall(r"^find: '(.*)': (.*)$", words, re.MULTILINE):
        plain = re.sub(
            rb"\\([0-7]{3}|.)",
            lambda m: bytes([int(m[1], 8)]) if m[1].isdigit() else m[1],
            path.encode("utf-8", "surrogateescape"),
        )
        missing = reason in {"No such file or directory", "Not a directory"}
        yield decode(plain), None if missing else Unknown(reason)


@dataclass(frozen=True)
class Text(Question["str | None"]):
    """The content of a regular file (utf-8 with surrogateescape); None where there is none."""

    path: str

    @classmethod
    def script(cls, questions: Sequence[Text]) -> str:
        # One tar for all: exact framing, any byte, no process a file.
        paths = " ".join(shlex.quote(q.path) for q in questions)
        small = f"-type f -size -{TEXT_LIMIT + 1}c -print0"
        tar = "tar --create --format=gnu --blocking-factor=1 --no-recursion --absolute-names"
        return f"find {paths} -maxdepth 0 {small} | {tar} --file=- --null --files-from=-"

    @classmethod
    def parse(cls, questions: Sequence[Text], output: bytes) -> Mapping[Text, str | None]:
        texts: dict[str, str] = {}
        if output.strip(b"\0"):
            with tarfile.open(fileobj=io.BytesIO(output), mode="r:") as archive:
                # A file named twice (hard links) comes as a reference to its first name.
                for member in archive:
                    if content := archive.extractfile(member):
                        texts[member.name] = decode(content.read())
        return {q: texts.get(q.path, texts.get(q.path.lstrip("/"))) for q in questions}


# --- Packages and units ----------------------------------------------------------------------


@dataclass(frozen=True)
class Dpkg(Question["str | None"]):
    """The version of a package that is installed and configured; None where it is not."""

    package: str

    @classmethod
    def script(cls, questions: Sequence[Dpkg]) -> str:
        names = " ".join(shlex.quote(q.package) for q in questions)
        return f"dpkg-query --show --showformat '{_DPKG_FORMAT}' -- {names}"

    @classmethod
    def parse(cls, questions: Sequence[Dpkg], output: bytes) -> Mapping[Dpkg, str | None]:
        versions = {}
        for line in decode(output).splitlines():
            name, qualified, version, status = line.split("\t")
            # "ii" and "hi" are installed, held or not; "iF", "iU" wait to be configured.
            if status[1:2] == "i":
                versions[name] = versions[qualified] = version
        return {q: versions.get(q.package) for q in questions}


_DPKG_FORMAT = r"${Package}\t${binary:Package}\t${Version}\t${db:Status-Abbrev}\n"


@dataclass(frozen=True)
class UnitStatus:
    """What systemd says of a unit.

    `load`: loaded, not-found, masked...; `active`: active, inactive, failed...; `enabled`: enabled,
    disabled, static, masked... ("" when unknown to systemd); `stale`: its file on disk is newer
    than what systemd read; `started`: when its process (or, without one, the unit) last started,
    in seconds since 1970, None when it is not active. Without systemd as PID 1 only `enabled`
    is known and `load` is "offline".
    """

    load: str
    active: str
    enabled: str
    stale: bool
    started: float | None


@dataclass(frozen=True)
class Unit(Question[UnitStatus]):
    """The status of a systemd unit, by its full name (`docker.service`)."""

    name: str

    PROPERTIES: ClassVar = (
        "Id",
        "Names",
        "LoadState",
        "ActiveState",
        "UnitFileState",
        "NeedDaemonReload",
        "ExecMainStartTimestamp",
        "ActiveEnterTimestamp",
    )

    @classmethod
    def script(cls, questions: Sequence[Unit]) -> str:
        names = " ".join(shlex.quote(q.name) for q in questions)
        # --timestamp is younger than systemd 247: without it the times are whole seconds.
        show = f"systemctl show --property={','.join(cls.PROPERTIES)}"
        online = f"{show} --timestamp=us+utc -- {names} || TZ=UTC {show} -- {names}"
        form = r"Names=%s\nLoadState=offline\nUnitFileState=%s\n\n"
        state = '"$(systemctl --root=/ is-enabled -- "$unit")"'
        offline = f"for unit in {names}; do printf '{form}' \"$unit\" {state}; done"
        return f"if [ -d /run/systemd/system ]; then {online}; else {offline}; fi"

    @classmethod
    def parse(cls, questions: Sequence[Unit], output: bytes) -> Mapping[Unit, UnitStatus]:
        units = {}
        for block in decode(output).split("\n\n"):
            fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
            for name in fields.get("Names", "").split():
                units[name] = _unit_status(fields)
        return {q: units[q.name] for q in questions if q.name in units}


def _unit_status(fields: Mapping[str, str]) -> UnitStatus:
    active = fields.get("ActiveState", "")
    started = fields.get("ExecMainStartTimestamp") or fields.get("ActiveEnterTimestamp", "")
    return UnitStatus(
        load=fields.get("LoadState", ""),
        active=active,
        # Since systemd 254 is-enabled says this of what it does not know.
        enabled=fields.get("UnitFileState", "").replace("not-found", ""),
        stale=fields.get("NeedDaemonReload") == "yes",
        started=_seconds(started) if active == "active" else None,
    )


def _seconds(timestamp: str) -> float | None:
    """Read `Sat 2026-11-21 08:49:50.123456 UTC` as seconds since 1970."""
    found = re.search(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d+)?", timestamp)
    if not found:
        return None
    moment = datetime.fromisoformat(f"{found[1]}T{found[2]}").replace(tzinfo=timezone.utc)
    return moment.timestamp() + float(found[3] or 0)


# --- Accounts, mounts, and whatever else a command can tell --------------------------------


@dataclass(frozen=True)
class Account:
    """A line of /etc/passwd, with the supplementary groups that name the user."""

    name: str
    uid: int
    group: str
    home: str
    shell: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Accounts:
    """The accounts of this machine's own files, by name; `groups` maps names to (gid, members)."""

    users: Mapping[str, Account]
    groups: Mapping[str, tuple[int, tuple[str, ...]]]

    @staticmethod
    def read(passwd: str, group: str) -> Accounts:
        """Parse /etc/passwd and /etc/group (passwd(5), group(5)); malformed lines are skipped."""
        rows = [line.split(":") for line in group.splitlines()]
        groups = {
            r[0]: (int(r[2]), tuple(filter(None, r[3].split(","))))
            for r in rows
            if len(r) == 4 and r[2].isdigit()  # noqa: PLR2004 - group(5) has four fields
        }
        names = {gid: name for name, (gid, _) in groups.items()}
        users = {}
        for line in passwd.splitlines():
            fields = line.split(":")
            if len(fields) == 7 and fields[2].isdigit() and fields[3].isdigit():  # noqa: PLR2004 - passwd(5)
                name, _, uid, gid, _, home, shell = fields
                member = tuple(sorted(g for g, (_, members) in groups.items() if name in members))
                users[name] = Account(name, int(uid), names.get(int(gid), gid), home, shell, member)
        return Accounts(users, groups)


@dataclass(frozen=True)
class Logins(Question[Accounts]):
    """All accounts of the machine's own files (no network directory)."""

    @classmethod
    def script(cls, questions: Sequence[Logins]) -> str:  # noqa: ARG003 - one answer for all
        return r"cat /etc/passwd; printf '\0'; cat /etc/group"

    @classmethod
    def parse(cls, questions: Sequence[Logins], output: bytes) -> Mapping[Logins, Accounts]:
        passwd, _, group = decode(output).partition("\0")
        return dict.fromkeys(questions, Accounts.read(passwd, group))


@dataclass(frozen=True)
class MountPoint:
    """A live mount: `source`, `kind` (file system type) and `options` as the kernel words them."""

    source: str
    kind: str
    options: tuple[str, ...]
    root: str


@dataclass(frozen=True)
class Mounts(Question["Mapping[str, MountPoint]"]):
    """What is mounted where, the topmost mount of each path (proc_pid_mountinfo(5))."""

    @classmethod
    def script(cls, questions: Sequence[Mounts]) -> str:  # noqa: ARG003 - one answer for all
        return "cat /proc/self/mountinfo"

    @classmethod
    def parse(
        cls, questions: Sequence[Mounts], output: bytes
    ) -> Mapping[Mounts, Mapping[str, MountPoint]]:
        mounts = {}
        for line in decode(output).splitlines():
            left, _, right = line.partition(" - ")
            _, _, _, root, path, options = left.split(" ")[:6]
            kind, source, super_options = right.split(" ")[:3]
            # The mount's own flags win over its file system's: both say rw or ro.
            own = options.split(",")
            more = [o for o in super_options.split(",") if o not in {"rw", "ro", *own}]
            mounts[unescape(path)] = MountPoint(
                unescape(source), kind, tuple(own + more), unescape(root)
            )
        return dict.fromkeys(questions, mounts)


def unescape(field: str) -> str:
    r"""Undo the octal escapes of fstab(5) and mountinfo: `\040` is a blank."""
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), field)


@dataclass(frozen=True)
class Output:
    """What a read-only command said: exit code and stdout, trailing newlines removed."""

    code: int
    text: str


@dataclass(frozen=True)
class Shell(Question[Output]):
    """The answer of a read-only script; for what no other question asks."""

    text: str

    @classmethod
    def script(cls, questions: Sequence[Shell]) -> str:
        return "\n".join(f"(eval {shlex.quote(q.text)}); printf '\\0%s\\0' $?" for q in questions)

    @classmethod
    def parse(cls, questions: Sequence[Shell], output: bytes) -> Mapping[Shell, Output]:
        fields = decode(output).split("\0")
        pairs = zip(fields[::2], fields[1::2], strict=False)
        return {
            q: Output(int(code), text.rstrip("\n"))
            for q, (text, code) in zip(questions, pairs, strict=False)
        }


# --- The machine as a whole ------------------------------------------------------------------


@dataclass(frozen=True)
class Machine:
    """What a machine says of itself when a session opens; the facts that the language may name.

    Args:
        distro: ID of os-release(5): `debian`, `ubuntu`.
        release: VERSION_ID: `13`, `24.04`.
        codename: `trixie`, `noble`; on Ubuntu's derivatives the Ubuntu one (UBUNTU_CODENAME), as
            Docker's own installation steps take it.
        architecture: Debian's name of it: `amd64`, `arm64`.
        kernel: `uname -r`.
        wsl: runs under the Windows Subsystem for Linux.
        distribution: its name there (`Ubuntu-24.04`); "" elsewhere or when unknown.
        booted: systemd is PID 1 (sd_booted(3)).
        accounts: the users and groups it has.
    """

    distro: str
    release: str
    codename: str
    architecture: str
    kernel: str
    wsl: bool
    distribution: str
    booted: bool
    accounts: Accounts

    HELLO: ClassVar = r"""
cat /etc/os-release; printf '\0'
dpkg --print-architecture; printf '\0'
cat /proc/sys/kernel/osrelease; printf '\0'
[ -e /init ] && [ -d /run/WSL ] && echo wsl; printf '\0'
[ "$WSL_DISTRO_NAME" ] || ! [ -e /init ] || WSL_DISTRO_NAME=$(wslpath -am / | cut -d/ -f4)
printf '%s\0' "$WSL_DISTRO_NAME"
[ -d /run/systemd/system ] && echo booted; printf '\0'
cat /etc/passwd; printf '\0'
cat /etc/group
"""
    """The script that `read` understands: the opening words of every session."""

    @staticmethod
    def read(hello: bytes) -> Machine:
        """Parse what HELLO printed."""
        fields = [*decode(hello).split("\0"), *[""] * 8]
        release = dict(_assignments(fields[0]))
        kernel = fields[2].strip()
        return Machine(
            distro=release.get("ID", ""),
            release=release.get("VERSION_ID", ""),
            codename=release.get("UBUNTU_CODENAME") or release.get("VERSION_CODENAME", ""),
            architecture=fields[1].strip(),
            kernel=kernel,
            # microsoft/WSL: stock kernels say so; custom ones are told by WSL's init and socket.
            wsl="microsoft" in kernel.lower() or fields[3].strip() == "wsl",
            distribution=fields[4],
            booted=fields[5].strip() == "booted",
            accounts=Accounts.read(fields[6], fields[7]),
        )

    def primary_group(self, user: str) -> str:
        """Return a user's primary group, or what by Debian's custom it will be."""
        return self.accounts.users[user].group if user in self.accounts.users else user

    def home(self, user: str) -> str:
        """Return where a user's home is, or by Debian's custom will be."""
        if user in self.accounts.users:
            return self.accounts.users[user].home
        return "/root" if user == "root" else f"/home/{user}"


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.startswith("#"):
            yield name.strip(), "".join(shlex.split(value))


def decode(data: bytes) -> str:
    """Decode as all of envwright does: utf-8, with other bytes carried through unharmed."""
    return data.decode("utf-8", "surrogateescape")
