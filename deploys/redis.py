"""The capability `redis`: a Redis or Valkey server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from envwright.model.capability import HEADER, Capability, render
from envwright.model.proof import Proof
from envwright.model.values import OneLine, SecretText, spelled
from envwright.resources.file import File
from envwright.resources.listening import LOOPBACK, Listen, Listening, addresses, reached_at
from envwright.resources.package import Package
from envwright.resources.preflight import DataFits
from envwright.resources.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Requirement
    from envwright.model.resource import Resource

Directive = Annotated[
    str, spelled(r"^[a-z][a-z0-9-]*$", "the name of a setting: small letters, digits and `-`")
]
KEYS = {"port": "port", "bind": "listen", "requirepass": "password"}
"""The settings that are keys of the section, with the keys."""


class Section(Capability):
    """A Redis or Valkey server, from the distribution's packages.

    It starts at boot and listens on the machine itself alone, unless `listen` says otherwise; it
    needs a password then. The settings go into a file of their own, by which the unit starts the
    server, and which takes the package's file in. Where a server that ran does not come up with new
    settings, the old file is put back. Plan refuses a port that another program has, and data on a
    drive of Windows or of the network. Verify asks the server by TCP, with the password where there
    is one.
    """

    uncaptured: ClassVar[str] = (
        "Settings of the server are captured as `files`, where dpkg knows them as changed."
    )
    example: ClassVar[str] = """\
redis:
  settings: {maxmemory: 256mb, maxmemory-policy: allkeys-lru}
"""

    server: Literal["redis", "valkey"] = "redis"
    """Which of the two servers. Valkey is what became of Redis 7.2 under its old license; both
    speak the same protocol."""
    listen: Listen = ["localhost"]
    """Where the server listens."""
    port: int = Field(default=6379, ge=1, le=65535)
    """The port on which the server listens."""
    password: SecretText | None = None
    """The password of every client, by the name of a secret; without blanks, quotes and `\\`."""
    settings: dict[Directive, bool | int | OneLine] = {}
    """Settings by their names, as redis.conf has them. Several words are written as one text:
    `save: 900 1`."""

    @model_validator(mode="after")
    def _sense(self) -> Section:
        for name, field in KEYS.items():
            if name in self.settings:
                raise ValueError(f"has {name!r} in 'settings': write it as '{field}' beside that")
        if set(addresses(self.listen)) - set(addresses([LOOPBACK])) and self.password is None:
            raise ValueError("needs a 'password', since it listens to other machines")
        return self

    @property
    def _unit(self) -> str:
        return f"{self.server}-server.service"

    @property
    def _listening(self) -> Listening:
        listen = tuple(self.listen)
        name = self.server.capitalize()
        return Listening(server=name, unit=self._unit, listen=listen, port=self.port)

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        package = Package(package=f"{self.server}-server", accounts=(self.server,), at=("server",))
        yield package
        own, main = (f"/etc/{self.server}/{name}.conf" for name in ("zz-own", self.server))
        yield File(
            path=own,
            content=f"{HEADER}include {main}\n{''.join(self._lines())}",
            mode="0640",
            owner=self.server,
            group=self.server,
            validate=render("redis.password.sh") if self.password else "",
            needs=(package.id,),
            at=("settings",),
        )
        # Of two lines for a setting the server takes the last, so that file comes first.
        start = f"/etc/systemd/system/{self._unit}.d/settings.conf"
        content = render("redis.unit", server=self.server, path=own)
        yield File(path=start, content=content, needs=(package.id, f"file:{own}"))
        yield Service(unit=self._unit, reads=(own, main, start), needs=(package.id,))

    def _lines(self) -> Iterator[str]:
        # A machine without IPv6 is as it should be: the server skips an address with `-` there.
        bind = (f"-{ip}" if ":" in ip else ip for ip in addresses(self.listen))
        yield f"bind {' '.join(bind)}\nport {self.port}\n"
        for name, value in self.settings.items():
            plain = ("no", "yes")[value] if isinstance(value, bool) else value
            yield f"{name} {plain}\n"
        if self.password:
            yield f"requirepass {self.password}\n"

    def requirements(self, machine: Machine) -> Iterator[Requirement]:  # noqa: ARG002 - the same everywhere
        yield self._listening.free()
        yield DataFits.of(self.server.capitalize(), f"/var/lib/{self.server}")

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        yield self._listening.proof()
        values = {"server": self.server, "host": reached_at(self.listen), "port": self.port}
        how = " with its password, and not without" if self.password else ""
        yield Proof(
            f"{self.server.capitalize()} answers{how}",
            render("redis.ping.sh", password=bool(self.password), **values),
            at=("password",) if self.password else (),
            given=self.password or "",
            remedy=f"`journalctl -u {self._unit}` has what the server says",
        )
