"""The capability `packages`: apt packages, and the signed apt sources that they come from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from envwright.model.capability import Capability, Settings
from envwright.model.operations import Key
from envwright.model.proof import Proof
from envwright.model.values import (
    Adding,
    Fingerprint,
    LocalText,
    Replacing,
    Url,
    adds,
    exactly_one,
    spelled,
)
from envwright.resources.apt_source import AptSource
from envwright.resources.package import Package, untouched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

_NAME = r"[a-z0-9][a-z0-9+.-]+"
# Debian policy 5.6.1 and 5.6.12; apt matches any rest of a version by `*` at its end.
_VERSION = r"[0-9][A-Za-z0-9.+:~-]*\*?"


_HINTS = {
    ":": "packages are of the machine's own architecture: '{}'",
    "/": "a version pins, as in '{}=1.2.*', and an entry of `sources` adds a suite",
    "=": "a version begins with a digit and may end in `*`, as in '{}=1.2.*'",
    **dict.fromkeys("*?[|", "each package is named by itself, without an expression"),
    "^": "the packages of a task are named one by one",
}
"""Hints, by the first character of the text that no package's name can have."""


def _hint(text: str) -> str:
    """Return `; ` and a hint for an expression that only apt takes; "" where none is known."""
    name = re.match(_NAME, text)
    if name and name.end() < len(text):
        hint = _HINTS.get(text[name.end()], "")
        return f"; {hint.format(name[0])}" if hint else ""
    lower = text.lower()
    return f"; did you mean '{lower}'?" if re.fullmatch(f"{_NAME}(={_VERSION})?", lower) else ""


def _exact(text: str, pattern: str, words: str) -> str:
    if not re.fullmatch(pattern, text):
        raise ValueError(f"must be {words}{_hint(text)}")
    return text


def package_name(text: str) -> str:
    """Return a package's name; raise ValueError for any other text, such as apt's expressions."""
    words = "a package's name: two or more small letters, digits, `+`, `-`, `.`"
    return _exact(text, _NAME, words)


def package_spec(text: str) -> str:
    """Return a package's name with or without a version; raise ValueError for any other text."""
    words = "a package's name, with `=VERSION` or `=14.*` behind it to pin"
    return _exact(text, f"{_NAME}(={_VERSION})?", words)


PackageName = Annotated[
    str,
    AfterValidator(package_name),
    Field(json_schema_extra={"pattern": f"^{_NAME}$", "words": "a package's name"}),
]
PackageSpec = Annotated[
    str,
    AfterValidator(package_spec),
    Field(
        json_schema_extra={
            "pattern": f"^{_NAME}(={_VERSION})?$",
            "words": "a package's name, with `=VERSION` or `=14.*` behind it to pin",
        },
    ),
]
Word = Annotated[str, spelled(r"^[A-Za-z0-9._/+-]+$", "a word without blanks")]
SourceName = Annotated[
    str,
    spelled(r"^[a-z0-9][a-z0-9-]*$", "a source's name: small letters, digits and `-`"),
]


class KeySettings(Settings):
    """The key that signs a source: one of `url`, `file` or `text`, and its fingerprint."""

    url: Url | None = None
    """The address from which the machine downloads the key."""
    file: LocalText | None = None
    """A local file with the armored key; relative to the environment's file."""
    text: str | None = None
    """The key itself, armored."""
    fingerprint: Fingerprint
    """The fingerprint of the primary key, with or without blanks. A key with another fingerprint
    is refused."""

    @model_validator(mode="after")
    def _one(self) -> KeySettings:
        exactly_one(self, "url", "file", "text")
        return self

    def key(self) -> Key:
        """Return the key in the form that resources take."""
        return Key((self.fingerprint,), url=self.url or "", text=self.file or self.text or "")


class Source(Settings):
    """An apt repository (deb822 style, sources.list(5))."""

    url: Url
    """The address of the repository."""
    suites: Replacing[Word] = []
    """The suites; by default the codename of the machine's release. A suite that ends in `/` is a
    flat repository."""
    components: Replacing[Word] = ["main"]
    """The components; none for a flat repository."""
    architectures: Replacing[Word] = []
    """The architectures to read; by default the machine's own."""
    key: KeySettings
    """The key that signs the repository."""


class Section(Capability):
    """Packages of apt.

    A list of names is short for `install:`. A version pins a package (`ripgrep=14.*`). All missing
    packages are installed in one transaction, after one `apt-get update`. A transaction that would
    remove a package which `absent` does not name is refused.
    """

    model_config = ConfigDict(json_schema_extra={"short": "install"})
    example: ClassVar[str] = """\
packages:
  install: [git, jq, "ripgrep=14.*"]
  absent: [nano]
  sources:
    github-cli:
      url: https://cli.github.com/packages
      suites: [stable]
      key:
        url: https://cli.github.com/packages/githubcli-archive-keyring.asc
        fingerprint: 2C61 0620 1985 B60E 6C7A C873 23F3 D4EA 7571 6059
"""

    install: Annotated[list[PackageSpec], adds("[^=]+")] = []
    """Packages to install."""
    absent: Adding[PackageName] = []
    """Packages to remove."""
    recommends: bool = False
    """Also install the packages that the installed packages recommend."""
    sources: dict[SourceName, Source] = {}
    """Additional apt sources by name."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        return {"install": value} if isinstance(value, list) else value

    def resources(self, machine: Machine) -> Iterator[Resource]:
        for name, source in self.sources.items():
            made = apt_source(name, source, machine)
            if any(address.startswith("https:") for address in (source.url, made.key.url)):
                yield Package(package="ca-certificates", at=made.at)
            yield made.old_entries
            yield made
        for index, spec in enumerate(self.install):
            name, _, version = spec.partition("=")
            yield Package(
                package=name, version=version, recommends=self.recommends, at=("install", index)
            )
        for index, name in enumerate(self.absent):
            yield Package(package=name, present=False, at=("absent", index))

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        yield Proof(
            "dpkg finds nothing half-installed",
            'broken=$(dpkg --audit) && [ -z "$broken" ] || { echo "$broken"; exit 1; }',
        )
        names = [spec.partition("=")[0] for spec in self.install]
        if names:
            whole = "the programs of the packages are as they were installed"
            yield untouched(whole, names, at=("install",))
        for name, source in self.sources.items():
            yield from apt_source(name, source, machine).proofs()


def apt_source(name: str, source: Source, machine: Machine) -> AptSource:
    """Return an apt source as the resource that it is on a machine."""
    suites = tuple(source.suites) or (machine.codename,)
    flat = any(suite.endswith("/") for suite in suites)
    return AptSource(
        source=name,
        uris=(source.url,),
        suites=suites,
        components=() if flat else tuple(source.components),
        architectures=tuple(source.architectures) or (machine.architecture,),
        key=source.key.key(),
        at=("sources", name),
    )
