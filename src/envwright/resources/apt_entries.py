"""AptEntries: entries of a publisher's older instructions, which a source takes the place of."""

from __future__ import annotations

import fnmatch
import hashlib
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from envwright.facts import AptSources, Unknown
from envwright.facts.apt_sources import FOLDER
from envwright.model.operations import operation
from envwright.model.proof import Assertion
from envwright.model.resource import Resource
from envwright.model.way_back import WayBack
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from envwright.facts import Facts, Listed, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State

_TAKE = load(__file__)


@dataclass(frozen=True, kw_only=True)
class AptEntries(Resource):
    """Lines of `.list` files that name an address which an AptSource names from now on.

    They go before anything is fetched: apt refuses one repository with two keyrings. All other
    lines of the files stay. A file of which nothing is left goes, too.

    Args:
        source: the name of the AptSource.
        files: the names, or patterns, of files in sources.list.d that older instructions wrote.
        addresses: hosts with paths; what lies below one of them is the publisher's.
        repositories: URIs and suites that the AptSource has.
    """

    source: str
    files: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    repositories: tuple[tuple[str, str], ...] = ()

    word: ClassVar[str] = "apt-entries"
    rank: ClassVar[int] = 5
    text_field: ClassVar[str] = "lines"

    @property
    def name(self) -> str:
        """The name of the source."""
        return self.source

    def questions(self) -> Iterable[Question[Any]]:
        return (AptSources(),)

    def desired(self) -> State:
        return {"lines": ""}

    def actual(self, facts: Facts) -> State | Unknown | None:
        found = facts[AptSources()]
        if isinstance(found, Unknown):
            return found
        lines: list[str] = []
        seen: dict[str, str] = {}
        for listed in filter(self.takes, found):
            lines.append(f"{listed.place}: {listed.text}\n")
            # Not compared: what the file must still hold when the lines are removed.
            seen[listed.path] = digest(listed.lines)
        return {"lines": "".join(lines), "seen": seen}

    def takes(self, listed: Listed) -> bool:
        """Tell whether an entry is one of those that must go."""
        path = listed.path.lower()
        if not any(fnmatch.fnmatch(path, f"{FOLDER}/{name}") for name in self.files):
            return False
        known = (*self.addresses, *(address(uri) for uri, _ in self.repositories if listed.fault))
        return bool(listed.uris) and all(
            any(f"{address(uri)}/".startswith(f"{below}/") for below in known)
            or any(same(*one, uri, suite) for one in self.repositories for suite in listed.suites)
            for uri in listed.uris
        )

    def label(self, field: Any) -> str:
        return "" if field == self.text_field else super().label(field)

    def converge(self, difference: Difference) -> Iterator[Operation]:
        before = difference.before or {}
        for path, digest in before.get("seen", {}).items():
            places = re.findall(rf"^{re.escape(path)}:(\d+): ", before["lines"], re.MULTILINE)
            words = " ".join(map(shlex.quote, (path, digest, *places)))
            yield operation("server.shell", commands=[f"{_TAKE}ew_take {words}"])

    def way_back(self, before: State | None) -> WayBack:
        """The files come back as they were."""
        return WayBack(paths=tuple((before or {}).get("seen", {})))

    def exported(self) -> Iterator[Operation]:
        """Yield an operation that removes those files which name nothing but these addresses."""
        known = self.addresses or tuple(address(uri) for uri, _ in self.repositories)
        patterns = " ".join(f"-e {shlex.quote(f'//{one}')}" for one in known)
        files = " ".join(f"{FOLDER}/{name}" for name in self.files)
        script = (
            f'for file in {files}; do ! grep -qsF {patterns} "$file" || '
            f'grep "^ *deb" "$file" | grep -qvF {patterns} || rm "$file"; done'
        )
        yield operation("server.shell", commands=[script])

    def witness(self) -> Iterator[Assertion]:
        files = " ".join(f"{FOLDER}/{name}" for name in self.files)
        places = [f"{literal(one)}([/ ]|$)" for one in self.addresses]
        places += [f"{literal(address(uri))}/* +{literal(of)}" for uri, of in self.repositories]
        pattern = shlex.quote(f"^ *deb.*//({'|'.join(places)})")
        script = f"grep -shE {pattern} {files}"
        yield Assertion("run", (script,), "stdout", "")


def unchanged(path: str, seen: str) -> str:
    """Return a command that fails where a file is not as the plan saw it: its `digest`."""
    return f"{_TAKE}ew_unchanged {shlex.quote(path)} {seen}"


def address(uri: str) -> str:
    """Return what two URIs of one place have in common: host and path, without scheme and login."""
    host, slash, path = re.sub(r"^[a-z0-9+.-]+:/*", "", uri, flags=re.IGNORECASE).partition("/")
    host = re.sub(r":(80|443)$", "", host.rpartition("@")[2].lower())
    return f"{host}{slash}{path}".rstrip("/")


def same(uri: str, suite: str, other_uri: str, other_suite: str) -> bool:
    """Tell whether two entries name one repository, whatever the machine's architecture is."""
    mine, theirs = (
        f"{address(one)} {re.sub(r'^(?:[.]?/)+', '/', of)}"
        for one, of in ((uri, suite), (other_uri, other_suite))
    )
    pattern = re.escape(theirs).replace(re.escape("$(ARCH)"), "[^/ ]+")
    return mine == theirs or re.fullmatch(pattern, mine) is not None


def literal(text: str) -> str:
    """Return a text as an extended regular expression that means the text alone."""
    return re.sub(r"[^\w/ -]", r"[\g<0>]", text)


def digest(lines: Iterable[str]) -> str:
    """Return the SHA-256 of what `grep -n` prints of a file with these lines."""
    numbered = (f"{number}:{line}\n" for number, line in enumerate(lines, start=1))
    return hashlib.sha256("".join(numbered).encode("utf-8", "surrogateescape")).hexdigest()
