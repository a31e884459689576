"""An environment on a machine, driven as the command line drives it, with its parts in reach."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from standins import Teller

from envwright.engine import verify
from envwright.engine.apply import apply
from envwright.engine.plan import Plan, make_plan
from envwright.facts import Machine as Facts
from envwright.host.session import Session, open_session
from envwright.spec.compiler import Compiled, compile_environment
from envwright.spec.environment import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from machines.machine import Machine

    from envwright.model.proof import Result
    from envwright.model.resource import Resource
    from envwright.model.secrets import Secrets

ENVIRONMENTS = Path(__file__).parents[2] / "environments"


@dataclass(frozen=True)
class Workstation:
    """A machine with a session, and what an environment comes to on it."""

    machine: Machine
    session: Session
    facts: Facts
    compiled: Compiled
    secrets: Secrets

    def plan(self) -> Plan:
        """Compare."""
        return make_plan(self.compiled, self.session, self.facts, self.secrets)

    def apply(self, plan: Plan | None = None) -> list[str]:
        """Converge, by a plan that is at hand or a new one; return the names of the steps made."""
        teller = Teller()
        plan = self.plan() if plan is None else plan
        apply(plan, self.compiled, self.session, self.secrets, teller)
        return teller.made

    def verify(self) -> list[Result]:
        """Make all checks."""
        return verify.run(self.compiled, self.session, self.secrets, tell=lambda _: None)

    def changed(self) -> set[str]:
        """Return the ids of what the plan would change."""
        return {change.resource.id for change in self.plan().changes}

    def nothing_to_do(self) -> str:
        """Return the last lines of a plan that finds all as it should be."""
        resources = len(self.compiled.resources)
        slow = sum(not proof.quick for proof in self.compiled.proofs)
        return (
            f"\nNothing to do: all {resources} resources are as they should be.\n"
            f"`envwright verify` also makes {slow} checks of what takes longer.\n"
        )

    def resource(self, id_: str) -> Resource:
        """Return a resource by its id."""
        return next(r for r in self.compiled.resources if r.id == id_)


@contextlib.contextmanager
def workstation(
    machine: Machine,
    environment: Path,
    host: str = "",
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Workstation]:
    """Open a session to a machine (by docker exec unless a host is named) and compile for it."""
    with open_session(host or machine.host, hello=Facts.HELLO) as session:
        facts = Facts.read(session.hello.stdout)
        loaded = load(environment, facts, variables)
        compiled = compile_environment(loaded, facts)
        yield Workstation(machine, session, facts, compiled, loaded.secrets)


def docker_workstation(folder: Path, fingerprint: str) -> Path:
    """Write the team's overlay: the shipped environment, its key that of a mirror."""
    path = folder / "docker-workstation.yaml"
    path.write_text(
        "name: docker-workstation\n"
        f"extends: {ENVIRONMENTS / 'docker-workstation.yaml'}\n"
        f'docker: {{fingerprint: "{fingerprint}"}}\n',
        "utf-8",
    )
    return path
