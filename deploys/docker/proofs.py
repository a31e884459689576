"""What must be seen of a Docker engine: containers that run, by the engine that is meant."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from envwright.model.capability import render
from envwright.model.proof import Proof

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .daemon import Daemon

# The kernel gives a number of /proc/sys in one read; sh asks for a second byte, takes that for an
# unfinished line, and fails.
FORWARDS = """\
read -r forwards </proc/sys/net/ipv4/ip_forward
[ "$forwards" = 1 ] && exit
echo 'net.ipv4.ip_forward is 0: another file of sysctl settings turned it off'
exit 1
"""
SOCKET = """\
[ -S /var/run/docker.sock ] && exit
echo 'there is no socket /var/run/docker.sock, where docker looks for the engine'
exit 1
"""


def proofs(daemon: Daemon, users: Sequence[str]) -> Iterator[Proof]:
    """Return the proofs of an engine."""
    yield Proof("a container runs and its published port answers", render("docker.container.sh"))
    driver = daemon.keys().get("log-driver", "")
    yield Proof(
        "the logs of a new container rotate",
        render("docker.logs.sh", driver=shlex.quote(driver) if driver else ""),
        at=("daemon",),
    )
    yield Proof(
        "docker compose answers",
        "docker compose version",
        remedy="remove the plugin in /usr/local/lib/docker/cli-plugins or ~/.docker/cli-plugins "
        "that comes before the package's",
    )
    if daemon.hosts is None:
        yield Proof(
            "Docker listens at its socket",
            SOCKET,
            quick=True,
            remedy="`systemctl restart docker.socket docker.service` makes the socket anew",
        )
    if daemon.ip_forward is not False:
        yield Proof(
            "the kernel forwards the packets of containers",
            FORWARDS,
            quick=True,
            remedy="take net.ipv4.ip_forward=0 out of /etc/sysctl.conf and /etc/sysctl.d, and run "
            "`sysctl -w net.ipv4.ip_forward=1`",
        )
    if daemon.iptables is not False:
        yield Proof(
            "the firewall has the rules of Docker",
            render("docker.firewall.sh"),
            remedy="`systemctl restart docker.service` writes them anew, behind those of the "
            "firewall that dropped them",
        )
    for index, user in enumerate(users):
        yield Proof(
            f"{user} uses Docker without sudo",
            render("docker.user.sh", user=shlex.quote(user)),
            remedy="`docker context use default` as the account, and no DOCKER_HOST in its "
            "profile, lead to the engine of docker.service",
            at=("users", index),
        )
