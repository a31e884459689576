"""The capability `nginx`: a web server, and its sites."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field, model_validator

from envwright.model.capability import HEADER, Capability, Settings, render
from envwright.model.proof import Proof
from envwright.model.values import AbsolutePath, BaseUrl, Replacing, exactly_one, spelled
from envwright.resources.file import File
from envwright.resources.listening import EVERYWHERE, Listen, Listening, by_ipv4, reached_at
from envwright.resources.package import Package
from envwright.resources.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Requirement
    from envwright.model.resource import Resource

UNIT = "nginx.service"
SiteName = Annotated[
    str, spelled(r"^[a-z0-9][a-z0-9_-]*$", "small letters, digits, `_` and `-`, no `_` first")
]
HostName = Annotated[str, spelled(r"^[A-Za-z0-9*.-]+$", "the name of a host, like `app.localhost`")]
Directive = Annotated[str, spelled(r"^[a-z][a-z0-9_]*$", "the name of a directive of nginx")]
Value = Annotated[str, spelled(r"^[^;{}\n\r\x00]+$", "the words of a directive, without `;`")]


class Site(Settings):
    """A site: files of a folder, or a program behind nginx."""

    listen: Listen = ["localhost"]
    """Where nginx listens for the site, by IPv4 unless an address of IPv6 is named: nginx does not
    start where an address is missing."""
    port: int = Field(default=80, ge=1, le=65535)
    """The port of the site. Sites can share a port, and differ by their `names`."""
    names: Replacing[HostName] = []
    """The names of hosts that lead to the site; by default any."""
    root: AbsolutePath | None = None
    """The folder whose files nginx shows; its account `www-data` must be able to read them."""
    proxy: BaseUrl | None = None
    """The address of the program that answers, like `http://127.0.0.1:3000`; websockets work."""
    settings: dict[Directive, Value | int] = {}
    """Directives of the site, like `client_max_body_size: 50m`."""

    @model_validator(mode="after")
    def _one(self) -> Site:
        exactly_one(self, "root", "proxy")
        if set(self.root or "") & set('"$\\'):
            raise ValueError("has a 'root' with a quote, `$` or `\\`, which nginx refuses")
        return self

    @property
    def places(self) -> tuple[str, ...]:
        """The addresses where nginx listens."""
        return tuple("0.0.0.0" if ip == EVERYWHERE else ip for ip in by_ipv4(self.listen))  # noqa: S104 - a person said so

    @property
    def content(self) -> str:
        """The site as nginx reads it."""
        listen = [f"[{ip}]" if ":" in ip else ip for ip in self.places]
        values = {"listen": listen, "port": self.port, "names": self.names or ["_"]}
        more = {"settings": self.settings, "root": self.root, "proxy": self.proxy}
        return HEADER + render("nginx.site", **values, **more)


class Section(Capability):
    """nginx from the distribution's packages, and sites for development.

    Each site is a file of its own in conf.d, which nginx judges before it goes live. The site that
    the package enables, for all addresses and port 80, is taken out unless `default_site` keeps it.
    Other sites stay. Plan refuses a port that another program has. Verify asks each site.
    """

    uncaptured: ClassVar[str] = "Sites are captured as `files`, and nginx as one of `packages`."
    example: ClassVar[str] = """\
nginx:
  sites:
    app: {port: 8080, proxy: "http://127.0.0.1:3000"}
"""

    sites: dict[SiteName, Site] = {}
    """Sites by names of their files."""
    default_site: bool = False
    """Whether the package's own site stays, which shows /var/www/html to every machine."""

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        package = Package(package="nginx")
        yield package
        reads = []
        if not self.default_site:
            gone = "/etc/nginx/sites-enabled/default"
            reads.append(gone)
            yield File(path=gone, present=False, needs=(package.id,), at=("default_site",))
        for name, site in self.sites.items():
            file = File(
                path=f"/etc/nginx/conf.d/{name}.conf",
                content=site.content,
                validate=render("nginx.judge.sh"),
                needs=(package.id,),
                at=("sites", name),
            )
            reads.append(file.path)
            yield file
        yield Service(unit=UNIT, reads=tuple(reads), needs=(package.id,))

    def _listening(self) -> Iterator[Listening]:
        for name, site in self.sites.items():
            yield Listening(
                server=f"nginx for {name}",
                unit=UNIT,
                listen=site.places,
                port=site.port,
                only=False,
                at=("sites", name),
            )

    def requirements(self, machine: Machine) -> Iterator[Requirement]:  # noqa: ARG002 - the same everywhere
        yield from (listening.free() for listening in self._listening())

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        yield from (listening.proof() for listening in self._listening())
        for name, site in self.sites.items():
            host = shlex.quote((site.names or ["localhost"])[0].replace("*", "x"))
            where = {"address": reached_at(site.places), "port": site.port}
            yield Proof(
                f"the site {name} answers",
                render("nginx.answers.sh", host=host, **where),
                at=("sites", name),
                remedy="`nginx -T` shows which other site comes before this one",
            )
