"""The cluster `main` of a version of PostgreSQL, as Debian's postgresql-common lays it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envwright.model.capability import HEADER
from envwright.model.proof import Assertion
from envwright.resources.command import Command
from envwright.resources.file import File
from envwright.resources.package import Package
from envwright.resources.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.model.resource import Resource

ACCOUNT = "postgres"
"""The account that the server runs as, and its superuser."""
DATA = "/var/lib/postgresql"


@dataclass(frozen=True)
class Cluster:
    """The cluster of a version."""

    version: str

    @property
    def name(self) -> str:
        """The name for `--cluster`."""
        return f"{self.version}/main"

    @property
    def unit(self) -> str:
        """The unit that runs the server."""
        return f"postgresql@{self.version}-main.service"

    @property
    def folder(self) -> str:
        """The folder of the configuration."""
        return f"/etc/postgresql/{self.name}"

    @property
    def file(self) -> str:
        """The file of settings that is envwright's: the last of its folder, which wins."""
        return f"{self.folder}/conf.d/zz-envwright.conf"

    @property
    def package(self) -> Package:
        """The package of the server."""
        package = f"postgresql-{self.version}"
        return Package(package=package, accounts=(ACCOUNT,), at=("version",))

    def program(self, name: str) -> str:
        """Return a program of the version; those in /usr/bin choose one."""
        return f"/usr/lib/postgresql/{self.version}/bin/{name}"

    def resources(self, settings: str) -> Iterator[Resource]:
        """Yield the server; its unit is the last."""
        main = f"{self.folder}/postgresql.conf"
        made = Command(
            title=f"postgresql {self.name}",
            observe=f"[ -e {main} ] && echo there",
            expected="there",
            # The package has made the cluster, unless somebody removed it.
            run=f"[ -e {main} ] || pg_createcluster {self.version} main",
            seen=(Assertion("file", (main,), "exists", expected=True),),
            after=(self.package.id,),
        )
        yield from (self.package, made)
        yield File(
            path=self.file,
            content=HEADER + settings,
            owner=ACCOUNT,
            group=ACCOUNT,
            validate=f"{self.program('postgres')} -C port -D {DATA}/{self.name} "
            '--config-file="$staged"',
            needs=(made.id,),
            at=("settings",),
        )
        yield File(
            path=f"{self.folder}/start.conf",
            content=f"{HEADER}auto\n",
            owner=ACCOUNT,
            group=ACCOUNT,
            needs=(made.id,),
        )
        # By this unit, systemd starts those of the clusters at boot.
        every = Service(unit="postgresql.service", needs=(self.package.id,))
        yield every
        needs = (made.id, every.id)
        yield Service(unit=self.unit, enabled=None, reads=(self.file,), needs=needs)
