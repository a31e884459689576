"""The capability `ssh`: settings of sshd and of ssh, and the keys by which ssh knows servers."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, ClassVar

from pydantic import model_validator

from envwright.model.capability import HEADER, Capability, Objection, render
from envwright.model.proof import Proof, Requirement
from envwright.model.values import Replacing  # noqa: TC001 - pydantic reads it
from envwright.resources.file import File
from envwright.resources.login_shell import FUNCTIONS
from envwright.resources.package import Package
from envwright.resources.preflight import Judged
from envwright.resources.service import Service

from .values import HostKey, Keyword, Pattern, Setting, lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.facts import Machine
    from envwright.model.resource import Resource

SERVER = "/etc/ssh/sshd_config.d/10-envwright.conf"
"""Before 50-cloud-init.conf: sshd takes the first value (sshd_config(5))."""
CLIENT = "/etc/ssh/ssh_config.d/10-envwright.conf"
KNOWN = "/etc/ssh/ssh_known_hosts2"
"""ssh reads it beside ssh_known_hosts (ssh_config(5), GlobalKnownHostsFile), whose lines stay."""
BLOCKS = frozenset({"match", "host", "include"})
"""Keywords that change what the lines behind them are about."""
LISTENING = frozenset({"port", "listenaddress", "addressfamily"})
"""Keywords that a socket of systemd decides about where it starts sshd."""


class Section(Capability):
    """Settings of OpenSSH's server and client by their keywords, and the keys of servers.

    The settings go into files of their own in sshd_config.d and ssh_config.d, which are read before
    most others: both programs take the first value of a keyword. `sshd -t` judges the settings in
    the plan, and before they go live; plan and verify name the file that wins over one. Sessions
    outlive the restart of sshd. A setting is refused that would keep out the account by which
    envwright is connected.
    """

    uncaptured: ClassVar[str] = "The files of settings of OpenSSH are captured as `files`."
    example: ClassVar[str] = """\
ssh:
  server: {PasswordAuthentication: false, PermitRootLogin: false}
  client:
    "*.example.com": {User: dev, ServerAliveInterval: 30}
  known_hosts:
    git.example.com:
      - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo
"""

    server: dict[Keyword, Setting] = {}
    """Settings of sshd (sshd_config(5)); the package openssh-server is installed for them. Matching
    blocks belong into a file of `files`."""
    client: dict[Pattern, dict[Keyword, Setting]] = {}
    """Settings of ssh for all users (ssh_config(5)), by the hosts that they are for. The first one
    of two patterns that fit wins, and the files of a user win over both."""
    known_hosts: dict[Pattern, Replacing[HostKey]] = {}
    """Public keys of servers, by host (`[HOST]:PORT` for another port than 22): ssh asks nobody
    whether to trust such a server. Compare the keys with what the server's administrator says."""

    @model_validator(mode="after")
    def _no_blocks(self) -> Section:
        for settings in (self.server, *self.client.values()):
            for keyword in settings:
                if keyword.lower() in BLOCKS:
                    raise ValueError(f"cannot have {keyword!r}: write such a file by `files`")
        return self

    def objections(self, machine: Machine) -> Iterator[Objection]:
        for keyword in self.server:
            if _by_socket(machine) and keyword.lower() in LISTENING:
                yield Objection(
                    f"on Ubuntu systemd listens for sshd, and {keyword} is a matter of ssh.socket",
                    "write ListenStream by `systemd: {ssh.socket: {drop_ins: ...}}`",
                    ("server", keyword),
                )

    def resources(self, machine: Machine) -> Iterator[Resource]:
        if self.server:
            at = ("server",)
            yield Package(package="openssh-server", at=at)
            needs = ("package:openssh-server",)
            yield File(path=SERVER, content=self._of_server(), needs=needs, at=at)
            always = None if _by_socket(machine) else True
            yield Service(
                unit="ssh.service",
                running=always,
                enabled=always,
                optional=not always,
                reads=(SERVER,),
                needs=needs,
                at=at,
            )
        if self.client or self.known_hosts:
            yield Package(package="openssh-client")
        if self.client:
            yield File(path=CLIENT, content=HEADER + "".join(self._of_client()), at=("client",))
        if self.known_hosts:
            keys = (f"{host} {key}\n" for host, of in self.known_hosts.items() for key in of)
            yield File(path=KNOWN, content=HEADER + "".join(keys), at=("known_hosts",))

    def _of_server(self) -> str:
        return HEADER + "".join(lines(self.server))

    def _of_client(self) -> Iterator[str]:
        for pattern, settings in self.client.items():
            yield f"Host {pattern}\n"
            yield from (f"    {line}" for line in lines(settings))

    def requirements(self, machine: Machine) -> Iterator[Requirement]:  # noqa: ARG002 - the same everywhere
        if not self.server:
            return
        values = {"path": SERVER, "wanted": shlex.quote(self._of_server())}
        yield Judged(
            name="sshd knows these settings",
            script=render("ssh.judge.sh", **values),
            refusal="sshd refuses the settings: $said",
            hint="correct them as sshd_config(5) of this machine has them",
            at=("server",),
        )
        yield Judged(
            name="the account that is connected can log in again",
            script=render("ssh.kept.sh", **values),
            refusal="$said",
            hint="let the account in, or connect by another account or without SSH",
            brought_by="keys:",
            at=("server",),
        )

    def proofs(self, machine: Machine) -> Iterator[Proof]:  # noqa: ARG002 - the same everywhere
        if self.server:
            words = " ".join(keyword.lower() for keyword in self.server)
            yield Proof(
                "sshd has these settings",
                render("ssh.server.sh", path=SERVER, words=words),
                at=("server",),
                quick=True,
                remedy="remove the line that is named; where no file is, /etc/ssh/sshd_config must "
                "begin with `Include /etc/ssh/sshd_config.d/*.conf`",
            )
        for pattern, settings in self.client.items():
            host = pattern.translate({ord("*"): "x", ord("?"): "x", ord("!"): None})
            values = {"functions": FUNCTIONS, "host": shlex.quote(host), "path": CLIENT}
            words = " ".join(keyword.lower() for keyword in settings)
            yield Proof(
                f"ssh of each person has the settings for {pattern}",
                render("ssh.client.sh", words=words, **values),
                at=("client", pattern),
                remedy="remove the line that wins from the person's ~/.ssh/config, or from a file "
                "in /etc/ssh that is read earlier",
            )
        if self.known_hosts:
            hosts = " ".join(map(shlex.quote, self.known_hosts))
            yield Proof(
                "ssh knows the keys of the servers",
                render("ssh.known.sh", path=KNOWN, hosts=hosts),
                at=("known_hosts",),
                quick=True,
                remedy="remove GlobalKnownHostsFile from the files in /etc/ssh",
            )


def _by_socket(machine: Machine) -> bool:
    """Tell whether a socket of systemd starts sshd when somebody connects.

    It does in Ubuntu since 22.10 (discourse.ubuntu.com/t/30189).
    """
    return machine.distro == "ubuntu" and machine.release > "22.04"
