"""Routes: how a tool reaches the machine: at home there, by SSH, or by docker exec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from machines.machine import Ssh

    from benchmarks.sites import Site


@dataclass(frozen=True)
class Login:
    """A way in by OpenSSH, for tools that read ssh_config(5) and for those that do not.

    Args:
        alias: the host's name in the configuration.
        config: the configuration's file.
        settings: the same settings by their names.
    """

    alias: str
    config: Path
    settings: dict[str, str]

    @property
    def options(self) -> tuple[str, ...]:
        """The words before the host's name on ssh's command line."""
        return ("-F", str(self.config))

    @staticmethod
    def read(way: Ssh) -> Login:
        """Take over the way in of a test machine."""
        lines = way.config.read_text("utf-8").splitlines()
        settings = dict(line.split(maxsplit=1) for line in lines[1:])
        return Login(way.alias, way.config, settings)

    def by(self, address: str) -> Login:
        """Return the same way in by another address of the machine; its file is beside ours."""
        settings = self.settings | {"HostName": address}
        config = self.config.with_name(f"{address}.config")
        lines = [f"Host {self.alias}", *(f"    {name} {value}" for name, value in settings.items())]
        config.write_text("\n".join((*lines, "")), "utf-8")
        return Login(self.alias, config, settings)

    def ports(self, ports: Sequence[int]) -> dict[str, Login]:
        """Return the ways in by other ports, each a host of its own; they share one file."""
        config = self.config.with_name("fleet.config")
        every = {f"host-{port}": {**self.settings, "Port": str(port)} for port in ports}
        lines = []
        for name, settings in every.items():
            lines += [f"Host {name}", *(f"    {word} {value}" for word, value in settings.items())]
        config.write_text("\n".join((*lines, "")), "utf-8")
        return {name: Login(name, config, settings) for name, settings in every.items()}


@dataclass(frozen=True)
class Route:
    """How a tool reaches a machine.

    Args:
        site: where the tool runs.
        machine: the machine's name: as a container, too.
        login: the way in when the tool goes by SSH.
        docker: the tool goes by `docker exec`. Neither: it runs on the machine itself.
        hosts: the names of many hosts for ssh, where the tool goes to all of them; `login` is the
            way to the first.
        parallel: to so many of them at a time.
    """

    site: Site
    machine: str
    login: Login | None = None
    docker: bool = False
    hosts: tuple[str, ...] = ()
    parallel: int = 1
