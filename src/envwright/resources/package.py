"""Package: an apt package that is installed, at a version or at any, or that must not be."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from envwright.facts import Dpkg, Unknown
from envwright.model.operations import operation
from envwright.model.proof import Assertion, View
from envwright.model.resource import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from envwright.facts import Facts, Question
    from envwright.model.operations import Operation
    from envwright.model.resource import Difference, State

# Another apt at work (unattended-upgrades on a fresh boot) is waited for, not fought.
LOCK = "-o DPkg::Lock::Timeout=300"
# apt-get(8) calls an update good that kept old lists because new ones did not arrive whole.
UPDATE = f"apt-get update -qq {LOCK} -o APT::Update::Error-Mode=any"


@dataclass(frozen=True, kw_only=True)
class Package(Resource):
    """A package of the machine's own architecture.

    Args:
        package: its name; not a virtual one, since those are never seen as installed.
        version: the version, or a pattern as apt takes it (`14.*`); "" for any.
        present: False: it must not be installed.
        recommends: install what it recommends, too.
    """

    package: str
    version: str = ""
    present: bool = True
    recommends: bool = False

    word: ClassVar[str] = "package"
    rank: ClassVar[int] = 20

    @property
    def name(self) -> str:
        """The name of the package."""
        return self.package

    def merge(self, other: Resource) -> Resource:
        """Join a wish for any version with one for a certain one."""
        theirs = cast("Package", other)
        both = replace(
            self,
            version=self.version or theirs.version,
            recommends=self.recommends or theirs.recommends,
        )
        agreed = replace(theirs, version=theirs.version or both.version, recommends=both.recommends)
        return both if both.spec() == agreed.spec() else super().merge(other)

    def questions(self) -> Iterable[Question[Any]]:
        return (Dpkg(self.package),)

    def desired(self) -> State | None:
        if not self.present:
            return None
        return {"version": self.version} if self.version else {}

    def actual(self, facts: Facts) -> State | Unknown | None:
        version = facts[Dpkg(self.package)]
        if version is None or isinstance(version, Unknown):
            return version
        # A pattern that holds is shown as kept, so that states compare by equality.
        return {"version": self.version if fnmatch.fnmatch(version, self.version) else version}

    def converge(self, difference: Difference) -> Iterator[Operation]:
        yield from self.converge_all([(self, difference)])

    @classmethod
    def converge_all(cls, work: Sequence[tuple[Package, Difference]]) -> Iterator[Operation]:
        """Remove in one transaction, then update the lists once and install in one transaction."""
        absent = [package.package for package, _ in work if not package.present]
        if absent:
            yield operation(
                "apt.packages", packages=absent, present=False, extra_uninstall_args=LOCK
            )
        present = [package for package, _ in work if package.present]
        if present:
            yield operation("server.shell", commands=[UPDATE])
        for recommends in (False, True):
            names = [p.specification for p in present if p.recommends is recommends]
            if names:
                yield operation(
                    "apt.packages",
                    packages=names,
                    no_recommends=not recommends,
                    allow_downgrades=any("=" in name for name in names),
                    # What the plan does not show is not removed.
                    extra_install_args=f"--no-remove {LOCK}",
                )

    @property
    def specification(self) -> str:
        """The package as apt-get takes it: `ripgrep=14.*`."""
        return f"{self.package}={self.version}" if self.version else self.package

    def witness(self) -> Iterator[Assertion]:
        yield Assertion("package", (self.package,), "is_installed", self.present)
        if self.version and self.present:
            query = ("package", (self.package,), "version")
            yield Assertion(*query, expected=True, view=View("version", self.version))
