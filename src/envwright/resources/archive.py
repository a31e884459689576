"""Archive: a directory that is unpacked from a downloaded archive, whole or not at all."""

from __future__ import annotations

import shlex
import urllib.parse
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import Guarded, Shell, Stat, Text, Unknown
from envwright.model.claim import Claim
from envwright.model.operations import Checksum, Content, operation
from envwright.model.proof import Assertion, View
from envwright.model.way_back import WayBack
from envwright.portable.download import FETCH
from envwright.portable.safepath import change
from envwright.resources.paths import (
    PathResource,
    attribute_witness,
    attributes,
    in_the_way,
    with_access,
)
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, Fields, State

STAMP = ".envwright-archive"
"""The file in the tree that names the archive and holds the digest of the unpacked tree."""
FILES = ".envwright-files"
"""The file in the tree that lists the checksum of each file, as sha256sum(1) writes it."""

FORMATS = {
    ".tar.gz": ("tar", ""),
    ".tgz": ("tar", ""),
    ".tar": ("tar", ""),
    ".tar.xz": ("tar", "xz-utils"),
    ".txz": ("tar", "xz-utils"),
    ".tar.bz2": ("tar", "bzip2"),
    ".tbz2": ("tar", "bzip2"),
    ".tbz": ("tar", "bzip2"),
    ".tar.zst": ("tar", "zstd"),
    ".tzst": ("tar", "zstd"),
    ".zip": ("zip", "unzip"),
    ".gz": ("gzip -dc", ""),
    ".xz": ("xz -dc", "xz-utils"),
    ".bz2": ("bzip2 -dc", "bzip2"),
    ".zst": ("zstd -dc", "zstd"),
    "": ("cat", ""),
}
"""By the end of an archive's name, the longer ends first: how it is unpacked (`tar`, `zip`, or the
program that unpacks its one file), and the package that has the program, "" for an essential one.
A file of another name is a program itself."""
MOST = 16 << 30
"""No archive may take more bytes on the disk."""
TREE = r"""tree() {
cd "$1" && TZ=UTC0 find . -mindepth 1 ! -name '.envwright-*' \( -type d -printf '%P %y %m %U:%G\n' \
    -o -printf '%P %y %m %U:%G %s %TY%Tm%Td%TH%TM %l\n' \) | LC_ALL=C sort | sha256sum | cut -c 1-64
}
"""
"""A function of sh that prints a digest of names, kinds, modes, owners, sizes, times (to the
minute) and link targets. It reads no content, and prints the same after a disk was exported and
imported."""
UNPACK = load(__file__)


@dataclass(frozen=True, kw_only=True)
class Archive(PathResource):
    """A directory that holds what is in an archive, and nothing else.

    The machine downloads the archive, checks it, unpacks it beside the path and renames the tree;
    the old tree is removed as a whole. A directory that envwright did not unpack is left alone.
    An archive that would leave its tree, or bring devices or set-user-ID programs, is refused.

    Args:
        url: where the archive is; the last part of the path is the name of the archive.
        mirrors: where it is, too: the first that has the right bytes counts.
        title: what the tree's stamp calls the archive; by default its name.
        sha256: the checksum of the archive; "" looks it up in `index` before the download.
        index: a list of checksums that the publisher offers (see envwright.portable.checksums).
        strip: how many leading parts of the names in the archive are left out.
        mode: of the directory itself.
        present: False: what was unpacked there must not be there.
    """

    url: str
    mirrors: tuple[str, ...] = ()
    title: str = ""
    sha256: str = ""
    index: str = ""
    strip: int = 1
    mode: str = "0755"
    present: bool = True

    word: ClassVar[str] = "archive"
    rank: ClassVar[int] = 40

    @property
    def file(self) -> str:
        """The name of the archive."""
        return file_of(self.url)

    @property
    def archive(self) -> str:
        """What the stamp calls the archive."""
        return self.title or self.file

    @property
    def ending(self) -> str:
        """The end of the archive's name, by which its format is known."""
        return ending_of(self.file)

    @property
    def autorequires(self) -> Iterator[str]:
        """What every path comes after, and the certificates by which https is trusted."""
        yield from super().autorequires
        yield "package:ca-certificates"

    @property
    def _stamp(self) -> str:
        return f"{self.path}/{STAMP}"

    @property
    def _digest(self) -> Shell:
        return Shell(f"{TREE}tree {shlex.quote(self.path)}")

    def claims(self) -> Iterable[Claim]:
        return (Claim(PurePosixPath(self.path), "an unpacked archive"),)

    @property
    def pinnable(self) -> bool:
        return self.sha256 != ""

    def pin(self, facts: Facts) -> str:  # noqa: ARG002 - the environment says it
        return self.sha256

    def _own_version(self) -> str:
        return self.sha256

    def questions(self) -> Iterable[Question[Any]]:
        return (
            Stat(self.path),
            Text(self._stamp),
            self._digest,
            Guarded(self.path),
            *self.owners(),
        )

    def desired(self) -> State | None:
        if not self.present:
            return None
        wanted: Fields = {
            "kind": "directory",
            "mode": self.mode,
            "owner": self.owner,
            "group": self.group,
            "archive": self.archive,
        }
        sha256: Fields = {"sha256": self.sha256} if self.sha256 else {}
        return {**wanted, **sha256, "intact": True}

    def actual(self, facts: Facts) -> State | Unknown | None:
        status = self.status(facts)
        if status is None or isinstance(status, Unknown):
            return status
        stamp, digest = facts[Text(self._stamp)], facts[self._digest]
        if not isinstance(stamp, str) or isinstance(digest, Unknown):
            return {**attributes(status), "archive": None}
        said = dict(line.partition("=")[::2] for line in stamp.splitlines())
        return {
            **attributes(status),
            "archive": said.get("archive"),
            "sha256": said.get("sha256"),
            "intact": said.get("tree") == digest.text,
        }

    def refusal(self, difference: Difference) -> str:
        before = difference.before or {}
        if before.get("kind") == "directory" and before.get("archive") is None:
            return (
                f"{self.path} is a directory that envwright did not unpack, and nothing is "
                "unpacked over another tree: move it away first"
            )
        return in_the_way(self.path, difference)

    def converge(self, difference: Difference) -> Iterator[Operation]:
        if not self.present:
            path = shlex.quote(self.path)
            gone = f"{change('guard', self.path)} && rm -rf --one-file-system -- {path}"
            yield operation("server.shell", commands=[gone])
            return
        if difference.concerns("archive", "sha256", "intact"):
            source = Content(f"{self.sha256}\n") if self.sha256 else Checksum(self.index, self.file)
            put = {"dest": self._beside("sha256."), "user": "root", "group": "root", "mode": "0644"}
            yield operation("paths.put", src=source, **put)
            yield operation("server.shell", commands=[self._unpack()])
        else:
            access = {"mode": self.mode, "user": self.owner, "group": self.group}
            yield operation("paths.directory", path=self.path, **access)

    def _beside(self, kind: str = "") -> str:
        """Return a path in the same file system that nobody else uses."""
        place = PurePosixPath(self.path)
        return str(place.with_name(f".{place.name}.{kind}envwright-new"))

    def _unpack(self) -> str:
        values = {
            "path": self.path,
            "urls": " ".join((self.url, *self.mirrors)),
            "format": FORMATS[self.ending][0],
            "file": self.file[: len(self.file) - len(self.ending)],
            "most": str(MOST),
            "new": self._beside(),
            "listed": self._beside("sha256."),
            "archive": self.archive,
            "strip": str(self.strip),
            "owner": f"{self.owner}:{self.group}",
            "mode": self.mode,
            "stamp": STAMP,
            "checksums": FILES,
        }
        variables = "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())
        return f"{variables}{TREE}{FETCH}set -eu\n{change('guard', self.path)}\n{UNPACK}"

    def way_back(self, before: State | None) -> WayBack:
        """A new tree goes, as a whole."""
        if before is None:
            return WayBack(resources=(replace(self, present=False),))
        same = before.get("archive") == self.archive
        if self.present and same and before.get("intact") is True:
            return WayBack(resources=(with_access(self, before),))
        return WayBack(
            stays=f"{self.path} held {before.get('archive')}, which is not kept: apply an "
            "environment that names this archive"
        )

    def witness(self) -> Iterator[Assertion]:
        if not self.present:
            yield Assertion("file", (self.path,), "exists", expected=False)
            return
        yield Assertion("file", (self.path,), "is_symlink", expected=False)
        yield from attribute_witness(self.path, self.desired() or {})
        stamp = ("file", (self._stamp,), "content_string")
        yield Assertion(*stamp, self.archive, view=View("env", "archive"))
        if self.sha256:
            yield Assertion(*stamp, self.sha256, view=View("env", "sha256"))
        # The witness reads every byte, which would be too slow for a plan.
        cd = f"cd {shlex.quote(self.path)} && "
        yield Assertion("run", (f"{cd}sha256sum --check --strict --quiet {FILES}",), "stdout", "")
        listed = f"{cd}sed 's/^.\\{{66\\}}//' {FILES} | sort"
        present = f"{cd}find . -type f ! -name '.envwright-*' | sort"
        script = f'[ "$({listed})" = "$({present})" ]'
        yield Assertion("run", (script,), "rc", 0)
        foreign = f"find . -mindepth 1 ! -user {shlex.quote(self.owner)} ! -name '.envwright-*'"
        yield Assertion("run", (f"{cd}{foreign} -print -quit",), "stdout", "")


def file_of(url: str) -> str:
    """Return the name of the file at a URL."""
    return urllib.parse.unquote(urllib.parse.urlsplit(url).path).rpartition("/")[2]


def ending_of(file: str) -> str:
    """Return the end of an archive's name that FORMATS has."""
    return next(end for end in FORMATS if file.lower().endswith(end))
