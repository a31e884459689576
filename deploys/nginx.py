"""The capability `nginx`: a web server, and its sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from envwright.model.capability import HEADER, Capability, render
from envwright.model.values import spelled
from envwright.resources.file import File
from envwright.resources.package import Package
from envwright.resources.service import Service
from envwright.resources.web_site import SiteName, WebSite, answers, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Proof, Requirement
    from envwright.model.resource import Resource

UNIT = "nginx.service"
Directive = Annotated[str, spelled(r"^[a-z][a-z0-9_]*$", "the name of a directive of nginx")]
Value = Annotated[str, spelled(r"^[^;{}\n\r\x00]+$", "the words of a directive, without `;`")]


class Site(WebSite):
    """A site: files of a folder, or a program behind nginx."""

    settings: dict[Directive, Value | int] = {}
    """Directives of the site, like `client_max_body_size: 50m`."""

    @property
    def content(self) -> str:
        """The site as nginx reads it."""
        values = {"listen": self.bound, "names": self.names or ["_"]}
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

    def requirements(self, machine: Machine) -> Iterator[Requirement]:  # noqa: ARG002 - the same everywhere
        yield from free_ports("nginx", UNIT, self.sites)

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        yield from answers("nginx", UNIT, self.sites, "nginx -T")
