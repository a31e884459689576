"""AptSource: a package repository of apt, and the key that signs it."""

from __future__ import annotations

import itertools
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from envwright.facts import AptSources, Stat, Status, Text, Unknown
from envwright.model.claim import Claim
from envwright.model.operations import Content, Key, operation
from envwright.model.proof import Assertion, Proof, View
from envwright.model.resource import Resource
from envwright.portable.dialects import DialectError
from envwright.portable.dialects.aptsources import read, remove
from envwright.portable.openpgp import OpenPGPError, accepted, fingerprints
from envwright.resources.apt_commands import update
from envwright.resources.apt_entries import AptEntries, same
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Facts, Listed, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, Field, Fields, State
    from envwright.portable.dialects.aptsources import Entry

_PROOFS = load(__file__)
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
        key: the key that signs the repository; refused, before anything is written, where its
            primary keys are not those of the given fingerprints.
        old_files, old_addresses: see AptEntries; the source's own name with `.list` is among the
            old files.
    """

    source: str
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    key: Key
    old_files: tuple[str, ...] = ()
    old_addresses: tuple[str, ...] = ()

    word: ClassVar[str] = "apt-source"
    rank: ClassVar[int] = 10
    text_field: ClassVar[str] = "content"

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.source

    @property
    def autorequires(self) -> Iterable[str]:
        """The certificates by which https is trusted, and the end of the old entries."""
        return ("package:ca-certificates", self.old_entries.id)

    @property
    def old_entries(self) -> AptEntries:
        """The entries of older instructions, which go before the source comes."""
        return AptEntries(
            source=self.source,
            files=(f"{self.source}.list", *self.old_files),
            addresses=self.old_addresses,
            repositories=tuple(itertools.product(self.uris, self.suites)),
            at=self.at,
        )

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

    @property
    def replaces(self) -> Iterable[str]:
        """The source and its key."""
        return (self.path, self.keyring)

    def claims(self) -> Iterable[Claim]:
        return (
            Claim(PurePosixPath(self.path), "a source of apt"),
            Claim(PurePosixPath(self.keyring), "the key of a source of apt"),
        )

    @property
    def pinnable(self) -> bool:
        return True

    def pin(self, facts: Facts) -> str:  # noqa: ARG002 - the environment says it
        """Return the fingerprints of the key."""
        return self._own_version()

    def _own_version(self) -> str:
        return " ".join(self.key.fingerprints)

    def questions(self) -> Iterable[Question[Any]]:
        paths = (self.path, self.keyring)
        return (*(Stat(path) for path in paths), *(Text(path) for path in paths), AptSources())

    def desired(self) -> State:
        root = Access("0644", "root", "root")
        key = self.key.fingerprints
        return {
            "content": self.content,
            "file": root,
            "key": key,
            "key file": root,
            "elsewhere": (),
        }

    def actual(self, facts: Facts) -> State | Unknown | None:
        status, text = facts[Stat(self.path)], facts[Text(self.path)]
        elsewhere = tuple(self._elsewhere(facts[AptSources()]))
        if isinstance(status, Unknown) or (status is None and not elsewhere):
            return status
        state: Fields = {
            "content": text,
            "file": _access(status),
            "key": self._keys(facts[Text(self.keyring)]),
            "key file": _access(facts[Stat(self.keyring)]),
            "elsewhere": elsewhere,
        }
        if isinstance(text, str):
            # What a person added to the file is not compared, and stays.
            state["content"], state["beside"] = self._parted(text)
        return state

    def _keys(self, text: str | Unknown | None) -> tuple[str, ...] | Unknown | None:
        """Return the keys of a key file; as the wanted ones where they are accepted."""
        if not isinstance(text, str):
            return None
        try:
            found = fingerprints(text.encode("utf-8", "surrogateescape"))
        except OpenPGPError as error:
            return Unknown(f"unusable: {error}")
        return self.key.fingerprints if accepted(found, self.key.fingerprints) else found

    def _parted(self, text: str) -> tuple[str | Unknown, str]:
        """Part the own file into stanzas for this repository or this key, and all the rest."""
        try:
            found = read(text, self.path)
        except DialectError as error:
            # A single broken stanza can only be this source's own.
            return Unknown(str(error)) if "\n\n" in text.strip() else text, ""
        mine = [one for one in found if one.signed_by == (self.keyring,) or self._names(one)]
        stanzas = (text[entry.start : entry.end].rstrip("\n") for entry in mine)
        rest = remove(text, *mine)
        content = "\n".join(f"{stanza}\n" for stanza in stanzas)
        return content, rest.lstrip("\n") if rest.strip() else ""

    def _names(self, entry: Entry | Listed) -> bool:
        """Tell whether an entry names one of the repositories of this source."""
        return any(
            same(*mine, *theirs)
            for mine in itertools.product(self.uris, self.suites)
            for theirs in itertools.product(entry.uris, entry.suites)
        )

    def _elsewhere(self, found: tuple[Listed, ...] | Unknown) -> Iterator[str]:
        """Say why apt would not read this source beside the entries of other files.

        apt takes one keyring for one repository (debReleaseIndexPrivate in
        apt-pkg/deb/debmetaindex.cc).
        """
        for one in () if isinstance(found, Unknown) else found:
            if one.path == self.path or not one.enabled or self.old_entries.takes(one):
                continue
            if one.fault:
                yield f"apt reads no source at all because of {one.place}: {one.fault}; mend it"
            elif one.signed_by != (self.keyring,) and self._names(one):
                yield (
                    f"{one.place} has the repository of {self.id} already, with another key or "
                    "with none, and apt takes one key for one repository: remove that entry, or "
                    "leave the source out of the environment"
                )

    def label(self, field: Field) -> str:
        return "" if field == "elsewhere" else super().label(field)

    def refusal(self, difference: Difference) -> str:
        before = difference.before or {}
        if isinstance(unreadable := before.get("content"), Unknown):
            return f"{self.path} cannot be edited safely: {unreadable.reason}"
        return "\n".join(before.get("elsewhere", ()))

    def converge(self, difference: Difference) -> Iterator[Operation]:
        if difference.concerns("key", "key file"):
            yield operation("paths.put", src=self.key, dest=self.keyring, **ROOT)
        if difference.concerns("content"):
            yield operation("server.shell", commands=[self._trial()])
        if difference.concerns("content", "file"):
            beside = (difference.before or {}).get("beside")
            text = f"{self.content}\n{beside}" if beside else self.content
            yield operation("paths.put", src=Content(text), dest=self.path, **ROOT)

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

    def proofs(self) -> Iterator[Proof]:
        """Yield what shows that apt takes packages from the source, and could take newer ones."""
        of = " ".join(map(shlex.quote, (self.path, *self.uris)))
        yield Proof(
            f"apt takes packages from {self.source}",
            f"{_PROOFS}ew_taken {of}",
            at=self.at,
            remedy="`apt-cache policy` and `apt-get update` on the machine tell more",
        )
        yield Proof(
            f"apt accepts what the server of {self.source} signs now",
            f"{_PROOFS}ew_signed {of}",
            at=self.at,
            remedy="look at the publisher's announcements of its key, and at the machine's clock",
        )

    def witness(self) -> Iterator[Assertion]:
        for path in (self.path, self.keyring):
            yield Assertion("file", (path,), "mode", 0o644)
            yield Assertion("file", (path,), "user", "root")
        stanza = View("apt_stanza", self.keyring)
        yield Assertion("file", (self.path,), "content_string", self.content, view=stanza)
        # apt itself can read this source beside all others; nothing is fetched, and no lock taken.
        yield Assertion("run", ("apt-get update --print-uris >/dev/null",), "rc", 0)
        key = ("file", (self.keyring,), "content_string")
        yield Assertion(*key, "-----END PGP PUBLIC KEY BLOCK-----", contained=True)
        wanted = self.key.fingerprints[0]
        yield Assertion(*key, wanted, view=View("fingerprint", wanted))


def _access(status: Status | Unknown | None) -> Access | None:
    if not isinstance(status, Status):
        return None
    return Access(status.mode, status.owner, status.group)


def keys_in(text: str) -> tuple[str, ...]:
    """Return the fingerprints of the primary keys in the text of a key file; () for no key file."""
    try:
        return fingerprints(text.encode("utf-8", "surrogateescape"))
    except OpenPGPError:
        return ()
