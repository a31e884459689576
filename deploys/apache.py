"""The capability `apache`: the Apache HTTP server, its modules and its sites."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import model_validator

from envwright.model.capability import HEADER, Capability, render
from envwright.model.proof import Assertion
from envwright.model.values import Adding, spelled
from envwright.resources.command import Command
from envwright.resources.file import File
from envwright.resources.link import Link
from envwright.resources.package import Package
from envwright.resources.preflight import Judged
from envwright.resources.service import Service
from envwright.resources.web_site import SiteName, WebSite, answers, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.proof import Proof, Requirement
    from envwright.model.resource import Resource

UNIT = "apache2.service"
HOME = "/etc/apache2"
PORTS = f"{HOME}/ports.conf"
ENABLED = f"{HOME}/mods-enabled"
DEFAULT = "127.0.0.1:80"
"""Where Apache listens for the package's own site, and where no site says another place: it does
not start without a place."""
ANY = "0.0.0.0"  # noqa: S104 - a person said so
FOR_PROXY = ("headers", "proxy_http")
"""The modules that a program behind Apache takes. Websockets work by proxy_http since 2.4.47."""
Module = Annotated[str, spelled(r"^[a-z][a-z0-9_.]*$", "the name of a module, like `rewrite`")]
Directive = Annotated[
    str, spelled(r"^[A-Z][A-Za-z0-9]*$", "the name of a directive of Apache, like `LogLevel`")
]
# A backslash at its end would take in the next line.
Value = Annotated[
    str, spelled(r"^[^\n\r\x00]*[^\n\r\x00\\]$", "the words of a directive, no `\\` at the end")
]


class Site(WebSite):
    """A site: files of a folder, or a program behind Apache."""

    htaccess: bool = False
    """Whether files `.htaccess` in the folder count."""
    settings: dict[Directive, bool | int | Value] = {}
    """Directives of the site, like `LimitRequestBody: 1048576`."""

    @model_validator(mode="after")
    def _files(self) -> Site:
        if self.htaccess and not self.root:
            raise ValueError("has 'htaccess', which needs a 'root'")
        return self

    def content(self, name: str) -> str:
        """Return the site as Apache reads it."""
        switches = {True: "On", False: "Off"}
        plain = {
            key: switches[value] if isinstance(value, bool) else value
            for key, value in self.settings.items()
        }
        # For VirtualHost, 0.0.0.0 is an address like others; `*` is any.
        listen = [place.replace(f"{ANY}:", "*:") for place in self.bound]
        server = next((host for host in self.names if "*" not in host), name)
        values = self.model_dump() | {"listen": listen, "settings": plain, "server": server}
        return HEADER + render("apache.site", **values)


class Section(Capability):
    """The Apache HTTP server from the distribution's packages, and sites for development.

    Each site is a file of its own in sites-available, which Apache judges before it goes live, with
    its link in sites-enabled; a2dissite takes it out. ports.conf gets the places where the sites
    listen: the machine itself alone, unless a site's `listen` says otherwise. The site that the
    package enables is taken out unless `default_site` keeps it. Other sites stay, but plan refuses
    a ports.conf in which a person wrote. Plan refuses a port that another program has. Verify asks
    each site.
    """

    uncaptured: ClassVar[str] = "Sites are captured as `files`, and Apache as one of `packages`."
    example: ClassVar[str] = """\
apache:
  modules: [rewrite]
  sites:
    app: {port: 8080, proxy: "http://127.0.0.1:3000"}
"""

    modules: Adding[Module] = []
    """Modules by their names for a2enmod, which enables what they need, too. What a `proxy` needs
    comes with it."""
    sites: dict[SiteName, Site] = {}
    """Sites by names of their files."""
    default_site: bool = False
    """Whether the package's own site stays, which shows /var/www/html on port 80 of 127.0.0.1."""

    def resources(self, machine: Machine) -> Iterator[Resource]:  # noqa: ARG002 - the same everywhere
        package = Package(package="apache2")
        yield package
        behind = FOR_PROXY if any(site.proxy for site in self.sites.values()) else ()
        names = sorted({*self.modules, *behind})
        modules = [_module(name, package.id) for name in names]
        yield from modules
        needs = (package.id, *(module.id for module in modules))
        reads = [PORTS, *(f"{ENABLED}/{name}.load" for name in names)]
        yield File(path=PORTS, content=self._ports, needs=needs, at=("sites",))
        if not self.default_site:
            gone = f"{HOME}/sites-enabled/000-default.conf"
            reads.append(gone)
            yield File(path=gone, present=False, needs=(package.id,), at=("default_site",))
        for name, site in self.sites.items():
            file = File(
                path=f"{HOME}/sites-available/{name}.conf",
                content=site.content(name),
                validate='apache2ctl -t -c "Include $staged"',
                needs=needs,
                at=("sites", name),
            )
            yield file
            link = Link(
                path=f"{HOME}/sites-enabled/{name}.conf",
                target=f"../sites-available/{name}.conf",
                needs=(file.id,),
                at=("sites", name),
            )
            reads += [file.path, link.path]
            yield link
        makers = tuple(module.id for module in modules)
        yield Service(unit=UNIT, reads=tuple(reads), makers=makers, needs=needs)

    @model_validator(mode="after")
    def _one_mpm(self) -> Section:
        if mpm := next((name for name in self.modules if name.startswith("mpm_")), ""):
            raise ValueError(
                f"has the module {mpm!r}: Apache has one of this kind at a time, and the package "
                "brings mpm_event"
            )
        return self

    @property
    def _ports(self) -> str:
        places = dict.fromkeys(place for site in self.sites.values() for place in site.bound)
        if self.default_site or not places:
            places[DEFAULT] = None
        # Two lines for one socket, or for a part of it, keep Apache from its start.
        every = {place.rpartition(":")[2] for place in places if place.startswith(f"{ANY}:")}
        listen = (
            place
            for place in places
            if place[0] == "[" or place.startswith(ANY) or place.rpartition(":")[2] not in every
        )
        return HEADER + "".join(f"Listen {place}\n" for place in listen)

    def requirements(self, machine: Machine) -> Iterator[Requirement]:  # noqa: ARG002 - the same everywhere
        yield from free_ports("Apache", UNIT, self.sites)
        yield Judged(
            name="ports.conf of Apache has the package's lines alone",
            script=render("apache.ports.sh", ours=shlex.quote(HEADER.strip())),
            refusal=f"{PORTS} has lines of a person, which apply would lose: $said",
            hint=f"move the lines to a file in {HOME}/conf-enabled, or say them by `listen` and "
            "`port` of a site",
            at=("sites",),
        )

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        yield from answers("Apache", UNIT, self.sites, "apache2ctl -S")


def _module(name: str, package: str) -> Command:
    """Return the state that a module is enabled, with the modules that it needs."""
    return Command(
        title=f"a2enmod {name}",
        observe=f"[ -e {ENABLED}/{name}.load ] && echo enabled || echo disabled",
        expected="enabled",
        run=f"a2enmod -q {name}",
        seen=(Assertion("run", (f"a2query -m {name}",), "rc", 0),),
        back=f'[ "$1" = enabled ] || a2dismod -q -f {name}',
        needs=(package,),
        at=("modules",),
    )
