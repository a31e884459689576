"""Preflight checks of a daemon's configuration file, as it will be when apply has written it.

A daemon may refuse at its start what no check of the file alone can see: a key that its command
line gives as an option, too, or a folder on a file system where it cannot work.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from string import Template
from typing import TYPE_CHECKING, Any, NamedTuple

from envwright.facts import (
    CommandLine,
    Disks,
    Shell,
    Stat,
    Status,
    Text,
    UnitFiles,
    Unknown,
    command_line,
)
from envwright.model.proof import Fault, Requirement
from envwright.portable import dialects
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.mount import Mount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from envwright.facts import Facts, Question
    from envwright.portable.dialects import Value


@dataclass(frozen=True, kw_only=True)
class Judged(Requirement):
    """What a program of the machine accepts.

    `refusal`, a string.Template, may use $said: what the script prints where it does not hold.

    Args:
        brought_by: the first words of an id by which a resource brings it about; the rest of the id
            is the last line that the script prints. "" where no resource does.
    """

    brought_by: str = ""

    def fault(self, facts: Facts, resources: Sequence[Any]) -> Fault | None:
        answer = facts[Shell(self.script)]
        if isinstance(answer, Unknown) or answer.code == 0:
            return None
        said, _, last = answer.text.rpartition("\n")
        if not self.brought_by:
            said = answer.text
        elif any(resource.id == f"{self.brought_by}{last}" for resource in resources):
            return None
        return Fault(Template(self.refusal).substitute(said=said), self.hint)


@dataclass(frozen=True, kw_only=True)
class _OfFile(Requirement):
    """A requirement that looks at a configuration file as it will be.

    Args:
        path: the configuration file.
        dialect: how the file is read.
        refusal: what to say, a string.Template.
        hint: as refusal.
    """

    script: str = ""
    refusal: str
    hint: str
    path: str
    dialect: str = "json"

    def questions(self) -> Iterable[Question[Any]]:
        return (Text(self.path),)

    def values(self, facts: Facts, resources: Sequence[Any]) -> Mapping[str, Value]:
        """Return what the file will say; nothing where it cannot be read, which plan tells."""
        keys = [r for r in resources if isinstance(r, Keys) and r.path == self.path]
        text = facts[Text(self.path)]
        dialect = dialects.get(self.dialect)
        try:
            before = text if isinstance(text, str) else ""
            return dialect.read(dialect.edit(before, keys[0].keys if keys else {}))
        except dialects.DialectError:
            return {}

    def told(self, **words: str) -> Fault:
        """Return the fault with its words filled in."""
        return Fault(*(Template(t).substitute(words) for t in (self.refusal, self.hint)))


class Option(NamedTuple):
    """An option on a command line: its name, and the words that it takes there."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class OptionsApart(_OfFile):
    """No key of a daemon's file is given on the command line of its unit, too.

    `refusal` and `hint` may use $keys, $options, $place and, for the command line without these
    options, $command.

    Args:
        unit: the unit that starts the daemon.
        packaged: the command line of the unit as its package brings it.
        names: the key of the file that an option stands for, by the option; other options have
            the names of their keys.
        flat: the keys whose values are tables of the site's own names.
        merged: the keys that the daemon takes from both.
        variables: files of variables that the unit may read.
    """

    unit: str
    packaged: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    flat: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()

    def questions(self) -> Iterable[Question[Any]]:
        variables = (Text(path) for path in self.variables)
        return (*super().questions(), UnitFiles(self.unit), *variables)

    def fault(self, facts: Facts, resources: Sequence[Any]) -> Fault | None:
        given = set(self._given(self.values(facts, resources)))
        line = self._command_line(facts, resources)
        options = list(_options(line.words[1:]))
        twice = [option for option in options if self._key(option) in given]
        if not twice:
            return None
        kept = [word for option in options if option not in twice for word in option.words]
        return self.told(
            keys=" and ".join(dict.fromkeys(f"`{self._key(option)}`" for option in twice)),
            options=" and ".join(f"`{shlex.join(option.words)}`" for option in twice),
            place=line.path,
            command=shlex.join([line.words[0], *kept]),
        )

    def _given(self, values: Mapping[str, Value]) -> Iterator[str]:
        """Yield the keys of a file by which the daemon looks for the same option."""
        for pointer in values:
            key, _, inner = pointer.partition("/")
            yield key if not inner or key in self.flat else inner

    def _key(self, option: Option) -> str:
        key = self.names.get(option.name, option.name)
        return "" if key in self.merged else key

    def _command_line(self, facts: Facts, resources: Sequence[Any]) -> CommandLine:
        """Return the command line that the unit will have."""
        found = facts[UnitFiles(self.unit)]
        files = {} if isinstance(found, Unknown) else {**found}
        for file in (r for r in resources if isinstance(r, File)):
            files.pop(file.path, None)
            if file.present:
                files[file.path] = file.content
        texts = [text for path in self.variables if isinstance(text := facts[Text(path)], str)]
        lines = [line for text in texts for line in _variables(text)]
        packaged = CommandLine(self.packaged, f"the package's {self.unit}")
        return command_line(files, self.unit, lines) or packaged


def _variables(text: str) -> Iterator[str]:
    try:
        values = dialects.get("env").read(text)
    except dialects.DialectError:
        return
    yield from (f"{name}={value}" for name, value in values.items())


def _options(words: Sequence[str]) -> Iterator[Option]:
    """Split a command line without operands into its options (spf13/pflag).

    A word that begins with no hyphen is the value of the option before it.
    """
    for start, word in enumerate(words):
        if not word.startswith("-"):
            continue
        values = [w for w in words[start + 1 : start + 2] if not w.startswith("-")]
        name = word[2:].partition("=")[0] if word.startswith("--") else word[1:2]
        yield Option(name, (word, *values))


@dataclass(frozen=True, kw_only=True)
class FolderFits(_OfFile):
    """The folder that a key of a daemon's file names lies on a file system that fits.

    `refusal` and `hint` may use $folder, $mount, $kind and, for what is wrong, $reason.

    Args:
        key: the key.
        default: the folder where the file does not say it.
        unfit: why a file system does not fit, by its type as the kernel names it.
    """

    key: str
    default: str
    unfit: Mapping[str, str]

    def questions(self) -> Iterable[Question[Any]]:
        return (*super().questions(), Disks(), Stat(self.default))

    def fault(self, facts: Facts, resources: Sequence[Any]) -> Fault | None:
        folder = str(self.values(facts, resources).get(self.key, self.default))
        found = _unfit(folder, self.unfit, facts, resources)
        return self.told(**found) if found else None


_NETWORK = "is a network drive, where a server may lose what it has written"
_WINDOWS = "is a drive of Windows, which has neither Linux owners nor the locks of a server"
_MEMORY = "is in memory, so that the data would be gone after a restart"
_UNFIT_FOR_DATA = {
    **dict.fromkeys(("9p", "drvfs", "virtiofs", "wslfs"), _WINDOWS),
    **dict.fromkeys(("exfat", "fuseblk", "msdos", "ntfs", "ntfs3", "vfat"), _WINDOWS),
    **dict.fromkeys(("cifs", "fuse.sshfs", "nfs", "nfs4", "smb3"), _NETWORK),
    **dict.fromkeys(("ramfs", "tmpfs"), _MEMORY),
}


@dataclass(frozen=True, kw_only=True)
class DataFits(Requirement):
    """The data of a server lies on a disk of Linux.

    Args:
        server: what people call the server.
        folder: where the data lies.
    """

    script: str = ""
    refusal: str = "the data of $server in $folder lies on $mount ($kind), which $reason"
    hint: str = "move the data to a disk of Linux, and mount that or let a link lead there"
    server: str
    folder: str

    @classmethod
    def of(cls, server: str, folder: str) -> DataFits:
        """Return the requirement for a server and its folder."""
        return cls(
            name=f"the data of {server} lies on a disk of Linux", server=server, folder=folder
        )

    def questions(self) -> Iterable[Question[Any]]:
        return (Disks(), Stat(self.folder))

    def fault(self, facts: Facts, resources: Sequence[Any]) -> Fault | None:
        found = _unfit(self.folder, _UNFIT_FOR_DATA, facts, resources)
        if not found:
            return None
        return Fault(Template(self.refusal).substitute(found, server=self.server), self.hint)


def _unfit(
    folder: str, unfit: Mapping[str, str], facts: Facts, resources: Sequence[Any]
) -> Mapping[str, str]:
    """Return the mount under a folder, and why its file system does not fit; {} where it does."""
    status = facts[Stat(folder)]
    if isinstance(status, Status) and status.kind == "link":
        folder = str(PurePosixPath(folder).parent / status.target)
    mounts = facts[Disks()]
    above = [str(p) for p in (PurePosixPath(folder), *PurePosixPath(folder).parents)]
    # What the environment mounts there hides what is there today.
    if isinstance(mounts, Unknown) or any(
        isinstance(r, Mount) and r.target in above for r in resources
    ):
        return {}
    place = next((path for path in above if path in mounts), "")
    kind = mounts[place].kind if place else ""
    reason = unfit.get(kind)
    return {"folder": folder, "mount": place, "kind": kind, "reason": reason} if reason else {}
