"""A site of a web server: where the server listens for it, what it shows, the proof of its answer.

Each web server writes a site in a language of its own. What a person says of a site is the same.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from envwright.model.capability import Settings, render
from envwright.model.proof import Proof
from envwright.model.values import AbsolutePath, BaseUrl, Replacing, exactly_one, spelled
from envwright.resources.listening import EVERYWHERE, Listen, Listening, by_ipv4, reached_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envwright.model.proof import Requirement

SiteName = Annotated[
    str, spelled(r"^[a-z0-9][a-z0-9_-]*$", "small letters, digits, `_` and `-`, no `_` first")
]
HostName = Annotated[str, spelled(r"^[A-Za-z0-9*.-]+$", "the name of a host, like `app.localhost`")]


class WebSite(Settings):
    """A site: files of a folder, or a program behind the server."""

    listen: Listen = Field(default=["localhost"])
    """Where the server listens for the site, by IPv4 unless an address of IPv6 is named: a web
    server does not start where an address is missing."""
    port: int = Field(default=80, ge=1, le=65535)
    """The port of the site. Sites can share a port, and differ by their `names`."""
    names: Replacing[HostName] = Field(default=[])
    """The names of hosts that lead to the site; by default any."""
    root: AbsolutePath | None = None
    """The folder whose files the server shows; its account `www-data` must be able to read them."""
    proxy: BaseUrl | None = None
    """The address of the program that answers, like `http://127.0.0.1:3000`; websockets work."""

    @model_validator(mode="after")
    def _one(self) -> WebSite:
        exactly_one(self, "root", "proxy")
        if set(self.root or "") & set('"$\\'):
            raise ValueError("has a 'root' with a quote, `$` or `\\`, which no web server takes")
        return self

    @property
    def places(self) -> tuple[str, ...]:
        """The addresses where the server listens."""
        return tuple("0.0.0.0" if ip == EVERYWHERE else ip for ip in by_ipv4(self.listen))  # noqa: S104 - a person said so

    @property
    def bound(self) -> tuple[str, ...]:
        """The addresses with the port, as the configuration of a web server writes them."""
        bare = (f"[{ip}]" if ":" in ip else ip for ip in self.places)
        return tuple(f"{ip}:{self.port}" for ip in bare)


def _listening(server: str, unit: str, sites: Mapping[str, WebSite]) -> Iterator[Listening]:
    for name, site in sites.items():
        yield Listening(
            server=f"{server} for {name}",
            unit=unit,
            listen=site.places,
            port=site.port,
            only=False,
            at=("sites", name),
        )


def free_ports(server: str, unit: str, sites: Mapping[str, WebSite]) -> Iterator[Requirement]:
    """Yield the requirements that no other program has a port of the sites."""
    yield from (listening.free() for listening in _listening(server, unit, sites))


def answers(server: str, unit: str, sites: Mapping[str, WebSite], show: str) -> Iterator[Proof]:
    """Yield the proofs that the server listens for each site, and that each site answers.

    Args:
        server: what people call the server.
        unit: the systemd unit that listens.
        sites: the sites by their names.
        show: the command that shows the sites as the server has read them.
    """
    yield from (listening.proof() for listening in _listening(server, unit, sites))
    for name, site in sites.items():
        host = shlex.quote((site.names or ["localhost"])[0].replace("*", "x"))
        where = {"address": reached_at(site.places), "port": site.port}
        yield Proof(
            f"the site {name} answers",
            render("web_site.answers.sh", host=host, **where),
            at=("sites", name),
            remedy=f"`{show}` shows which other site comes before this one",
        )
