"""What a machine's packages and apt sources are in an environment: those that a person chose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from envwright.facts import AptSources, Output, Shell, Text
from envwright.model.capture import Captured, Item, LeftOut
from envwright.resources.apt_source import keys_in

from .known import PPAS, SOURCES
from .sources import COMPONENTS, Ppa, Source, apt_source, ppa_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from envwright.facts import Facts, Listed, Machine
    from envwright.model.capture import Capturing
    from envwright.resources.apt_source import AptSource

MANUAL = Shell("apt-mark showmanual")
HELD = Shell("apt-mark showhold")
INSTALLED = Shell(
    "dpkg-query -W -f='${db:Status-Abbrev}\\t${binary:Package}\\t${Package}\\t${Priority}\\t"
    "${Essential}\\t${Section}\\t${binary:Summary}\\t${Pre-Depends}, ${Depends}\\n'"
)
INSTALLER = Shell("zcat -f /var/log/installer/initial-status.gz | sed -n 's/^Package: //p'")
"""What Ubuntu's installer installed, which marks these packages as chosen, too."""
FROM_A_FILE = Shell(
    "ls /var/lib/apt/lists/*_Packages* >&2 && "
    "apt list --installed 2>/dev/null | sed -n 's,^\\([^/]*\\)/.*[[].*local.*,\\1,p'"
)
"""Packages that no source has; nothing where apt has no lists to tell by."""
QUESTIONS = (MANUAL, HELD, INSTALLED, INSTALLER, FROM_A_FILE, AptSources())
BASE = frozenset({"required", "important", "standard"})
"""The priorities of a base system (Debian policy 2.5)."""
BOOT = re.compile(r"(linux-(image|headers|modules|generic|virtual|aws|azure|gcp|kvm)|grub-|shim-)")
"""Packages by which a machine boots; each machine has its own."""
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")


@dataclass(frozen=True)
class Installed:
    """An installed package, as dpkg describes it."""

    name: str
    priority: str
    essential: str
    section: str
    summary: str
    depends: tuple[str, ...]

    @property
    def is_base(self) -> bool:
        """Whether every system of the release has it."""
        return self.priority in BASE or self.essential == "yes"

    @property
    def is_task(self) -> bool:
        """Whether it stands for packages that images and installers choose."""
        return self.section.rpartition("/")[2] in {"metapackages", "tasks"}


def capture(machine: Machine) -> Capturing:
    """Look for packages that a person chose, packages on hold, and further sources."""
    facts = yield QUESTIONS
    listed = facts[AptSources()]
    files = _by_file(listed if isinstance(listed, tuple) else (), machine)
    texts = yield [Text(path) for path, entry in files.items() for path in (path, *_key(entry))]
    found = [*_packages(facts), *_sources(files, texts, machine)]
    return Captured(
        tuple(each for each in found if isinstance(each, Item)),
        tuple(each for each in found if isinstance(each, LeftOut)),
    )


# --- Packages ---------------------------------------------------------------------------------


def _lines(facts: Facts, question: Shell) -> list[str]:
    answer = facts[question]
    return answer.text.splitlines() if isinstance(answer, Output) else []


def _packages(facts: Facts) -> Iterator[Item | LeftOut]:
    installed = {each.name: each for each in _installed(_lines(facts, INSTALLED))}
    tasks = {name for name, each in installed.items() if each.is_task}
    given = {name for name, each in installed.items() if each.is_base}
    given |= {*_lines(facts, INSTALLER)} & installed.keys()
    base = _with_dependencies(given | tasks, installed)
    chosen = {*_lines(facts, MANUAL)}
    for name in sorted(tasks & chosen - given):
        reason = "images and installers choose it: name it if a fresh machine lacks its packages"
        yield LeftOut(f"metapackage {name}", reason)
    local = {*_lines(facts, FROM_A_FILE)}
    held = [name for name in _lines(facts, HELD) if name in installed]
    for name in sorted(chosen - base - {*held}):
        reason = _reason_against(name, installed, local)
        what = f"package {name}"
        why = "chosen by a person: apt-mark showmanual, without the base system"
        yield LeftOut(what, reason) if reason else Item(("install",), name, why, listed=True)
    for name in sorted(held):
        yield Item(("hold",), name, "on hold: apt-mark showhold", listed=True)


def _installed(lines: Iterable[str]) -> Iterator[Installed]:
    for line in lines:
        status, _, name, *rest = line.split("\t")
        if status.strip().endswith("i") and len(rest) == 5:  # noqa: PLR2004 - as INSTALLED asks
            depends = tuple(
                found[0]
                for each in re.split("[,|]", rest[4])
                if (found := _NAME.match(each.strip()))
            )
            priority, essential, section, summary, _ = rest
            yield Installed(name, priority, essential, section, summary, depends)


def _with_dependencies(names: set[str], installed: Mapping[str, Installed]) -> set[str]:
    """Return packages together with all that they cannot be without."""
    found, fresh = {*names}, {*names}
    while fresh:
        needed = {each for name in fresh for each in installed[name].depends}
        fresh = (needed & installed.keys()) - found
        found |= fresh
    return found


def _reason_against(name: str, installed: Mapping[str, Installed], local: set[str]) -> str:
    """Return why a package that is marked as chosen is left out; "" where it is not."""
    if ":" in name:
        return "it is of another architecture"
    if BOOT.match(name):
        return "it boots this machine, and another machine boots by its own"
    if name in local:
        return "no apt source of this machine has it: it came as a file, or is no longer published"
    summary = installed[name].summary.lower() if name in installed else ""
    if "transitional" in summary and "snap" in summary:
        return "it is a transitional package that installs a snap: name the snap where you want it"
    return ""


# --- Sources ----------------------------------------------------------------------------------


def _by_file(listed: Iterable[Listed], machine: Machine) -> dict[str, Listed]:
    """Return the first entry of each file of sources, without the distribution's own."""
    found: dict[str, Listed] = {}
    for entry in listed:
        own = {"/etc/apt/sources.list", f"/etc/apt/sources.list.d/{machine.distro}.sources"}
        if machine.distro in COMPONENTS and entry.path not in own and entry.enabled:
            found.setdefault(entry.path, entry)
    return dict(sorted(found.items()))


def _key(entry: Listed) -> Iterator[str]:
    """Yield the file with the key of an entry, if it has one of its own."""
    yield from (path for path in entry.signed_by[:1] if path.startswith("/"))


def _sources(
    files: Mapping[str, Listed], facts: Facts, machine: Machine
) -> Iterator[Item | LeftOut]:
    for path, entry in files.items():
        name = PurePosixPath(path).stem
        text, key = facts[Text(path)], ""
        for file in _key(entry):
            answer = facts[Text(file)]
            key = answer if isinstance(answer, str) else ""
        fitting = (
            (at, value)
            for at, value, made in _candidates(name, entry, key, machine)
            if made.path == path and made.content == text
        )
        at, value = next(fitting, ((), None))
        if at:
            yield Item(at, value, f"signed by a key that envwright compares: {path}")
        else:
            known = next((n for n, one in SOURCES.items() if one.place in _address(entry)), "")
            advice = f"`packages: {{sources: {{{known}: {{}}}}}}`" if known else "`sources`"
            yield LeftOut(
                f"apt source {path}",
                f"write it by {advice}; apply then puts a file of envwright's in its place",
            )


def _address(entry: Listed) -> str:
    """Return the addresses of an entry; its line where the line cannot be read."""
    return " ".join(entry.uris) or entry.text


def _candidates(
    name: str, entry: Listed, key: str, machine: Machine
) -> Iterator[tuple[tuple[str, ...], dict[str, Any], AptSource]]:
    """Yield what an environment could say to have such a source, the shortest first."""
    known = SOURCES.get(name) if entry.uris else None
    versions = re.findall(known.versions, entry.uris[0]) if known and known.versions else []
    for value in ({}, *({"version": version} for version in versions)):
        source = Source(**value)
        if known and not [*source.objections(name, machine)]:
            yield ("sources", name), value, apt_source(name, source, machine)
    prints = keys_in(key)
    if not prints:
        return
    signed = {"fingerprint": prints[0]}
    for uri in entry.uris:
        if found := re.fullmatch(r"https://ppa\.launchpadcontent\.net/(.+)/ubuntu/?", uri):
            ppa: dict[str, Any] = {} if PPAS.get(found[1]) in prints else signed
            if machine.distro == "ubuntu":
                yield ("ppas", found[1]), ppa, ppa_source(found[1], Ppa(**ppa), machine)
    yield from _generic(name, entry, {**signed, "may_hold": [*prints[1:]], "text": key}, machine)


def _generic(
    name: str, entry: Listed, key: dict[str, Any], machine: Machine
) -> Iterator[tuple[tuple[str, ...], dict[str, Any], AptSource]]:
    fields = {
        field.lower(): words.split()
        for field, _, words in (line.partition(":") for line in entry.lines)
    }
    value = {
        "url": entry.uris[0],
        "suites": [*entry.suites],
        "components": fields.get("components", []),
        "architectures": fields.get("architectures", []),
        "key": {name: part for name, part in key.items() if part},
    }
    value = {field: part for field, part in value.items() if part}
    try:
        source = Source.model_validate(value)
    except ValueError:
        return  # what the language does not take is told as left out
    yield ("sources", name), value, apt_source(name, source, machine)
