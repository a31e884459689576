"""The capability `files`: files, directories and links, each with its owner and mode."""

from __future__ import annotations

import itertools
import shlex
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import model_validator

from envwright.model.capability import Objection, Settings, TableCapability, render
from envwright.model.proof import Proof, Requirement
from envwright.model.secrets import is_mentioned
from envwright.model.values import (
    AbsolutePath,
    AccountName,
    LocalTemplate,
    LocalText,
    Mode,
    exactly_one,
    spelled,
)
from envwright.resources import wslconf
from envwright.resources.directory import Directory
from envwright.resources.file import File
from envwright.resources.link import Link
from envwright.resources.validators import reason_unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

Target = Annotated[
    str,
    # ln(1) would take a target that begins with `-` for an option.
    spelled(r"^[^-\x00][^\x00]*$", "a path that does not begin with `-`"),
]
KINDS = ("content", "source", "template", "link", "directory", "absent")


HOSTNAME = "/etc/hostname"


class Entry(Settings):
    """The entry at a path: `content`, `source`, `template`, `link`, `directory` or `absent`."""

    content: str | None = None
    """Create a file with this text."""
    source: LocalText | None = None
    """Create a file with the text of this local file; relative to the environment's file."""
    template: LocalTemplate | None = None
    """As `source`, and render the templates `{{ NAME }}` in the text as in the environment."""
    link: Target | None = None
    """Create a symbolic link to this target."""
    directory: bool = False
    """Create a directory; its content is not managed."""
    absent: bool = False
    """Remove the file or link at this path; directories are never removed."""
    owner: AccountName = "root"
    """The user who owns the file, directory or link."""
    group: AccountName | None = None
    """The group; by default the owner's primary group."""
    mode: Mode | None = None
    """The permissions; by default "0644", "0600" for a file that holds a secret, "0755" for a
    directory."""

    @model_validator(mode="after")
    def _one(self) -> Entry:
        exactly_one(self, *KINDS)
        if self.mode and (self.link is not None or self.absent):
            raise ValueError("has a mode, but is neither a file nor a directory")
        return self

    @property
    def is_file(self) -> bool:
        """Whether it is neither a directory, nor a link, nor to be removed."""
        return not (self.directory or self.link is not None or self.absent)

    @property
    def is_program(self) -> bool:
        """Whether it is a file that its owner can run."""
        return self.is_file and bool(int((self.mode or "0644")[1]) & 1)


class Section(TableCapability):
    """Files, directories and links by path.

    Files are written whole and atomically. Files of sudo, sshd, systemd, apt, git and bash, and
    fstab, go live only when the program that reads them accepts them. A file never replaces a
    directory, and a directory or link never replaces a file: the error names the existing entry,
    and envwright leaves it alone.
    """

    example: ClassVar[str] = """\
files:
  /etc/motd: {content: "Ask the platform team first.\\n"}
  /opt/projects: {directory: true, owner: dev, mode: "0750"}
  /home/dev/projects: {link: /opt/projects, owner: dev}
  /home/dev/.gitconfig:
    owner: dev
    content: |
      [init]
      defaultBranch = main
"""

    root: dict[AbsolutePath, Entry]

    def resources(self, machine: Machine) -> Iterator[Resource]:
        for path, entry in self.root.items():
            group = entry.group or machine.primary_group(entry.owner)
            common: dict[str, Any] = {"path": path, "owner": entry.owner, "group": group}
            if entry.absent:
                yield File(path=path, present=False, at=(path,))
            elif entry.directory:
                yield Directory(mode=entry.mode or "0755", at=(path,), **common)
            elif entry.link is not None:
                yield Link(target=entry.link, at=(path,), **common)
            else:
                texts = (entry.content, entry.source, entry.template)
                content = next(text for text in texts if text is not None)
                mode = entry.mode or ("0600" if is_mentioned(content) else "0644")
                yield File(content=content, mode=mode, at=(path,), **common)

    def objections(self, machine: Machine) -> Iterator[Objection]:
        for path, entry in self.root.items():
            if entry.is_file and (reason := reason_unread(path)):
                yield Objection(reason, "name the file as its program expects", at=(path,))
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

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        # Every directory above a file can keep users from it. Root can read every file.
        looks = [
            (entry.owner, "-r" if entry.link is None else "-L", path)
            for path, entry in self.root.items()
            if entry.owner != "root" and not entry.absent and int((entry.mode or "0755")[1]) & 4
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
