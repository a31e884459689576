"""What laws 2 and 4 want of a machine that was applied to, whatever its environment is."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from breaking import breaks

from envwright.engine.pyinfra_runner import Engine
from envwright.engine.verify import CheckError, host_over, witness
from envwright.errors import EnvwrightError
from envwright.host.probe import ask
from envwright.model.resource import EXISTENCE, Difference
from envwright.resources.windows.user_file import PLACE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from workstation import Workstation

    from envwright.facts import Facts
    from envwright.model.resource import Resource


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
    concurrent = {k: v for k, v in seen.items() if k == PLACE} if isinstance(seen, dict) else {}
    return Difference(concurrent, after, tuple(name for name in after if name != "up to date"))


@dataclass(frozen=True)
class Break:
    """One way to break one resource by hand."""

    resource: Resource
    what: str
    script: str

    def __str__(self) -> str:
        return f"{self.resource.id}, {self.what}"


def drift(station: Workstation, *capabilities: str, without: Collection[str] = ()) -> list[str]:
    """Break resources by hand in every way; return where law 4 does not hold.

    With `capabilities`, only what one of these asked for is broken; with `without`, nothing whose
    id has one of these texts. Resources of which none waits
    for the other are broken in one round: each is still named, proved and mended by itself.
    """
    after = {r.id: _dependents(station, r) for r in station.compiled.resources}
    resources = [
        resource
        for resource in station.compiled.resources
        if not any(text in resource.id for text in without)
        if not capabilities or {o.capability for o in resource.origins} & {*capabilities}
    ]
    wanted = [
        Break(resource, what, script)
        for resource in resources
        for what, script in breaks(resource)
        # systemd masks no unit whose file somebody wrote into /etc.
        if (what, f"file:/etc/systemd/system/{resource.name}" in after) != ("masked", True)
    ]
    broken = {one.resource.id for one in wanted}
    faults = [f"{r.id}: nothing breaks it" for r in resources if r.id not in broken]
    for made in _rounds(wanted, after):
        faults += _faults(station, made, after)
    return faults


def _rounds(wanted: list[Break], after: Mapping[str, set[str]]) -> list[list[Break]]:
    """Put each break into the first round that has no other of its chain."""
    rounds: list[list[Break]] = []
    for one in wanted:
        id_ = one.resource.id
        for made in rounds:
            others = {other.resource.id for other in made}
            # A resource is in no round twice, nor with what waits for it or it waits for.
            if id_ not in others | _all_after(others, after) and not after[id_] & others:
                made.append(one)
                break
        else:
            rounds.append([one])
    return rounds


def _all_after(ids: Iterable[str], after: Mapping[str, set[str]]) -> set[str]:
    return set().union(*(after[id_] for id_ in ids))


def _faults(
    station: Workstation, made: list[Break], after: Mapping[str, set[str]]
) -> Iterator[str]:
    """Break some resources; yield what law 4 does not find as it says."""
    # So many restarts in so short a time are the test's doing.
    scripts = "".join(f"( {one.script} ) || exit\n" for one in made)
    station.machine.sh(f"systemctl reset-failed\n{scripts}")
    plan = station.plan()
    named, broken = {c.resource.id for c in plan.changes}, {one.resource.id for one in made}
    yield from (f"{one}: not in the plan" for one in made if one.resource.id not in named)
    this = "; ".join(map(str, made))
    if strangers := named - broken - _all_after(broken, after):
        yield f"{this}: the plan names others: {sorted(strangers)}"
    host = host_over(station.session)
    for one in made:
        with contextlib.suppress(CheckError):
            witness(one.resource, host, station.secrets)
            yield f"{one}: its witness does not fail"
    try:
        mended = {id_ for step in station.apply(plan) for id_ in step.split(", ")}
    except EnvwrightError as error:
        yield f"{this}: {error.message}"
        return
    if mended != named:
        yield f"{this}: apply made {sorted(mended)} for {sorted(named)}"
    if left := station.changed():
        yield f"{this}: still differing: {sorted(left)}"


def _dependents(station: Workstation, broken: Resource) -> set[str]:
    """Return the ids of what cannot be right while this is broken."""
    found = {broken.id}
    for resource in station.compiled.resources:
        if found & {*resource.needs, *resource.autorequires}:
            found.add(resource.id)
    return found - {broken.id}


def converge(bare: Workstation) -> Workstation:
    """Apply to a machine once; it is red before, as law 3 wants it."""
    assert bare.plan()
    assert "failed" in {result.outcome for result in bare.verify()}
    bare.apply()
    return bare


class Law2:
    """A second apply changes nothing. A module has these tests by a class of its own below this."""

    def test_a_second_apply_makes_no_step(self, converged: Workstation) -> None:
        before = converged.session.round_trips
        assert converged.apply() == []
        assert converged.session.round_trips - before == 1

    def test_pyinfra_agrees_that_nothing_is_to_be_done(self, converged: Workstation) -> None:
        assert acted(converged) == []


class Law2OfArchives(Law2):
    """Law 2 where archives are unpacked below /usr/local."""

    def test_pyinfra_agrees_that_nothing_is_to_be_done(self, converged: Workstation) -> None:
        super().test_pyinfra_agrees_that_nothing_is_to_be_done(converged)
        # Where a checksum is staged no rule of the laws looks; no apply leaves it there.
        converged.machine.sh("find /usr/local -maxdepth 1 -name '.*.envwright-new' -delete")


class Law3:
    """After an apply all is green; to be used as Law2 is, where no check is skipped."""

    def test_after_apply_the_plan_is_empty_and_verify_is_green(
        self, converged: Workstation
    ) -> None:
        assert converged.changed() == set()
        results = {r.id: f"{r.outcome}: {r.reason}" for r in converged.verify()}
        assert {id_: said for id_, said in results.items() if not said.startswith("passed")} == {}
