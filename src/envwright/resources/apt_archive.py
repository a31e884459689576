"""AptArchive: the distribution's own archives in apt's sources: their addresses and components."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from envwright.facts import AptSources, Stat, Status, Unknown
from envwright.model.forecast import NOTHING, Forecast
from envwright.model.operations import Content, operation
from envwright.model.proof import Assertion
from envwright.model.resource import Resource
from envwright.model.way_back import WayBack
from envwright.portable.dialects import DialectError
from envwright.portable.dialects.aptsources import change, read
from envwright.resources.apt_commands import update
from envwright.resources.apt_entries import address, digest, literal, unchanged

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from envwright.facts import Facts, Listed, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State
    from envwright.portable.dialects.aptsources import Entry

_ARCHIVES = (
    r"([a-z0-9-]+\.)*debian\.org/debian|"
    r"([a-z0-9-]+\.)*(archive|ports)\.ubuntu\.com/ubuntu(-ports)?"
)
_UPDATES = r"([a-z0-9-]+\.)*debian\.org/debian-security|security\.ubuntu\.com/ubuntu"
"""What the distributions call their archives, those of security updates, and their own mirrors."""
_PLACES = re.compile(f"{_ARCHIVES}|{_UPDATES}")
_KEYRINGS = re.compile(r"/usr/share/keyrings/(debian|ubuntu)-archive-keyring\.(gpg|pgp)")
"""Who has such a keyring names an archive of the distribution, whatever the mirror is called."""
_CLOUD_INIT = "/etc/cloud/cloud.cfg"
_SECURITY = re.compile(r".*-security|.*/updates")


class _File(NamedTuple):
    """A file as it will be: its text, and the entries that change, before and after."""

    path: str
    seen: str
    text: str
    before: str
    after: str
    found: bool


@dataclass(frozen=True, kw_only=True)
class AptArchive(Resource):
    """The entries by which apt takes the distribution's own packages, in whatever file they are.

    Every other byte of the files stays.

    Args:
        distro: the distribution, for a person.
        mirror: the address that takes the place of the archive's; "" leaves it.
        security: the same, for suites of security updates.
        components: those that the entries must have beside others.
    """

    distro: str
    mirror: str = ""
    security: str = ""
    components: tuple[str, ...] = ()

    word: ClassVar[str] = "apt-archive"
    rank: ClassVar[int] = 4
    text_field: ClassVar[str] = "entries"

    @property
    def name(self) -> str:
        """The distribution."""
        return self.distro

    @property
    def autorequires(self) -> Iterable[str]:
        """The certificates by which https is trusted."""
        return ("package:ca-certificates",)

    def questions(self) -> Iterable[Question[Any]]:
        return (AptSources(), Stat(_CLOUD_INIT))

    def desired(self) -> State:
        return {"entries": "", "found": True, "fault": ""}

    def actual(self, facts: Facts) -> State | Unknown | None:
        files = facts[AptSources()]
        if isinstance(files, Unknown):
            return files
        fault = next((f"{one.place}: {one.fault}" for one in files if one.fault), "")
        made = []
        for path, lines in {one.path: one.lines for one in files if not fault}.items():
            try:
                made.append(self._changed(path, lines))
            except DialectError as error:
                fault = f"{path}: {error}"
        return {
            "entries": "".join(file.before for file in made),
            "found": any(file.found for file in made) or bool(fault),
            "fault": fault,
            # Not compared: what `settle` shows, and what the files must still hold.
            "wanted": "".join(file.after for file in made),
            "rewritten": {file.path: (file.seen, file.text) for file in made if file.before},
        }

    def _changed(self, path: str, lines: tuple[str, ...]) -> _File:
        """Return a file as it will be; raise DialectError where it cannot be changed safely."""
        text = old = "".join(f"{line}\n" for line in lines)
        own = [entry for entry in read(old, path) if self._is_own(entry)]
        before = after = ""
        # From the end on, so that what is changed moves no entry that is still to come.
        for entry in reversed(own):
            made = change(text, path, entry, self._addresses(entry), self.components)
            if made != text:
                place = f"# {path}:{entry.line}\n"
                end = len(made) - (len(text) - entry.end)
                before = f"{place}{text[entry.start : entry.end]}{before}"
                after = f"{place}{made[entry.start : end]}{after}"
                text = made
        return _File(path, digest(lines), text, before, after, found=bool(own))

    def way_back(self, before: State | None) -> WayBack:
        """The files come back as they were."""
        return WayBack(paths=tuple((before or {}).get("rewritten", {})))

    def settle(self, difference: Difference, facts: Facts) -> Difference:  # noqa: ARG002
        """Show the entries as they will be."""
        after = {**(difference.after or {}), "entries": (difference.before or {}).get("wanted", "")}
        return replace(difference, after=after)

    def _is_own(self, entry: Entry | Listed) -> bool:
        if not entry.enabled or any(suite.endswith("-debug") for suite in entry.suites):
            return False
        known = {address(one) for one in (self.mirror, self.security) if one}
        places = [address(uri) for uri in entry.uris]
        signed = entry.signed_by and all(_KEYRINGS.fullmatch(key) for key in entry.signed_by)
        return bool(places) and (
            bool(signed) or all(one in known or _PLACES.fullmatch(one) for one in places)
        )

    def _addresses(self, entry: Entry) -> dict[str, str]:
        """Return the addresses that an entry gets, by those that it has."""
        updates = all(_SECURITY.fullmatch(suite) for suite in entry.suites)
        wanted = self.security if updates else self.mirror
        others = (uri for uri in entry.uris if address(uri) != address(wanted))
        return dict.fromkeys(others, wanted) if wanted else {}

    @classmethod
    def forecast(
        cls,
        work: Sequence[tuple[AptArchive, Difference]],  # noqa: ARG003
        facts: Facts,
        changed: Collection[str],  # noqa: ARG003
    ) -> Forecast:
        """Say what would write the files again (module apt_configure of cloud-init)."""
        if not isinstance(facts[Stat(_CLOUD_INIT)], Status):
            return NOTHING
        told = (
            "cloud-init writes apt's sources anew where a copy of this machine starts for the "
            "first time; `apt: {preserve_sources_list: true}` in a file of /etc/cloud/cloud.cfg.d "
            "keeps these"
        )
        return Forecast(notes=(told,))

    def label(self, field: Any) -> str:
        return "" if field == self.text_field else super().label(field)

    def refusal(self, difference: Difference) -> str:
        before = difference.before or {}
        if before.get("fault"):
            return f"apt's sources cannot be changed safely: {before['fault']}; mend that line"
        if before.get("found") is False:
            return (
                f"no file of apt names an archive of {self.distro} itself: name the mirror under "
                "`packages: {sources: ...}`, with the key of the distribution"
            )
        return ""

    def converge(self, difference: Difference) -> Iterator[Operation]:
        for path, (seen, text) in (difference.before or {}).get("rewritten", {}).items():
            guard = f"{unchanged(path, seen)} || exit"
            yield operation("server.shell", commands=[f"{guard}\n{_trial(path, text)}"])
            yield operation(
                "paths.put", src=Content(text), dest=path, user="root", group="root", mode="0644"
            )

    def exported(self) -> Iterator[Operation]:
        """Yield an operation that changes addresses and components as installers write them."""
        # An address has no double quotes, which part the words of sed here.
        known = "|".join(literal(address(one)) for one in (self.mirror, self.security) if one)
        places = "|".join(filter(None, (_ARCHIVES, _UPDATES, known)))
        entries = rf'\"^Components:|^deb .*://({places})/?( |$)"'
        edits = [f"{entries}{{/ {one}( |$)/!s/$/ {one}/}}" for one in self.components]
        for place, wanted in ((_ARCHIVES, self.mirror), (_UPDATES, self.security)):
            if wanted:
                plain = wanted.replace("&", r"\&")
                edits.append(f's"https?://({place})/?( |$)"{plain} "')
        words = " ".join(f"-e {shlex.quote(edit)}" for edit in edits)
        files = "sources.list sources.list.d/debian.sources sources.list.d/ubuntu.sources"
        script = (
            f"cd /etc/apt && for file in {files}; do "
            f'[ ! -e "$file" ] || sed -Ei {words} "$file"; done'
        )
        yield operation("server.shell", commands=[script])

    def witness(self) -> Iterator[Assertion]:
        """Yield what apt itself makes of all its sources."""
        # Also of sources whose lists never came; those alone would be asked for otherwise.
        targets = "apt-get indextargets --no-release-info 'Created-By: Packages' --format"
        for places, suites, wanted in (
            (_ARCHIVES, "-v", self.mirror),
            (f"{_ARCHIVES}|{_UPDATES}", "", self.security),
        ):
            if wanted:
                script = (
                    f"{targets} '$(REPO_URI) $(RELEASE)' | grep -E '://({places})/ ' | "
                    f"grep {suites} -e '-security$' | grep -vF {shlex.quote(address(wanted))} || :"
                )
                yield Assertion("run", (script,), "stdout", "")
        for one in self.components:
            script = f"{targets} '$(COMPONENT)' | grep -qx {shlex.quote(one)}"
            yield Assertion("run", (script,), "rc", 0)


def _trial(path: str, text: str) -> str:
    """Return a script that lets apt read the new file, and fetch what it names."""
    new = f'"$folder"/{path.rpartition("/")[2]}'
    alone = (
        f"-o Dir::Etc::SourceList={new} -o Dir::Etc::SourceParts=/dev/null "
        "-o APT::Get::List-Cleanup=false"
    )
    steps = (
        "folder=$(mktemp -d)",
        "trap 'rm -r \"$folder\"' EXIT",
        f"printf %s {shlex.quote(text)} > {new}",
        update(alone),
    )
    return " && ".join(steps)
