"""What can be known of stacks before anything is changed: drives, ports and names of containers."""

from __future__ import annotations

import ipaddress
import shlex
from typing import TYPE_CHECKING

from envwright.model.capability import render
from envwright.model.proof import Requirement
from envwright.resources.paths import only_root_changes

from .stack import project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envwright.facts import Machine

    from .stack import Stack
    from .text import Port


def requirements(stacks: Mapping[str, Stack], machine: Machine) -> Iterator[Requirement]:
    """Yield what must hold on the machine for some stacks, by name."""
    places = [stack.place(name) for name, stack in stacks.items()]
    for name, stack in stacks.items():
        yield from _drives(name, stack)
        if stack.path is not None and stack.user(machine) == "root":
            yield _closed(name, stack.path)
        if stack.text is not None:
            for port in dict.fromkeys(stack.text.ports):
                yield _free(name, port, places)
            yield from _nameless(name, stack)


def _drives(name: str, stack: Stack) -> Iterator[Requirement]:
    place = stack.place(name)
    written = stack.text.written_paths(place) if stack.text is not None else []
    for path in dict.fromkeys((place, *written)):
        of = f"the stack {name}" if path == place else f"{path} of the stack {name}"
        yield Requirement(
            f"{of} lies on a Linux file system",
            f'path={shlex.quote(path)}\n{render("compose.drive.sh")}[ -z "$foreign" ]',
            f"{path} lies on a Windows drive or a network drive, where the data of containers "
            "loses owners, modes and speed",
            f"move {path} to the distribution's own ext4 file system",
            at=(name,),
        )


def _closed(name: str, path: str) -> Requirement:
    return Requirement(
        f"only root can change the stack {name}",
        only_root_changes(path),
        f"others than root can change {path}, and root would run what they write there",
        f"give the folder to root, or move it into the home of the user who changes it: {path}",
        at=(name, "path"),
    )


def _free(name: str, port: Port, places: list[str]) -> Requirement:
    where = f"{port.ip}:{port.number}" if port.ip else str(port.number)
    return Requirement(
        f"the port {where}/{port.protocol} is free for the stack {name}",
        render(
            "compose.port.sh",
            name=name,
            number=port.number,
            protocol=port.protocol,
            addresses=_addresses(port.ip),
            places=" ".join(places),
        ),
        f"another program has the port {where}/{port.protocol}, which the stack {name} publishes",
        f"`ss -lnp 'sport = :{port.number}'` shows the program, and where that is docker-proxy, "
        "`docker ps` shows the container: stop it, or choose another port",
        at=(name,),
    )


def _addresses(ip: str) -> str:
    """Return a pattern of the local addresses in /proc/net that keep a port from an address."""
    if not ip or ip.startswith("["):
        return ".*"
    # The kernel prints the bytes of an address as a number of this machine: the last one first.
    return f"0+|{ipaddress.IPv4Address(ip).packed[::-1].hex().upper()}"


def _nameless(name: str, stack: Stack) -> Iterator[Requirement]:
    """Yield that no foreign container has a name that the stack gives to one of its own."""
    text = stack.text
    if text is None:
        return
    of = text.project or project(name)
    generated = [f"{of}-{n}-1" for n, s in text.started.items() if "container_name" not in s]
    names = [*text.container_names, *generated]
    if names:
        yield Requirement(
            f"the names of the containers of the stack {name} are free",
            render(
                "compose.names.sh", names=" ".join(map(shlex.quote, names)), project=of, name=name
            ),
            f"a container that is not of the stack {name} has one of its names: {', '.join(names)}",
            "`docker ps --all` shows the container: rename it by `docker rename`, or remove it",
            at=(name,),
        )
