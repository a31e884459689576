"""The bench: starts a machine, brings it to the state of R1, installs the tools, runs the cells."""

from __future__ import annotations

import contextlib
import functools
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from machines.engine import Network, docker, network, sweep
from machines.machine import Machine

from benchmarks import HOUSE, floors, installers, tools
from benchmarks.measuring import Cell, Sample
from benchmarks.routes import Login, Route
from benchmarks.sites import PrepareError, Site, here, inside
from benchmarks.wan import distance
from benchmarks.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from typing_extensions import Self

    from benchmarks.rows import Row
    from benchmarks.sites import Command
    from benchmarks.tools import Tool

TOOLS: tuple[Tool, ...] = (
    floors.SshTrue(),
    floors.DockerTrue(),
    floors.BarePython(),
    floors.RawReads(),
    floors.Expert(),
    tools.Mise(),
    tools.Testinfra(),
    tools.Pyinfra(),
    tools.Ansible(),
    tools.Envwright(),
    tools.EnvwrightCompiled(),
    tools.EnvwrightUncached(),
    tools.EnvwrightState(),
    tools.Before(),
    tools.BeforeCompiled(),
    tools.BeforeUncached(),
)
"""In the order of their turns, and of the table."""

ROUND_TRIP = 50
FIRST_PORT = 2201
NEEDED = ("python3", "python3-venv", "python3-apt")
"""What the tools need on the machine: a virtual environment there, and for Ansible apt's module."""

DRIFTED = "/home/dev/.config/tool7.conf"


class Bench:
    """A machine and the tools around it. A context manager: at its end all is gone.

    Args:
        chosen: the tools that are measured.
        limit: seconds that one run may take.
        tell: is given a line of text for each step.
        crowd: how many hosts the route `fleet` leads to, and to how many at a time.
        commit: the older commit of the tools `before`.
    """

    def __init__(
        self,
        chosen: Sequence[Tool],
        limit: float,
        tell: Callable[[str], None],
        crowd: tuple[int, int] = (100, 10),
        commit: str = "",
    ) -> None:
        self._installers: dict[str, Callable[[Site], None]] = {
            **installers.INSTALLERS,
            "before": functools.partial(installers.before, commit),
        }
        self.tools = chosen
        self.absent: dict[str, str] = {}
        self._limit = limit
        self._tell = tell
        self._crowd = crowd
        self._work = Work()
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="envwright-bench-"))
            self._here = here(Path(folder))
            (Path(folder) / "control").mkdir(mode=0o700)
            stack.callback(_hang_up, Path(folder) / "control")
            sweep()
            self._network: Network = stack.enter_context(network())
            self._tell("starting a machine")
            self.machine = stack.enter_context(Machine("debian13", self._network))
            self._login = Login.read(self.machine.enable_ssh())
            self.machine.install(*NEEDED)
            self._inside = inside(self.machine)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def prepare(self) -> None:
        """Install the tools at both sites, and bring the machine to the state of R1."""
        for site in (self._here, self._inside):
            _furnish(site, self._work)
            for installer in dict.fromkeys(tool.installer for tool in self.tools if tool.installer):
                self._install(installer, site)
        self._tell("making R1 by hand")
        self._inside.sh("sh peers/expert.sh")
        route = Route(self._here, self.machine.name, self._login)
        for tool in self.tools:
            if tool.settles and tool.name not in self.absent:
                self._settle(tool, route)

    def _install(self, installer: str, site: Site) -> None:
        self._tell(f"installing {installer} {'here' if site is self._here else 'inside'}")
        try:
            self._installers[installer](site)
        except PrepareError as error:
            without = (tool.name for tool in self.tools if tool.installer == installer)
            self.absent |= dict.fromkeys(without, f"absent: {error}")

    def _settle(self, tool: Tool, route: Route) -> None:
        """Let a tool have its own way in what it does beyond R1, or does otherwise."""
        self._tell(f"settling the machine with {tool.name}")
        if command := tool.command("mend", route, self._work):
            # Whatever one run takes: a machine that is not settled gives no figure.
            said = command.complaint(route.site.time(command, limit=900))
            if said:
                self.absent[tool.name] = f"absent: it cannot settle the machine: {said}"

    def grow(self, work: Work) -> None:
        """Let the machine have more, without any tool."""
        if work != self._work:
            self._tell(f"growing the machine to {work.resources} resources")
            self._inside.sh(work.growth())
            for site in (self._here, self._inside):
                _furnish(site, work)
            self._work = work

    @contextlib.contextmanager
    def cells(self, row: Row) -> Iterator[list[Cell]]:
        """Return the cells of a row; its route is there while the context lasts."""
        self.grow(Work(row.factor))
        with self._route(row.route) as route:
            yield [
                Cell(row.name, tool.name, measure, self.absent.get(tool.name, ""))
                for tool in self.tools
                if (measure := self._measure(tool, row, route))
            ]

    def _measure(self, tool: Tool, row: Row, route: Route) -> Callable[[], Sample] | None:
        if row.verb == "first":
            # Which tools take part does not depend on the machine, which is another each time.
            takes_part = tool.command(row.verb, route, self._work)
            return functools.partial(self._first, tool) if takes_part else None
        command = tool.command(row.verb, route, self._work)
        if command is None or (row.verb == "mend" and not tool.settles):
            return None
        return functools.partial(self._drift if row.verb == "mend" else self._run, command, route)

    def _run(self, command: Command, route: Route) -> Sample:
        timing = route.site.time(command, self._limit)
        if timing.code == -signal.SIGKILL:
            return Sample(timing.seconds, fault=f"more than {self._limit:g} s")
        fault = command.complaint(timing)
        return Sample(0 if fault else command.seconds(timing), timing.peak, fault, timing.cpu)

    def _drift(self, command: Command, route: Route) -> Sample:
        """Break a file, let the tool mend it, and see that it did."""
        self.machine.sh(f"echo drift >>{DRIFTED}")
        sample = self._run(command, route)
        mended = self.machine.sh(f"cat {DRIFTED}") == self._work.dotfiles[DRIFTED]
        return sample if mended or sample.fault else Sample(0, fault="it left the drift there")

    def _first(self, tool: Tool) -> Sample:
        """Start a fresh machine for one first apply over SSH."""
        with Machine("debian13", self._network) as fresh:
            login = Login.read(fresh.enable_ssh())
            if isinstance(tool, tools.Ansible):
                fresh.install("python3", "python3-apt")
            fresh.sh("rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin")
            script = (HOUSE / "benchmarks" / "peers" / "expert.sh").read_text("utf-8")
            fresh.put("/opt/benchmarks/peers/expert.sh", script)
            route = Route(self._here, fresh.name, login)
            command = tool.command("first", route, Work())
            return self._run(command, route) if command else Sample(0, fault="takes no part")

    @contextlib.contextmanager
    def _route(self, kind: str) -> Iterator[Route]:
        name = self.machine.name
        if kind == "wan":
            pid = int(docker("inspect", "-f", "{{.State.Pid}}", name))
            with distance(pid, ROUND_TRIP) as address:
                yield Route(self._here, name, self._login.by(address))
        elif kind == "ssh":
            yield Route(self._here, name, self._login)
        elif kind == "fleet":
            with self._fleet() as route:
                yield route
        elif kind == "docker":
            yield Route(self._here, name, docker=True)
        else:
            yield Route(self._inside, name)

    @contextlib.contextmanager
    def _fleet(self) -> Iterator[Route]:
        """Lead to many sshds, each with a port of its own: for all tools many hosts."""
        count, parallel = self._crowd
        ports = range(FIRST_PORT, FIRST_PORT + count)
        options = "-o MaxStartups=100 -o PidFile=/run/fleet-$port.pid"
        start = f"/usr/sbin/sshd -p $port {options}"
        self.machine.sh(f"for port in $(seq {ports[0]} {ports[-1]}); do {start}; done")
        try:
            logins = self._login.ports(ports)
            first, *_ = logins.values()
            name = self.machine.name
            yield Route(self._here, name, first, hosts=tuple(logins), parallel=parallel)
        finally:
            self.machine.sh("kill $(cat /run/fleet-*.pid)")


def _furnish(site: Site, work: Work) -> None:
    """Write the files of the work and of the peers at a site."""
    folder = HOUSE / "benchmarks" / "peers"
    peers = {f"peers/{f.name}": f.read_text("utf-8") for f in folder.iterdir() if f.is_file()}
    for name, text in (work.files() | peers).items():
        site.put(name, text)


def _hang_up(control: Path) -> None:
    """End the SSH connections that tools keep open for later."""
    for socket in control.iterdir():
        end = ["ssh", "-O", "exit", "-o", f"ControlPath={socket}", "any"]
        subprocess.run(end, capture_output=True, check=False)
