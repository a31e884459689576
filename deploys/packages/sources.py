"""The apt sources of an environment: those that are written out, known ones, and PPAs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import model_validator

from envwright.model.capability import Objection, Settings
from envwright.model.operations import Key
from envwright.model.values import (
    Adding,
    Fingerprint,
    LocalText,
    Replacing,
    Url,
    exactly_one,
    spelled,
)
from envwright.resources.apt_archive import AptArchive
from envwright.resources.apt_source import AptSource

from .known import PPAS, SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine

    from .known import KnownSource

KNOWN = (
    "Additional apt sources by name. These need no `url` and no `key`, since envwright knows them: "
    f"{', '.join(SOURCES)}."
)
"""The documentation of `sources`."""
PPA_KNOWN = (
    "PPAs of Launchpad by OWNER/NAME, for Ubuntu alone. These need no `fingerprint`: "
    f"{', '.join(PPAS)}."
)
"""The documentation of `ppas`."""
Word = Annotated[str, spelled(r"^[A-Za-z0-9._/+-]+$", "a word without blanks")]
SourceName = Annotated[
    str,
    spelled(r"^[a-z0-9][a-z0-9-]*$", "a source's name: small letters, digits and `-`"),
]
PpaName = Annotated[
    str,
    # What Launchpad takes as names (lp.services.validators.name).
    spelled(
        r"^[a-z0-9][a-z0-9+.-]+/[a-z0-9][a-z0-9+.-]*$",
        "the owner and the name of a PPA, as in `deadsnakes/ppa`",
    ),
]
Component = Annotated[str, spelled(r"^[a-z][a-z-]*$", "a component's name: small letters and `-`")]
COMPONENTS = {
    "debian": ("main", "contrib", "non-free", "non-free-firmware"),
    "ubuntu": ("main", "restricted", "universe", "multiverse"),
}
"""The components of a distribution's archive."""
Version = Annotated[str, spelled(r"^[0-9]+([.][0-9]+)*$", 'digits and dots in quotes, as "24"')]


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
    may_hold: Adding[Fingerprint] = []
    """The fingerprints of other primary keys that the file may hold, such as the publisher's older
    one; a file with any other key is refused."""

    @model_validator(mode="after")
    def _one(self) -> KeySettings:
        exactly_one(self, "url", "file", "text")
        return self

    def key(self) -> Key:
        """Return the key in the form that resources take."""
        fingerprints = (self.fingerprint, *self.may_hold)
        return Key(fingerprints, url=self.url or "", text=self.file or self.text or "")


class Source(Settings):
    """An apt repository (deb822 style, sources.list(5))."""

    url: Url | None = None
    """The address of the repository; a known source has one of its own."""
    version: Version | None = None
    """Which version of the programs a known source has, where it has one only, as "24" of
    nodesource."""
    suites: Replacing[Word] = []
    """The suites; by default those of the known source, or the codename of the machine's release. A
    suite that ends in `/` is a flat repository."""
    components: Replacing[Word] = []
    """The components; by default those of the known source, or `main`. A flat repository has
    none."""
    architectures: Replacing[Word] = []
    """The architectures to read; by default the machine's own."""
    key: KeySettings | None = None
    """The key that signs the repository; a known source has one of its own."""

    def objections(self, name: str, machine: Machine) -> Iterator[Objection]:
        """Yield why there can be no such source on such a machine."""
        at = ("sources", name)
        known = SOURCES.get(name)
        if known is not None:
            yield from self._objections(name, known, machine)
        elif self.url is None or self.key is None:
            missing = " and ".join(
                f"'{key}'" for key in ("url", "key") if getattr(self, key) is None
            )
            yield Objection(
                f"the source {name} needs {missing}: envwright knows no source of this name",
                f"known sources are {', '.join(SOURCES)}",
                at,
            )
        elif self.version is not None:
            yield Objection(
                f"the source {name} takes no version: only known sources do",
                "write the version into `url` or `suites`",
                (*at, "version"),
            )

    def _objections(self, name: str, known: KnownSource, machine: Machine) -> Iterator[Objection]:
        at = ("sources", name)
        if known.versions and not re.fullmatch(known.versions, self.version or ""):
            given = f", and '{self.version}' is none that envwright knows" if self.version else ""
            yield Objection(
                f"the source {name} has one repository for each version{given}",
                f'name a version: `{name}: {{version: "{known.example}"}}`; see {known.published}',
                at if self.version is None else (*at, "version"),
            )
        elif self.version and not known.versions:
            yield Objection(
                f"the source {name} has all versions in one repository",
                "leave out `version`, and pin the package instead, as in 'NAME=1.2.*'",
                (*at, "version"),
            )
        own = self.url or not known.architectures
        if not own and machine.architecture not in known.architectures:
            yield Objection(
                f"the source {name} has packages for {' and '.join(known.architectures)}, and not "
                f"for {machine.architecture}",
                f"see {known.published}, or leave out the source on such machines, by `when`",
                at,
            )


class Archive(Settings):
    """The distribution's own archive of packages, as apt's sources name it."""

    mirror: Url | None = None
    """The address that takes the place of the archive's, as in `https://mirror.example.com/debian`;
    the mirror is signed by the distribution, as the archive is."""
    security: Url | None = None
    """The address that takes the place of the archive of security updates."""
    components: Adding[Component] = []
    """Components to use beside those that are used already, such as `contrib` or `universe`."""

    def objections(self, machine: Machine) -> Iterator[Objection]:
        """Yield why such a machine's archive has no such components."""
        known = COMPONENTS.get(machine.distro)
        for index, component in enumerate(self.components):
            if known and component not in known:
                yield Objection(
                    f"the archive of {machine.distro} has no component {component}",
                    f"its components are {', '.join(known)}; `when` chooses by distribution",
                    ("archive", "components", index),
                )

    def resource(self, machine: Machine) -> AptArchive:
        """Return the archive as the resource that it is on a machine."""
        return AptArchive(
            distro=machine.distro,
            mirror=self.mirror or "",
            security=self.security or "",
            components=tuple(self.components),
            at=("archive",),
        )


class Ppa(Settings):
    """A PPA of Launchpad."""

    fingerprint: Fingerprint | None = None
    """The fingerprint of the key that signs the PPA; its page on launchpad.net tells it below
    "Technical details about this PPA"."""
    suites: Replacing[Word] = []
    """The suites; by default the codename of the machine's release."""

    def objections(self, name: str, machine: Machine) -> Iterator[Objection]:
        """Yield why there can be no such PPA on such a machine."""
        if machine.distro != "ubuntu":
            yield Objection(
                f"the PPA {name} is built for Ubuntu, and not for {machine.distro}",
                "leave out the PPA there (`when: distro == 'ubuntu'`), or name a source of the "
                "publisher under `sources`",
                ("ppas", name),
            )
        if self.fingerprint is None and name not in PPAS:
            owner, _, archive = name.partition("/")
            yield Objection(
                f"the PPA {name} needs the fingerprint of its key: envwright does not know it",
                f"see https://launchpad.net/~{owner}/+archive/ubuntu/{archive}, below 'Technical "
                "details about this PPA'",
                ("ppas", name),
            )


def apt_source(name: str, source: Source, machine: Machine) -> AptSource:
    """Return an apt source as the resource that it is on a machine; it has no objections."""
    entry = SOURCES.get(name)
    known = entry.on(machine, source.version or "") if entry else None
    suites = tuple(source.suites) or ((known.suite,) if known else (machine.codename,))
    components = source.components or (known.components if known else ("main",))
    return AptSource(
        source=name,
        uris=(source.url or (known.url if known else ""),),
        suites=suites,
        components=() if any(suite.endswith("/") for suite in suites) else tuple(components),
        architectures=tuple(source.architectures) or (machine.architecture,),
        key=_key(source, known),
        old_files=known.lists if known else (),
        old_addresses=(entry.place,) if entry else (),
        at=("sources", name),
    )


def _key(source: Source, known: KnownSource | None) -> Key:
    if source.key is not None or known is None:
        return source.key.key() if source.key else Key(())
    return Key(known.key.fingerprints, url=known.key.url)


def ppa_source(name: str, ppa: Ppa, machine: Machine) -> AptSource:
    """Return a PPA as the resource that it is on a machine; it has no objections."""
    owner, _, archive = name.partition("/")
    fingerprint = ppa.fingerprint or PPAS[name]
    return AptSource(
        # As add-apt-repository calls its file, which so takes the place of this source.
        source=f"{owner}-ubuntu-{archive}-{machine.codename}",
        uris=(f"https://ppa.launchpadcontent.net/{name}/ubuntu",),
        suites=tuple(ppa.suites) or (machine.codename,),
        components=("main",),
        architectures=(machine.architecture,),
        key=Key((fingerprint,), url=_KEYSERVER.format(fingerprint)),
        old_addresses=tuple(f"{host}/{name}/ubuntu" for host in _PPA_HOSTS),
        at=("ppas", name),
    )


_KEYSERVER = "https://keyserver.ubuntu.com/pks/lookup?op=get&options=mr&search=0x{}"
"""Where Launchpad publishes the keys of PPAs."""
_PPA_HOSTS = ("ppa.launchpadcontent.net", "ppa.launchpad.net")
"""The present and the former host of PPAs."""
