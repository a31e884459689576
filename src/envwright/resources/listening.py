"""Where a server listens: the port that must be free before apply, and the proof of what listens.

A configuration file says where a server is to listen. Another file may win over it, and the kernel
may have given the port to another program: only the sockets of the server's unit tell.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from envwright.model.proof import Proof, Requirement
from envwright.model.values import Replacing, spelled
from envwright.resources.preflight import Judged
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Sequence

_SOCKETS = load(__file__)
LOOPBACK = "localhost"
EVERYWHERE = "*"
Address = Annotated[
    str,
    spelled(
        r"^(localhost|\*|[0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-f:]*:[0-9a-f:]*)$",
        "`localhost`, `*` for every address of the machine, or an IP address",
    ),
]
"""Where a server listens."""
Listen = Annotated[Replacing[Address], Field(min_length=1)]
"""All places where a server listens: one at least, for its own proof must reach it."""
_ADDRESSES = {LOOPBACK: ("127.0.0.1", "::1"), EVERYWHERE: ("0.0.0.0", "::")}  # noqa: S104 - a person said so


def addresses(listen: Sequence[str]) -> tuple[str, ...]:
    """Return the IP addresses of some Addresses."""
    return tuple(ip for word in listen for ip in _ADDRESSES.get(word, (word,)))


def by_ipv4(listen: Sequence[str]) -> tuple[str, ...]:
    """Return Addresses with 127.0.0.1 for `localhost`.

    It is for a server that does not start where the machine lacks the ::1 that it should bind.
    """
    return tuple(_ADDRESSES[LOOPBACK][0] if word == LOOPBACK else word for word in listen)


def reached_at(listen: Sequence[str]) -> str:
    """Return an IP address by which a program of the machine reaches what listens on Addresses."""
    first = addresses(listen)[0]
    return "127.0.0.1" if first in _ADDRESSES[EVERYWHERE] else first


@dataclass(frozen=True, kw_only=True)
class Listening:
    """The TCP sockets of a server. IPv6 addresses count where the machine has IPv6.

    Args:
        server: what people call the server.
        unit: the systemd unit that listens.
        listen: Addresses.
        port: the port.
        only: the server must listen nowhere else.
        at: the path inside of the section, as in Resource.
    """

    server: str
    unit: str
    listen: tuple[str, ...]
    port: int
    only: bool = True
    at: tuple[str | int, ...] = ("port",)

    def _script(self, verb: str) -> str:
        places = (f"{ip} port {self.port}" for ip in addresses(self.listen))
        return f"set -- {shlex.join((verb, self.unit, *places))}\n{_SOCKETS}"

    def free(self) -> Requirement:
        """Return the requirement that nothing but the server has the port."""
        return Judged(
            name=f"the port {self.port} is free for {self.server}",
            script=self._script("free"),
            refusal=f"{self.server} cannot listen: $said",
            hint=f"stop the other program, or choose another port for {self.server}",
            at=self.at,
        )

    def proof(self) -> Proof:
        """Return the proof that the server listens where it should."""
        where = f"{self.server} listens on {', '.join(self.listen)} port {self.port}"
        return Proof(
            f"{where} and nowhere else" if self.only else where,
            self._script("only" if self.only else "there"),
            at=self.at,
            quick=True,
            remedy=f"`ss -lntp` shows what listens; a later file of {self.server}'s configuration "
            "may name other addresses",
        )
