"""The capability `postgresql`: a PostgreSQL server, its roles and its databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, model_validator

from envwright.model.capability import Capability, Objection, Settings, render
from envwright.model.proof import Proof
from envwright.model.values import OneLine, SecretText, spelled
from envwright.resources.in_server import Database, Role
from envwright.resources.listening import Listen, Listening, addresses, reached_at
from envwright.resources.package import offered
from envwright.resources.preflight import DataFits

from .cluster import DATA, Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Requirement
    from envwright.model.resource import Resource

OWN = {"bookworm": "15", "trixie": "17", "jammy": "14", "noble": "16", "resolute": "18"}
"""The version that a release of Debian or Ubuntu has (packages.debian.org, packages.ubuntu.com)."""
Name = Annotated[
    str,
    spelled(r"^[a-z_][a-z0-9_-]{0,62}$", "small letters, digits, `_` and `-`, a letter first"),
]
Version = Annotated[str, spelled(r"^[1-9][0-9]$", 'a major version in quotes, like "17"')]
Parameter = Annotated[
    str, spelled(r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)?$", "the name of a setting, in small letters")
]


class RoleSettings(Settings):
    """A role: an account of the server's own."""

    password: SecretText | None = None
    """The password, by the name of a secret. Left out, a password that the role has stays."""
    login: bool = True
    """Whether the role can log in."""
    superuser: bool = False
    """Whether the role may do everything in the server."""
    createdb: bool = False
    """Whether the role may make databases."""
    createrole: bool = False
    """Whether the role may make roles."""
    replication: bool = False
    """Whether the role may copy the whole server as it changes."""

    @property
    def rights(self) -> dict[Any, bool]:
        """The rights of the role, by their names in SQL."""
        return self.model_dump(exclude={"password"})


class DatabaseSettings(Settings):
    """A database."""

    owner: Name | None = None
    """The role that the database belongs to; left out, the owner is not managed."""
    absent: bool = False
    """Whether the server must not have the database: apply then drops it, with all that is in it.
    A database that the environment does not name stays."""


class Section(Capability):
    """A PostgreSQL server, with its roles and databases.

    The server is the cluster `main` of Debian's and Ubuntu's packages. It starts at boot and
    listens on the machine itself alone, unless `listen` says otherwise. The settings go into a file
    of their own in conf.d, which the server judges before the file goes live. Where a server that
    ran does not come up with the new file, the old file is put back. Plan refuses a port that
    another program has, such as another cluster, and data on a drive of Windows or of the network.
    Roles and databases that the environment does not name stay as they are, and so do the tables
    and rights inside of a database. The server gets a verifier of a password (SCRAM-SHA-256), never
    the password. Verify logs in by TCP as each role with a password.
    """

    uncaptured: ClassVar[str] = (
        "Roles, databases and what is in them are for a backup of the server."
    )
    example: ClassVar[str] = """\
postgresql:
  settings: {max_connections: 50}
  roles:
    app: {createdb: true}
  databases:
    shop: {owner: app}
"""

    version: Version | None = None
    """The major version; by default the one that the distribution has. Others come from
    PostgreSQL's own apt source: `packages: {sources: {pgdg: {}}}`."""
    listen: Listen = ["localhost"]
    """Where the server listens."""
    port: int = Field(default=5432, ge=1, le=65535)
    """The port on which the server listens."""
    settings: dict[Parameter, bool | int | float | OneLine] = {}
    """Settings of postgresql.conf by their names, like `shared_buffers: 256MB`."""
    roles: dict[Name, RoleSettings] = {}
    """Roles by their names."""
    databases: dict[Name, DatabaseSettings] = {}
    """Databases by their names."""

    @model_validator(mode="after")
    def _once(self) -> Section:
        for name, field in {"port": "port", "listen_addresses": "listen"}.items():
            if name in self.settings:
                raise ValueError(f"has {name!r} in 'settings': write it as '{field}' beside that")
        return self

    def objections(self, machine: Machine) -> Iterator[Objection]:
        if self.version is None and machine.codename not in OWN:
            yield Objection(
                f"envwright does not know which PostgreSQL {machine.distro} {machine.release} has",
                'name one, as `version: "17"`, that the machine\'s apt sources have',
            )

    def resources(self, machine: Machine) -> Iterator[Resource]:
        cluster = self._cluster(machine)
        server = list(cluster.resources("".join(self._lines())))
        yield from server
        needs, ask = (server[-1].id,), self._ask(cluster)
        for name, role in self.roles.items():
            rights = " ".join(right if has else f"NO{right}" for right, has in role.rights.items())
            yield Role(
                server="postgresql",
                title=name,
                ask=ask,
                run=_sql(
                    cluster,
                    "role",
                    name=name,
                    rights=rights.upper(),
                    password=bool(role.password),
                ),
                fields={**role.rights, "expired": False},
                shut=_sql(cluster, "shut", name=name),
                shut_fields={"login": False},
                password=role.password or "",
                needs=needs,
                at=("roles", name),
            )
        for name, database in self.databases.items():
            owner: dict[Any, str] = {"owner": database.owner} if database.owner else {}
            yield Database(
                server="postgresql",
                title=name,
                ask=ask,
                run=_sql(cluster, "database", name=name, **database.model_dump()),
                fields={"open": True, **owner},
                present=not database.absent,
                needs=(*needs, f"role:{database.owner}@postgresql"),
                at=("databases", name),
            )

    def requirements(self, machine: Machine) -> Iterator[Requirement]:
        cluster = self._cluster(machine)
        if cluster.version != OWN.get(machine.codename):
            what = f"PostgreSQL {cluster.version}"
            yield offered(cluster.package.package, "pgdg", what, "packages: {sources: {pgdg: {}}}")
        yield self._listening(cluster).free()
        yield DataFits.of("PostgreSQL", DATA)

    def proofs(self, machine: Machine) -> Iterator[Proof]:
        cluster = self._cluster(machine)
        yield self._listening(cluster).proof()
        yield Proof(
            "PostgreSQL has its settings",
            render("postgresql.settings.sh", cluster=cluster.name, path=cluster.file),
            at=("settings",),
            quick=True,
            remedy="remove the line that is named; `ALTER SYSTEM RESET NAME` removes one of "
            "postgresql.auto.conf",
        )
        owned = {d.owner: name for name, d in self.databases.items() if not d.absent}
        for name, role in self.roles.items():
            if role.password and role.login:
                yield Proof(
                    f"{name} logs in to PostgreSQL with its password",
                    render(
                        "postgresql.login.sh",
                        psql=cluster.program("psql"),
                        host=reached_at(self.listen),
                        port=self.port,
                        role=name,
                        database=owned.get(name, "postgres"),
                    ),
                    at=("roles", name),
                    given=role.password,
                    remedy="pg_hba.conf decides by its first line that fits the role and the "
                    "address; Debian's line is `host all all 127.0.0.1/32 scram-sha-256`",
                )

    def _cluster(self, machine: Machine) -> Cluster:
        return Cluster(self.version or OWN[machine.codename])

    def _listening(self, cluster: Cluster) -> Listening:
        listen = tuple(self.listen)
        return Listening(server="PostgreSQL", unit=cluster.unit, listen=listen, port=self.port)

    def _lines(self) -> Iterator[str]:
        yield f"listen_addresses = '{','.join(addresses(self.listen))}'\nport = {self.port}\n"
        for name, value in self.settings.items():
            plain = str(value).lower() if isinstance(value, bool) else str(value)
            quoted = plain.replace("\\", "\\\\").replace("'", "''")
            yield f"{name} = '{quoted}'\n"

    def _ask(self, cluster: Cluster) -> str:
        roles, databases = (
            ", ".join(f"'{name}'" for name in table) or "NULL"
            for table in (self.roles, self.databases)
        )
        where = {"cluster": cluster.name, "unit": cluster.unit}
        return render("postgresql.ask.sh", roles=roles, databases=databases, **where)


def _sql(cluster: Cluster, what: str, *, password: bool = False, **values: object) -> str:
    """Return the script that runs a template of SQL in the cluster."""
    sql = render(f"postgresql.{what}.sql", password=password, **values)
    return render("postgresql.sql.sh", cluster=cluster.name, sql=sql, password=password)
