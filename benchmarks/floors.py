"""The floors: what no tool can be faster than, measured in the same turns."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from benchmarks.sites import Command
from benchmarks.tools import Tool, failed

if TYPE_CHECKING:
    from benchmarks.roads import Road
    from benchmarks.work import Work


def through(road: Road, *words: str) -> tuple[str, ...]:
    """Return the words that run a command on the machine, by the road's plainest means."""
    if road.login:
        return ("ssh", *road.login.options, road.login.alias, *words)
    return ("docker", "exec", road.machine, *words) if road.docker else words


class SshTrue(Tool):
    """One login, and nothing done."""

    name = "ssh host true"

    def command(self, verb: str, road: Road, work: Work) -> Command | None:  # noqa: ARG002 - no work
        """Log in; to many hosts, to so many at a time as the tools do."""
        if road.login and road.hosts:
            each = ("-P", str(road.parallel), "-I", "{}", "ssh", *road.login.options, "{}", "true")
            script = 'hosts=$1; shift; printf "%s\\n" $hosts | xargs "$@"'
            words = ("sh", "-c", script, "sh", " ".join(road.hosts), *each)
            return Command(words, complaint=failed)
        applies = road.login and verb != "first"
        return Command(through(road, "true"), complaint=failed) if applies else None


class DockerTrue(Tool):
    """One process in the container, and nothing done."""

    name = "docker exec true"

    def command(self, verb: str, road: Road, work: Work) -> Command | None:  # noqa: ARG002 - no verb
        """Start it."""
        return Command(through(road, "true"), complaint=failed) if road.docker else None


class BarePython(Tool):
    """The interpreter as it starts for any installed program, and nothing done."""

    name = "python -c pass"

    def command(self, verb: str, road: Road, work: Work) -> Command | None:  # noqa: ARG002 - no verb
        """Start it: of the virtual environment where there is one."""
        if road.login or road.docker:
            return None
        return Command((road.site.python, "-c", "pass"), complaint=failed)


class RawReads(Tool):
    """Everything that a plan has to read, read once by one shell, and not looked at."""

    name = "raw reads"

    VERBS: ClassVar = {"plan", "apply", "verify"}

    def command(self, verb: str, road: Road, work: Work) -> Command | None:
        """Run the script that lies on the machine."""
        if verb not in self.VERBS or road.hosts:
            return None
        script = f"/opt/benchmarks/{work.name}/reads.sh"
        return Command(through(road, "sh", script), complaint=failed)


class Expert(Tool):
    """A first apply as an expert writes it by hand, without a look at what is there."""

    name = "expert.sh"

    def command(self, verb: str, road: Road, work: Work) -> Command | None:  # noqa: ARG002 - R1 only
        """Run the script that lies on the machine."""
        script = "/opt/benchmarks/peers/expert.sh"
        return Command(through(road, "sh", script), complaint=failed) if verb == "first" else None
