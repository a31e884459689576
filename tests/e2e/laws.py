"""What laws 2 and 4 want of a machine that was applied to, whatever its environment is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from breaking import breaks

from envwright.engine import Engine
from envwright.probe import ask
from envwright.resource import EXISTENCE, Difference
from envwright.resources.profile import PLACE
from envwright.verify import CheckError, host_over, witness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workstation import Workstation

    from envwright.facts import Facts
    from envwright.resource import Resource


def acted(station: Workstation) -> list[tuple[str, str]]:
    """Call every operation although nothing differs; return those that found something to do."""
    engine = Engine(station.session, station.secrets)
    facts = ask(station.session, [q for r in station.compiled.resources for q in r.questions()])
    found = []
    for resource in station.compiled.resources:
        for operation in resource.converge(_whole(resource, facts)):
            # A raw command and what it stages always act, and pyinfra knows no patterns of
            # versions: envwright calls these only for a difference, and there is none.
            raw = operation.name == "server.shell"
            staged = str(operation.arguments.get("dest", "")).endswith(".envwright-new")
            pattern = "*" in str(operation.arguments.get("packages", ""))
            if not raw and not staged and not pattern and engine.run(resource.id, operation):
                found.append((resource.id, operation.name))
    station.machine.sh("find /etc /opt -name '*.envwright-new' -delete")
    return found


def _whole(resource: Resource, facts: Facts) -> Difference:
    """Return the difference of all, with the service's restart left out: it is no idle call."""
    after = resource.desired()
    if after is None:
        return Difference({}, None, (EXISTENCE,))
    seen = resource.actual(facts)
    # What is known of the thing but not compared: where it is.
    beside = {k: v for k, v in seen.items() if k == PLACE} if isinstance(seen, dict) else {}
    return Difference(beside, after, tuple(name for name in after if name != "up to date"))


def drift(station: Workstation, *capabilities: str) -> list[str]:
    """Break resources by hand in every way; return where law 4 does not hold.

    With `capabilities`, only what one of these asked for is broken.
    """
    found = []
    for resource in station.compiled.resources:
        if capabilities and not {o.capability for o in resource.origins} & {*capabilities}:
            continue
        for what, script in breaks(resource):
            # So many restarts in so short a time are the test's doing.
            station.machine.sh(f"systemctl reset-failed; {script}")
            found += [f"{resource.id}, {what}: {f}" for f in _faults(station, resource)]
    return found


def _faults(station: Workstation, broken: Resource) -> Iterator[str]:
    """Yield what law 4 does not find as it says, with one resource broken."""
    changed = station.changed()
    if broken.id not in changed:
        yield "not in the plan"
    strangers = changed - {broken.id} - _dependents(station, broken)
    if strangers:
        yield f"the plan names others: {sorted(strangers)}"
    try:
        witness(broken, host_over(station.session), station.secrets)
        yield "its witness does not fail"
    except CheckError:
        pass
    made = {id_ for step in station.apply() for id_ in step.split(", ")}
    if made != changed:
        yield f"apply made {sorted(made)} for {sorted(changed)}"
    left = station.changed()
    if left:
        yield f"still differing: {sorted(left)}"


def _dependents(station: Workstation, broken: Resource) -> set[str]:
    """Return the ids of what cannot be right while this is broken."""
    found = {broken.id}
    for resource in station.compiled.resources:
        if found & {*resource.needs, *resource.implied}:
            found.add(resource.id)
    return found - {broken.id}
