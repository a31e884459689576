"""The capability `mariadb`: a MariaDB server, its users and its databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, model_validator

from envwright.model.capability import HEADER, Capability, Settings, render
from envwright.model.proof import Proof
from envwright.model.values import OneLine, SecretText, spelled
from envwright.resources.file import File
from envwright.resources.in_server import Database, Role
from envwright.resources.listening import Listen, Listening, by_ipv4, reached_at
from envwright.resources.package import Package
from envwright.resources.preflight import DataFits
from envwright.resources.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Requirement
    from envwright.model.resource import Resource

Name = Annotated[
    str,
    spelled(r"^[a-z_][a-z0-9_]{0,62}$", "small letters, digits and `_`, a letter first"),
]
Variable = Annotated[
    str, spelled(r"^[a-z][a-z0-9_-]*$", "the name of a setting: small letters, digits, `_`, `-`")
]
FILE = "/etc/mysql/mariadb.conf.d/zz-own.cnf"
UNIT = "mariadb.service"
KEYS = {"port": "port", "bind-address": "listen", "bind_address": "listen"}
"""The settings that are keys of the section, with the keys."""


class UserSettings(Settings):
    """A user of the server, who may log in from wherever the server listens."""

    password: SecretText
    """The password, by the name of a secret."""


class DatabaseSettings(Settings):
    """A database."""

    owner: Name | None = None
    """The user who has all rights in the database; rights of other users stay."""
    absent: bool = False
    """Whether the server must not have the database: apply then drops it, with all that is in it.
    A database that the environment does not name stays."""


class Section(Capability):
    """A MariaDB server, from the distribution's packages, with its users and databases.

    It starts at boot and listens on the machine itself alone, unless `listen` says otherwise. The
    settings go into a file of their own, which the server judges before the file goes live, and
    reads last. Where a server that ran does not come up with the new file, the old file is put
    back. Plan refuses a port that another program has, and data on a drive of Windows or of the
    network. Root of the machine is the server's root, by unix_socket, as the packages set it up;
    users and databases that the environment does not name stay. The server gets a verifier of a
    password, never the password. Verify logs in by TCP as each user.
    """

    uncaptured: ClassVar[str] = (
        "Users, databases and what is in them are for a backup of the server."
    )
    example: ClassVar[str] = """\
mariadb:
  settings: {max_connections: 50}
  databases:
    shop: {}
"""

    listen: Listen = ["localhost"]
    """Where the server listens; `localhost` is 127.0.0.1."""
    port: int = Field(default=3306, ge=1, le=65535)
    """The port on which the server listens."""
    settings: dict[Variable, bool | int | OneLine] = {}
    """Settings of the server by their names, like `innodb_buffer_pool_size: 256M`."""
    users: dict[Name, UserSettings] = {}
    """Users by their names."""
    databases: dict[Name, DatabaseSettings] = {}
    """Databases by their names."""

    @model_validator(mode="after")
    def _once(self) -> Section:
        for name, field in KEYS.items():
            if name in self.settings:
                raise ValueError(f"has {name!r} in 'settings': write it as '{field}' beside that")
        return self

    @property
    def _listening(self) -> Listening:
        return Listening(server="MariaDB", unit=UNIT, listen=by_ipv4(self.listen), port=self.port)

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        package = Package(package="mariadb-server", accounts=("mysql",))
        yield package
        yield File(
            path=FILE,
            content=f"{HEADER}[mariadbd]\n{''.join(self._lines())}",
            validate='mariadbd --defaults-file="$staged" --verbose --help >/dev/null',
            needs=(package.id,),
            at=("settings",),
        )
        unit = Service(unit=UNIT, reads=(FILE,), needs=(package.id,))
        yield unit
        ask = render("mariadb.ask.sh", users=self.users, databases=self.databases)
        for name, user in self.users.items():
            yield Role(
                server="mariadb",
                title=name,
                ask=ask,
                run=_sql("user", name=name),
                fields={"locked": False},
                shut=_sql("shut", name=name),
                shut_fields={"locked": True},
                password=user.password,
                needs=(unit.id,),
                at=("users", name),
            )
        for name, database in self.databases.items():
            owner: dict[Any, str] = {"owner": database.owner} if database.owner else {}
            yield Database(
                server="mariadb",
                title=name,
                ask=ask,
                run=_sql("database", name=name, **database.model_dump()),
                fields={"open": True, **owner},
                present=not database.absent,
                needs=(unit.id, f"role:{database.owner}@mariadb"),
                at=("databases", name),
            )

    def _lines(self) -> Iterator[str]:
        yield f"bind-address = {','.join(by_ipv4(self.listen))}\nport = {self.port}\n"
        for name, value in self.settings.items():
            plain = ("OFF", "ON")[value] if isinstance(value, bool) else str(value)
            quoted = plain.replace("\\", "\\\\").replace('"', '\\"')
            yield f'{name} = "{quoted}"\n'

    def requirements(self, machine: Machine) -> Iterator[Requirement]:  # noqa: ARG002 - the same everywhere
        yield self._listening.free()
        yield DataFits.of("MariaDB", "/var/lib/mysql")

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        yield self._listening.proof()
        owned = {d.owner: name for name, d in self.databases.items() if not d.absent}
        for name, user in self.users.items():
            where = {"host": reached_at(self.listen), "port": self.port}
            yield Proof(
                f"{name} logs in to MariaDB with its password",
                render("mariadb.login.sh", user=name, database=owned.get(name, ""), **where),
                at=("users", name),
                given=user.password,
                remedy=f"an account of that name for localhost comes before {name}@%: root sees "
                "all by the table mysql.user",
            )


def _sql(what: str, **values: object) -> str:
    """Return the script that runs a template of SQL in the server."""
    return render("mariadb.sql.sh", sql=render(f"mariadb.{what}.sql", **values), what=what)
