"""AptSource: a package repository of apt, and the key that signs it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from envwright.facts import Stat, Status, Text, Unknown
from envwright.model.claim import Claim
from envwright.model.operations import Content, Key, operation
from envwright.model.proof import Assertion, View
from envwright.model.resource import Resource
from envwright.portable.openpgp import OpenPGPError, fingerprints
from envwright.resources.apt_commands import update

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State

ROOT = {"user": "root", "group": "root", "mode": "0644"}


class Access(NamedTuple):
    """The access to a file: its mode as four octal digits, its owner and its group."""

    mode: str
    owner: str
    group: str


@dataclass(frozen=True, kw_only=True)
class AptSource(Resource):
    """A repository (sources.list(5), deb822 style) and its key.

    Args:
        source: the name of the .sources file and of the key file.
        uris, suites, components, architectures: as in the .sources file; a suite that ends in `/`
            is a flat repository, without components.
        key: the key that signs the repository; refused, before anything is written, unless its
            primary keys have exactly the given fingerprints.
    """

    source: str
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    key: Key

    word: ClassVar[str] = "apt-source"
    rank: ClassVar[int] = 10
    text_field: ClassVar[str] = "content"

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.source

    @property
    def autorequires(self) -> Iterable[str]:
        """The certificates by which https is trusted."""
        return ("package:ca-certificates",)

    @property
    def path(self) -> str:
        """Where the source is written."""
        return f"/etc/apt/sources.list.d/{self.source}.sources"

    @property
    def keyring(self) -> str:
        """Where its key is written: armored, as apt reads it since 1.4, so no gpg is needed."""
        return f"/etc/apt/keyrings/{self.source}.asc"

    @property
    def content(self) -> str:
        """The deb822 stanza."""
        fields = {
            "Types": ("deb",),
            "URIs": self.uris,
            "Suites": self.suites,
            "Components": self.components,
            "Architectures": self.architectures,
            "Signed-By": (self.keyring,),
        }
        return "".join(f"{name}: {' '.join(value)}\n" for name, value in fields.items() if value)

    def claims(self) -> Iterable[Claim]:
        return (
            Claim(PurePosixPath(self.path), "a source of apt"),
            Claim(PurePosixPath(self.keyring), "the key of a source of apt"),
        )

    def questions(self) -> Iterable[Question[Any]]:
        paths = (self.path, self.keyring)
        return (*(Stat(path) for path in paths), *(Text(path) for path in paths))

    def desired(self) -> State:
        root = Access("0644", "root", "root")
        key = self.key.fingerprints
        return {"content": self.content, "file": root, "key": key, "key file": root}

    def actual(self, facts: Facts) -> State | Unknown | None:
        status = facts[Stat(self.path)]
        if status is None or isinstance(status, Unknown):
            return status
        return {
            "content": facts[Text(self.path)],
            "file": _access(status),
            "key": _fingerprints(facts[Text(self.keyring)]),
            "key file": _access(facts[Stat(self.keyring)]),
        }

    def converge(self, difference: Difference) -> Iterator[Operation]:
        if difference.concerns("key", "key file"):
            yield operation("paths.put", src=self.key, dest=self.keyring, **ROOT)
        if difference.concerns("content"):
            yield operation("server.shell", commands=[self._trial()])
        if difference.concerns("content", "file"):
            yield operation("paths.put", src=Content(self.content), dest=self.path, **ROOT)

    def _trial(self) -> str:
        """Return a script that lets apt read the source: one that it cannot read stops updates.

        First beside the other sources, which may contradict it; then alone, over the network. Where
        there was no source before, a failure removes the key.
        """
        folder, others = '"$folder"', "/etc/apt/sources.list.d"
        new, parts = f"{folder}/{self.source}.sources", "-o Dir::Etc::SourceParts"
        alone = f"-o Dir::Etc::SourceList={new} {parts}=/dev/null -o APT::Get::List-Cleanup=false"
        steps = (
            "folder=$(mktemp -d)",
            "trap 'rm -r \"$folder\"' EXIT",
            f"cp -r {others}/. {folder}",
            f"printf %s {shlex.quote(self.content)} > {new}",
            f"apt-get indextargets {parts}={folder} >/dev/null",
            update(alone),
        )
        back = f"{{ code=$?; [ -e {self.path} ] || rm -f {self.keyring}; exit $code; }}"
        return f"{' && '.join(steps)} || {back}"

    def witness(self) -> Iterator[Assertion]:
        for path in (self.path, self.keyring):
            yield Assertion("file", (path,), "mode", 0o644)
            yield Assertion("file", (path,), "user", "root")
        yield Assertion("file", (self.path,), "content_string", self.content)
        key = ("file", (self.keyring,), "content_string")
        yield Assertion(*key, "-----END PGP PUBLIC KEY BLOCK-----", contained=True)
        yield Assertion(*key, self.key.fingerprints[0], view=View("fingerprint"))


def _access(status: Status | Unknown | None) -> Access | None:
    if not isinstance(status, Status):
        return None
    return Access(status.mode, status.owner, status.group)


def _fingerprints(text: str | Unknown | None) -> tuple[str, ...] | Unknown | None:
    if not isinstance(text, str):
        return None
    try:
        return fingerprints(text.encode("utf-8", "surrogateescape"))
    except OpenPGPError as error:
        return Unknown(f"unusable: {error}")
