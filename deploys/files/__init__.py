"""The capability `files`: files, directories and links, each with its owner and mode."""

from __future__ import annotations

import itertools
import re
import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, cast

from pydantic import JsonValue, model_validator

from envwright.model.capability import Objection, Settings, TableCapability, render
from envwright.model.proof import Proof, Requirement
from envwright.model.secrets import is_mentioned
from envwright.model.values import (
    AbsolutePath,
    AccountName,
    Adding,
    LocalBytes,
    LocalFile,
    LocalTemplate,
    LocalTree,
    Mode,
    OneLine,
    exactly_one,
    spelled,
)
from envwright.resources import wslconf
from envwright.resources.directory import Directory
from envwright.resources.edited_file import leaves, reason_unwritable
from envwright.resources.file import File
from envwright.resources.keys import Keys
from envwright.resources.link import Link, skeleton
from envwright.resources.validators import reason_unread

from .capture import capture
from .comments import comment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.capture import Capturing
    from envwright.model.resource import Resource

Target = Annotated[
    str,
    # ln(1) would take a target that begins with `-` for an option.
    spelled(r"^[^-\x00][^\x00]*$", "a path that does not begin with `-`"),
]
Comment = Annotated[
    str, spelled(r"^[^\s\x00]+( [^\s\x00]+)?$", "like `//`, or with an end like `<!-- -->`")
]
BlockName = Annotated[
    str,
    spelled(
        r"^[A-Za-z0-9][A-Za-z0-9._-]*$", "letters, digits, `.`, `_` and `-`, no sign at the start"
    ),
]
KINDS = (
    "content",
    "source",
    "template",
    "tree",
    "blocks",
    "lines",
    "keys",
    "link",
    "directory",
    "absent",
)
ACCESS = ("owner", "group", "mode")
FORMATS = {
    ".json": "jsonc",
    ".jsonc": "jsonc",
    ".code-workspace": "jsonc",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".ini": "ini",
    ".cfg": "ini",
}
"""By the end of a file's name: how its keys are edited. Comments in JSON do no harm here."""
GIT = re.compile(r".*/(\.?gitconfig|[^/]+\.gitconfig|\.gitmodules|\.?git/config)")
"""The files that git reads, and the usual names of what they include."""
HOSTNAME = "/etc/hostname"


class Lines(Settings):
    """Whole lines of a file."""

    present: Adding[OneLine] = []
    """Lines that the file must have, anywhere; a missing one is added at the end."""
    absent: Adding[OneLine] = []
    """Lines that the file must not have."""

    @model_validator(mode="after")
    def _apart(self) -> Lines:
        if both := set(self.present) & set(self.absent):
            raise ValueError(f"has the line {min(both)!r} in 'present' and in 'absent'")
        return self


class Entry(Settings):
    """What is at a path: a file, a part of a file that others own, a link, a directory, nothing."""

    content: str | None = None
    """Create a file with this text."""
    source: LocalBytes | None = None
    """Create a file with the content of this local file, text or not; relative to the environment's
    file."""
    template: LocalTemplate | None = None
    """As `source`, and render the templates `{{ NAME }}` in the text as in the environment."""
    tree: LocalTree | None = None
    """Create a folder with the files of this local folder: at most 500, each of at most 1 MiB. What
    can be executed here can be there, links stay links, and a file `NAME.j2` is rendered to NAME.
    Other files in the folder on the machine stay."""
    once: bool = False
    """Create the file, or the files of the tree, only where nothing is; from then on they are the
    user's."""
    blocks: dict[BlockName, str] | None = None
    """Blocks of lines, by name, in a file that others own, such as ~/.bashrc. Marks around a block,
    `# envwright: NAME begin` and `end`, tell it from the rest of the file, which stays byte for
    byte. An empty text removes the block. What stands between the marks is envwright's; a mark that
    was removed by hand is refused, by line."""
    lines: Lines | None = None
    """Whole lines that a file of others must have, or must not have; the rest stays."""
    keys: dict[str, JsonValue] | None = None
    """Keys of a file that others own, nested as they are in the file: `{tool: {ruff: {line-length:
    100}}}`; a dot in a name is a part of the name. A list is one value, `null` says that the key
    must not be there. The rest of the file stays, comments and order too."""
    format: Literal["json", "jsonc", "toml", "yaml", "ini", "gitconfig"] | None = None
    """How the file of `keys` is read; by default what the end of its name tells: .json and .jsonc
    (JSON that may have comments), .toml, .yaml and .yml, .ini and .cfg; .gitconfig, .gitmodules and
    git/config are files of git's."""
    comment: Comment | None = None
    """How a comment begins in the file, for the marks of `blocks`, and how it ends, if it does
    (`<!-- -->`); by default what the file's name tells."""
    position: Literal["end", "start"] = "end"
    """Where a new block goes."""
    link: Target | None = None
    """Create a symbolic link to this target."""
    directory: bool = False
    """Create a directory; its content is not managed."""
    absent: bool = False
    """Remove the file or link at this path; directories are never removed."""
    owner: AccountName | None = None
    """The user who owns the file, directory or link; by default the person in whose home the path
    lies, else root."""
    group: AccountName | None = None
    """The group; by default the owner's primary group."""
    mode: Mode | None = None
    """The permissions; by default "0644", "0600" for a file that holds a secret, "0755" for a
    directory. In a tree, folders and programs can also be executed by all who may read them. A file
    that is edited (`blocks`, `lines`, `keys`) keeps its owner, group and mode where they are not
    given."""

    @model_validator(mode="after")
    def _one(self) -> Entry:
        exactly_one(self, *KINDS)
        if self.blocks is None and (self.comment or self.position != "end"):
            raise ValueError("has 'comment' or 'position', which are for 'blocks'")
        if self.keys is None and self.format:
            raise ValueError("has 'format', which is for 'keys'")
        if self.once and not any((self.is_whole, self.tree)):
            raise ValueError("has 'once', which is for a whole file or a tree")
        if self.mode and (self.link is not None or self.absent):
            raise ValueError("has a mode, but is neither a file nor a directory")
        return self

    @property
    def is_whole(self) -> bool:
        """Whether it is a file whose whole content is given."""
        return any(text is not None for text in (self.content, self.source, self.template))

    @property
    def is_file(self) -> bool:
        """Whether it is a file, whole or edited."""
        return self.is_whole or self.is_edited

    def files(self, path: str) -> Iterator[str]:
        """Yield the paths of the files that it brings."""
        if self.is_file:
            yield path
        for file in self.local:
            yield f"{path}/{file.path}"

    @property
    def local(self) -> tuple[LocalFile, ...]:
        """The files of the tree."""
        return cast("tuple[LocalFile, ...]", self.tree or ())

    @property
    def is_program(self) -> bool:
        """Whether it is a file that its owner can run."""
        return self.is_file and bool(int((self.mode or "0644")[1]) & 1)

    @property
    def is_edited(self) -> bool:
        """Whether it is a part of a file that others own."""
        return any(part is not None for part in (self.blocks, self.lines, self.keys))

    def dialect(self, path: str) -> str:
        """Return how the file is edited; "" where its name does not tell."""
        if self.keys is not None:
            usual = "gitconfig" if GIT.fullmatch(path) else ""
            return self.format or FORMATS.get(PurePosixPath(path).suffix.lower(), usual)
        return "lines" if self.lines else "block" if self.position == "end" else "block_top"


class Section(TableCapability):
    """Files, directories and links by path, and parts of files that others own.

    Files are written whole and atomically. `blocks`, `lines` and `keys` change a part of a file,
    and every other byte stays. Files of sudo, sshd, systemd, apt, git and bash, and
    fstab, go live only when the program that reads them accepts them. A file never replaces a
    directory, and a directory or link never replaces a file: the error names the existing entry,
    and envwright leaves it alone. A link does take the place of a file that a new account gets from
    /etc/skel, such as ~/.bashrc, where nobody has changed the file.
    """

    example: ClassVar[str] = """\
files:
  /etc/motd: {content: "Ask the platform team first.\\n"}
  /opt/projects: {directory: true, owner: dev, mode: "0750"}
  /home/dev/projects: {link: /opt/projects}
  /home/dev/.bashrc:
    blocks: {tools: "export EDITOR=vim"}
  /home/dev/.config/Code/User/settings.json:
    keys: {editor.fontSize: 14, files.exclude: {"**/.git": true}}
  /home/dev/.gitconfig:
    content: |
      [init]
      defaultBranch = main
"""

    root: dict[AbsolutePath, Entry]

    def resources(self, machine: Machine) -> Iterator[Resource]:
        for path, entry in self.root.items():
            owner = entry.owner or machine.home_owner(path)
            group = entry.group or machine.primary_group(owner)
            common: dict[str, Any] = {"path": path, "owner": owner, "group": group, "at": (path,)}
            if entry.absent:
                yield File(path=path, present=False, at=(path,))
            elif entry.directory:
                yield Directory(mode=entry.mode or "0755", **common)
            elif entry.link is not None:
                yield Link(
                    target=entry.link, template=skeleton(path, machine.home(owner)), **common
                )
            elif entry.is_edited:
                yield _edited(path, entry, common)
            elif entry.tree:
                yield from _tree(path, entry, common, machine)
            else:
                texts = (entry.content, entry.source, entry.template)
                content = next(text for text in texts if text is not None)
                mode = entry.mode or _usual(content)
                yield File(content=content, mode=mode, once=entry.once, **common)

    def objections(self, machine: Machine) -> Iterator[Objection]:
        for path, entry in self.root.items():
            for reason in filter(None, map(reason_unread, entry.files(path))):
                yield Objection(reason, "name the file as its program expects", at=(path,))
            if unwritable := _reason_unwritable(path, entry):
                yield Objection(*unwritable, at=(path, "keys"))
            if entry.blocks and not (entry.comment or comment(path)):
                yield Objection(
                    f"{path} would be a file without comments, where a block has no marks",
                    "set its `content`, or say by `comment` how its comments begin",
                    at=(path, "blocks"),
                )
        if machine.wsl and HOSTNAME in self.root:
            yield Objection(
                f"WSL writes {HOSTNAME} at each start of the distribution",
                "set the host name by `wsl: {network: {hostname: NAME}}`",
                (HOSTNAME,),
            )

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        for path in wslconf.WRITTEN:
            if machine.wsl and path in self.root:
                yield wslconf.left_alone(path)

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        # Every directory above a file can keep users from it. Root can read every file.
        looks = [
            (owner, "-r" if entry.link is None else "-L", path)
            for path, entry in self.root.items()
            for owner in [entry.owner or machine.home_owner(path)]
            if owner != "root" and not entry.absent and int((entry.mode or "0755")[1]) & 4
        ]
        if looks:
            words = itertools.chain.from_iterable(looks)
            yield Proof(
                "users get at their own files",
                render("files.access.sh", paths=" ".join(map(shlex.quote, words))),
                quick=True,
                remedy="let the user into the directory that is shown, or give the file another "
                "place",
            )
        for path, entry in self.root.items():
            if entry.is_program:
                yield Proof(
                    f"{path} can be run",
                    # access(2) tells a file system that is mounted with noexec, too.
                    f"[ -x {shlex.quote(path)} ] || {{ findmnt -T {shlex.quote(path)}; exit 1; }}",
                    at=(path,),
                    quick=True,
                    remedy="mount the file system that is shown with the option `exec`, or give "
                    "the program another place",
                )

    @classmethod
    def capture(cls, machine: Machine) -> Capturing:
        return capture(machine)


def _tree(path: str, entry: Entry, common: dict[str, Any], machine: Machine) -> Iterator[Resource]:
    """Yield a folder, the folders in it, and its files and links."""
    mode = entry.mode or "0644"
    above = {PurePosixPath(path, file.path).parent for file in entry.local}
    folders = {f for a in above for f in (a, *a.parents) if f.is_relative_to(path)}
    for folder in sorted(folders):
        yield Directory(**common | {"path": str(folder)}, mode=_runnable(mode))
    for file in entry.local:
        place = common | {"path": f"{path}/{file.path}"}
        if file.target:
            template = skeleton(place["path"], machine.home(place["owner"]))
            yield Link(target=file.target, template=template, **place)
        else:
            usual = mode if entry.mode else _usual(file.text)
            own = _runnable(usual) if file.mode == "0755" else usual
            yield File(content=file.text, mode=own, once=entry.once, **place)


def _usual(text: str) -> str:
    """Return the mode of a file where the environment names none."""
    return "0600" if is_mentioned(text) else "0644"


def _runnable(mode: str) -> str:
    """Return a mode in which all who may read may execute, too."""
    return f"{int(mode, 8) | (int(mode, 8) & 0o444) >> 2:04o}"


def _edited(path: str, entry: Entry, common: dict[str, Any]) -> Keys:
    """Return the resource that edits a part of a file."""
    keys: dict[str, Any] = {}
    if entry.keys is not None:
        keys = dict(leaves(entry.keys))
    elif entry.lines:
        keys = dict.fromkeys(entry.lines.present, True) | dict.fromkeys(entry.lines.absent)
    elif entry.blocks is not None:
        opener, _, closer = (entry.comment or comment(path)).partition(" ")
        for name, text in entry.blocks.items():
            keys[" ".join(filter(None, (opener, name, closer)))] = _ended(text) or None
    secret = any(is_mentioned(str(value)) for value in keys.values())
    given = ("mode",) if secret else ()
    keep = tuple(name for name in ACCESS if not getattr(entry, name) and name not in given)
    mode = entry.mode or ("0600" if secret else "0644")
    return Keys(dialect=entry.dialect(path), keys=keys, mode=mode, keep=keep, **common)


def _reason_unwritable(path: str, entry: Entry) -> tuple[str, str] | None:
    """Return why no file can hold the keys, and what to do; None where one can."""
    if entry.keys is None:
        return None
    if not entry.dialect(path):
        formats = "name the file's `format`, one of json, jsonc, toml, yaml, ini and gitconfig"
        return f"the name of {path} does not tell how its keys are written", formats
    keys = dict(leaves(entry.keys))
    if any(isinstance(value, list) and is_mentioned(str(value)) for value in keys.values()):
        return f"{path} would hold a secret in a list", "write the file whole, by `content`"
    reason = reason_unwritable(entry.dialect(path), keys)
    return (f"{path}: {reason}", "correct the keys") if reason else None


def _ended(text: str) -> str:
    """Return a text whose last line has an ending; "" stays."""
    return f"{text}\n" if text and not text.endswith("\n") else text
