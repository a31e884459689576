"""Floors: commands that do the least a tool must do; no tool can be faster."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from benchmarks.sites import Command
from benchmarks.tools import Tool, failed

if TYPE_CHECKING:
    from benchmarks.routes import Route
    from benchmarks.work import Work


def through(route: Route, *words: str) -> tuple[str, ...]:
    """Return the words that run a command on the machine, by the route's plainest means."""
    if route.login:
        return ("ssh", *route.login.options, route.login.alias, *words)
    return ("docker", "exec", route.machine, *words) if route.docker else words


class SshTrue(Tool):
    """One login, and nothing done."""

    name = "ssh host true"

    def command(self, verb: str, route: Route, work: Work) -> Command | None:  # noqa: ARG002 - no work
        """Log in; to many hosts, to so many at a time as the tools do."""
        if route.login and route.hosts:
            login = ("ssh", *route.login.options, "{}", "true")
            each = ("-P", str(route.parallel), "-I", "{}", *login)
            script = 'hosts=$1; shift; printf "%s\\n" $hosts | xargs "$@"'
            words = ("sh", "-c", script, "sh", " ".join(route.hosts), *each)
            return Command(words, complaint=failed)
        applies = route.login and verb != "first"
        return Command(through(route, "true"), complaint=failed) if applies else None


class DockerTrue(Tool):
    """One process in the container, and nothing done."""

    name = "docker exec true"

    def command(self, verb: str, route: Route, work: Work) -> Command | None:  # noqa: ARG002 - no verb
        """Start it."""
        return Command(through(route, "true"), complaint=failed) if route.docker else None


class BarePython(Tool):
    """The interpreter as it starts for any installed program, and nothing done."""

    name = "python -c pass"

    def command(self, verb: str, route: Route, work: Work) -> Command | None:  # noqa: ARG002 - no verb
        """Start it: of the virtual environment where there is one."""
        if route.login or route.docker:
            return None
        return Command((route.site.python, "-c", "pass"), complaint=failed)


class RawReads(Tool):
    """Everything that a plan has to read, read once by one shell, and not looked at."""

    name = "raw reads"

    VERBS: ClassVar = {"plan", "apply", "verify"}

    def command(self, verb: str, route: Route, work: Work) -> Command | None:
        """Run the script that lies on the machine."""
        if verb not in self.VERBS or route.hosts:
            return None
        script = f"/opt/benchmarks/{work.name}/reads.sh"
        return Command(through(route, "sh", script), complaint=failed)


class Expert(Tool):
    """A first apply as an expert writes it by hand, without a look at what is there."""

    name = "expert.sh"

    def command(self, verb: str, route: Route, work: Work) -> Command | None:  # noqa: ARG002 - R1 only
        """Run the script that lies on the machine."""
        script = "/opt/benchmarks/peers/expert.sh"
        return Command(through(route, "sh", script), complaint=failed) if verb == "first" else None
