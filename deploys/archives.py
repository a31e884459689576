"""The capability `archives`: programs and folders from publishers' archives."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, model_validator

from envwright.model.architecture import Architecture, for_architecture, unserved
from envwright.model.capability import Settings, TableCapability
from envwright.model.proof import Proof
from envwright.model.values import (
    AbsolutePath,
    AccountName,
    InnerPath,
    Replacing,
    Sha256,
    Url,
    exactly_one,
    spelled,
)
from envwright.resources.archive import FORMATS, Archive, ending_of, file_of
from envwright.resources.link import Link
from envwright.resources.package import Package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.capability import Objection
    from envwright.model.resource import Resource

Name = Annotated[
    str,
    spelled(
        r"^[A-Za-z0-9][A-Za-z0-9._+-]*$", "letters, digits, `.`, `_`, `+` and `-`, no sign first"
    ),
]
Word = Annotated[str, spelled(r"^[^\x00]*$", "a text without NUL")]
AS_NOBODY = (
    "cd / && exec runuser -u nobody -- env -i LC_ALL=C.UTF-8 HOME=/nonexistent "
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
)
"""How a program is tried: as a user who owns nothing, with nothing of root's environment."""


class Item(Settings):
    """An archive, and where its content goes."""

    url: Url | dict[Architecture, Url]
    """Where the archive is: one address, or one for each architecture. Its name tells its format:
    .tar with .gz, .xz, .bz2 or .zst; .zip; .gz and the like of one file; any other file is a
    program itself."""
    sha256: Sha256 | dict[Architecture, Sha256] | None = None
    """The checksum of the archive, or one for each architecture. A checksum in the environment is
    the strongest: nobody can exchange the archive, neither the publisher nor a mirror."""
    checksums: Url | None = None
    """Instead of `sha256`: the publisher's list of checksums, as sha256sum writes it, in BSD's
    form, in the JSON of go.dev, or the digits alone. The machine fetches the list by https when it
    unpacks. So it trusts that server on that day, and no mirror."""
    mirrors: Replacing[Url] = []
    """Further addresses of the same archive, tried in turn where the ones before fail."""
    to: AbsolutePath
    """The folder that the archive becomes; root alone may change the folders above it. It holds
    what is in the archive and nothing else: what somebody adds there is drift."""
    strip: Annotated[int, Field(ge=0, le=9)] = 0
    """How many leading folders of the names in the archive are left out."""
    links: dict[AbsolutePath, InnerPath] = {}
    """Links to files of the folder: `/usr/local/bin/rg: rg`. A file that is in the way is never
    replaced."""
    owner: AccountName = "root"
    """The user who owns the folder and all in it. What another user than root owns, that user can
    change, and so can each program that the user runs."""
    check: Replacing[Word] = []
    """A command, word by word, that verify runs as the user nobody: `[rg, --version]`."""

    @model_validator(mode="after")
    def _checked(self) -> Item:
        exactly_one(self, "sha256", "checksums")
        urls = self.url.values() if isinstance(self.url, dict) else [self.url]
        for url in urls:
            if not file_of(url):
                raise ValueError(f"has an address that ends without a file's name: {url}")
        return self

    def file(self, machine: Machine) -> str:
        """Return the name of the archive for a machine."""
        return file_of(for_architecture(self.url, machine) or "")


class Section(TableCapability):
    """Programs and folders from archives that their publishers offer for download.

    The machine downloads, by its own proxy and certificates, and checks the archive before it
    unpacks anything. An archive is refused that would write outside of its folder, that holds
    devices, links that lead out or programs that run as their owner (setuid), or that takes more
    than the disk has. A new version is unpacked beside the old one and takes its place as a whole.
    A folder that envwright did not unpack is left alone.
    """

    uncaptured: ClassVar[str] = "An archive that was unpacked does not tell from where it came."
    example: ClassVar[str] = """\
archives:
  ripgrep:
    url: https://files.example.com/ripgrep-14.1.1-{{ architecture }}.tar.gz
    checksums: https://files.example.com/ripgrep-14.1.1-SHA256SUMS
    to: /opt/ripgrep
    strip: 1
    links: {/usr/local/bin/rg: rg}
    check: [rg, --version]
"""

    root: dict[Name, Item]

    def resources(self, machine: Machine) -> Iterator[Resource]:
        yield Package(package="ca-certificates")
        for name, item in self.root.items():
            url = for_architecture(item.url, machine) or ""
            sha256 = for_architecture(item.sha256, machine) or ""
            if package := FORMATS[ending_of(file_of(url))][1]:
                yield Package(package=package, at=(name, "url"))
            # Many publishers give each version the same name; a pinned checksum tells them apart.
            yield Archive(
                path=item.to,
                url=url,
                mirrors=tuple(item.mirrors),
                title="" if sha256 else url,
                sha256=sha256,
                index=item.checksums or "",
                strip=item.strip,
                owner=item.owner,
                group=machine.primary_group(item.owner),
                needs=(f"package:{package}",) if package else (),
                at=(name,),
            )
            for path, inside in item.links.items():
                needs, at = (f"archive:{item.to}",), (name, "links", path)
                yield Link(path=path, target=f"{item.to}/{inside}", needs=needs, at=at)

    def objections(self, machine: Machine) -> Iterator[Objection]:
        for name, item in self.root.items():
            yield from unserved(item, ("url", "sha256"), machine, (name,), "archive")

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        for name, item in self.root.items():
            for path in item.links:
                quoted, folder = shlex.quote(path), shlex.quote(item.to)
                yield Proof(
                    f"{path} leads to a file of {name}",
                    f"[ -e {quoted} ] || {{ readlink {quoted}; ls {folder}; exit 1; }}",
                    at=(name, "links", path),
                    quick=True,
                    remedy="correct the path inside of the archive, or `strip`",
                )
            if item.check:
                yield Proof(
                    f"{shlex.join(item.check)} runs",
                    f"{AS_NOBODY} {shlex.join(item.check)}",
                    at=(name, "check"),
                )
