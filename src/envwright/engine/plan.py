"""The plan: how a machine differs from an environment, computed from one round trip's answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from envwright.errors import EnvwrightError, RefusedError
from envwright.facts import Aside, Facts, Refused, Text, Unknown
from envwright.host.probe import ask
from envwright.model import pending_restart
from envwright.model.proof import Result
from envwright.model.resource import Difference, FileKey, compare, wanted_by
from envwright.model.secrets import Secrets
from envwright.state import owned
from envwright.timings import OFF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from envwright.facts import Machine, Question
    from envwright.host.session import Session
    from envwright.model.forecast import Forecast, SideEffect
    from envwright.model.proof import Proof
    from envwright.model.resource import Field, Moment, Resource, State, Value
    from envwright.spec.compiler import Compiled
    from envwright.timings import Timings

HIDDEN = "(hidden: holds secrets)"
NO_SECRETS = Secrets({})


@dataclass(frozen=True)
class Change:
    """One resource that differs, and how apply will change it.

    Args:
        resource: the resource.
        difference: its actual state, its desired state, and the fields that differ.
        pending: what must happen before apply can make the change; "" when apply can make it now.
        repair: the class of the resources whose changes fail until this resource is repaired, which
            no environment names; None where an environment names the resource.
        left_over: it takes back what the environment made and no longer names.
    """

    resource: Resource
    difference: Difference
    pending: str = ""
    repair: type[Resource] | None = None
    left_over: bool = False

    @property
    def verb(self) -> str:
        """`create`, `remove` or `change`."""
        if self.difference.after is None:
            return "remove"
        return "create" if self.difference.before is None else "change"

    def diff(self) -> str:
        """Return a unified diff of the resource's text fields; "" where no text field differs."""
        before, after = self.difference.before or {}, self.difference.after or {}
        differ = {*self.difference.fields, *({} if before else after)}
        texts = [name for name in after if name in differ and self.resource.is_text(name)]
        return "\n".join(part for name in texts for part in self._diff(name, before, after))

    def _diff(self, name: Field, before: State, after: State) -> Iterator[str]:
        """Yield the diff of one text field; under its label where that is a key of a file."""
        old, new = (state.get(name) or "" for state in (before, after))
        if not isinstance(old, str) or HIDDEN in (old, new) or "\0" in f"{old}{new}":
            return
        import difflib  # noqa: PLC0415 - 1 ms that only a change of text needs

        from_, to = (_lines(text) for text in (old, new))
        lines = list(difflib.unified_diff(from_, to, lineterm="", n=2))
        if lines and isinstance(name, FileKey):
            yield f"{self.resource.label(name)}:"
        # The first two lines would name the files, but the heading of the change names the file.
        yield from lines[2:]

    def json(self) -> dict[str, Any]:
        """Return the change as JSON values, in the stable form of `plan --json`."""
        difference = self.difference
        return {
            "id": self.resource.id,
            "verb": self.verb,
            "origins": [str(origin) for origin in self.resource.origins],
            "fields": [str(field) for field in difference.fields],
            "before": plain(difference.before),
            "after": plain(difference.after),
            "diff": self.diff(),
            "takes_effect": self.resource.takes_effect.value,
            "pending": self.pending,
        }


def _lines(text: str) -> list[str]:
    """Split at line feeds alone: str.splitlines splits where no terminal begins a line."""
    return text.removesuffix("\n").split("\n") if text else []


@dataclass(frozen=True)
class Plan:
    """All changes that a machine needs to match an environment."""

    environment: str
    host: str
    machine: Machine
    resources: int
    changes: tuple[Change, ...]
    waiting: tuple[Resource, ...] = ()
    """Resources that are as they should be, but take effect after a restart only."""
    forecasts: Mapping[type[Resource], Forecast] = field(default_factory=dict)
    """The side effects of the changes, by the class of the resources."""
    failures: tuple[Result, ...] = ()
    """What apply leaves to a person: resources that it must not change, and the quick proofs that
    failed although no change of their capability is left to make."""
    left: tuple[Change, ...] = ()
    """What would take back things that the environment made and no longer names, and that apply
    leaves unless it is asked to prune."""
    access: frozenset[str] = frozenset()
    """The ids of left-over resources that let somebody in."""
    gone: Mapping[str, str] = field(default_factory=dict)
    """The things that the environment does not own any more: each with the id of the change that
    takes it back, "" where nothing is left of it."""
    told: tuple[str, ...] = ()
    """What a person should know of left-over things, and of those of other environments."""
    slow: int = 0
    """The number of proofs that take longer: only verify makes them."""

    def __bool__(self) -> bool:
        return bool(self.changes)

    @property
    def settled(self) -> bool:
        """Whether the machine is as it should be, as far as a plan can see."""
        return not (self.changes or self.failures or self.left or self.told)

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that apply cannot make yet."""
        return tuple(change for change in self.changes if change.pending)

    @property
    def restart(self) -> Moment | None:
        """The restart that brings all resources into effect that apply has made or can make now.

        None where no restart is needed.
        """
        made = (change.resource for change in self.changes if not change.pending)
        late = (r for r in (*self.waiting, *made) if pending_restart.restarts(r, self.machine))
        return pending_restart.greatest(resource.takes_effect for resource in late)

    @property
    def side_effects(self) -> tuple[SideEffect, ...]:
        """Changes that come with the plan although no resource names them."""
        return tuple(effect for f in self.forecasts.values() for effect in f.side_effects)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know before the changes are made."""
        notes = (note for forecast in self.forecasts.values() for note in forecast.notes)
        return (*notes, *self.told)

    @property
    def agreed(self) -> list[dict[str, Any]]:
        """The changes and side effects that a person agrees to with the plan, as JSON values."""
        effects = [effect.json() for effect in self.side_effects]
        return [*(change.json() for change in self.changes), *effects]

    def expect(self, agreed: list[dict[str, Any]]) -> None:
        """Compare the plan with the plan that was shown, given by its `agreed`.

        Raises:
            RefusedError: the two plans differ.
        """
        if self.agreed != agreed:
            raise RefusedError(
                f"{self.host}: the machine changed after its plan was shown; nothing was changed",
                hint="run `envwright plan` or `envwright apply` again to see the new plan",
            )

    def json(self) -> dict[str, Any]:
        """Return the plan as JSON values; `version` changes when their form does."""
        return {
            "version": 1,
            "environment": self.environment,
            "host": self.host,
            "resources": self.resources,
            "changes": [change.json() for change in self.changes],
            "side_effects": [effect.json() for effect in self.side_effects],
            "notes": list(self.notes),
            "left_over": [
                {**change.json(), "access": change.resource.id in self.access}
                for change in (*(c for c in self.changes if c.left_over), *self.left)
            ],
            "failures": [{"id": f.id, "reason": f.reason} for f in self.failures],
            "waiting": [
                {
                    "id": r.id,
                    "after": pending_restart.after(r.takes_effect, self.machine).strip("`"),
                }
                for r in self.waiting
            ],
        }


def make_plan(
    compiled: Compiled,
    session: Session,
    machine: Machine,
    secrets: Secrets,
    timings: Timings = OFF,
) -> Plan:
    """Ask the machine all questions in one round trip, and return the plan.

    Raises:
        RefusedError: a change must not be made, a path is unsafe, or a requirement does not hold.
    """
    quick = [proof for proof in compiled.proofs if proof.quick]
    with timings("probe"):
        facts = ask(session, _questions(compiled, quick, machine))
    _require(compiled, facts, session.name)
    _stay_out(compiled.resources, facts, session.name)
    changes = tuple(_changes(compiled.resources, facts, machine, secrets))
    over = _left_over(compiled, session, machine, facts, changes)
    facts |= over.facts
    told = (*over.told, *_others(compiled.name, changes, over.owned))
    changes = (*changes, *over.changes)
    if changes or over.left:
        # The old content that a plan shows may hold any secret, also one that no change needs.
        secrets.fetch_all()
    forecasts = _forecasts(changes, facts)
    _refuse(changes, forecasts, session.name)
    waiting = tuple(_waiting(compiled, changes, facts, machine))
    unsettled = [*(change.resource for change in changes), *waiting]
    return Plan(
        compiled.name,
        session.name,
        machine,
        len(compiled.resources),
        changes,
        waiting,
        forecasts,
        (*_obstacles(compiled.resources, facts), *_failures(quick, facts, unsettled)),
        over.left,
        over.access,
        over.gone,
        told,
        len(compiled.proofs) - len(quick),
    )


def _waiting(
    compiled: Compiled, changes: Iterable[Change], facts: Facts, machine: Machine
) -> Iterator[Resource]:
    """Yield the resources that are as they should be, and take effect after a restart only."""
    differing = {change.resource.id for change in changes}
    for resource in compiled.resources:
        if resource.id not in differing and pending_restart.is_pending(resource, facts, machine):
            yield resource


class _LeftOver(NamedTuple):
    """What the environment made and no longer names, as in Plan."""

    changes: tuple[Change, ...] = ()
    left: tuple[Change, ...] = ()
    access: frozenset[str] = frozenset()
    gone: Mapping[str, str] = MappingProxyType({})
    told: tuple[str, ...] = ()
    owned: owned.Owned = owned.Owned()
    facts: Facts = Facts({})


def _left_over(
    compiled: Compiled,
    session: Session,
    machine: Machine,
    facts: Facts,
    changes: Sequence[Change],
) -> _LeftOver:
    """Return what is left over; asks the machine more only where something is."""
    text = facts[Text(owned.path())] if compiled.prune else ""
    known = owned.Owned.read(text if isinstance(text, str) else "")
    if known.damaged:
        return _LeftOver(told=(f"{owned.path()} is damaged: nothing is pruned by it",))
    names = (compiled.name, *compiled.was)
    own = known.of(names)
    present = {name for r in compiled.resources for name in r.parts()} if own else set()
    over = {name: since for name, since in own.items() if name not in present}
    if not over:
        return _LeftOver(owned=known)
    try:
        return _taken_back(compiled, session, machine, changes, known, over)
    except EnvwrightError as error:
        told = f"what {compiled.name} no longer names cannot be told: {error.message}"
        return _LeftOver(told=(told,), owned=known)


def _taken_back(  # noqa: PLR0913, PLR0917 - what is wanted, and what is known of the machine
    compiled: Compiled,
    session: Session,
    machine: Machine,
    changes: Sequence[Change],
    known: owned.Owned,
    over: Mapping[str, owned.Since],
) -> _LeftOver:
    """Return what takes back things that are owned and no longer named, by two round trips."""
    from envwright.engine.undo import left_over  # noqa: PLC0415 - only what is left over needs it

    names = (compiled.name, *compiled.was)
    mine = {name: since for name, since in over.items() if not known.is_shared(name, names)}
    whole = {since.id for since in mine.values()} - {r.id for r in compiled.resources}
    back = left_over(session, mine, whole)
    # Some questions, as what apt would do, are about all changes of one word together.
    asked = (*back.resources, *(change.resource for change in changes))
    seen = ask(session, (question for r in asked for question in r.questions()))
    found = [
        replace(change, left_over=True)
        for change in _changes(back.resources, seen, machine, NO_SECRETS)
        if not change.repair
    ]
    differing = {change.resource.id for change in found}
    due = {"always": differing, "ask": differing & back.access}.get(compiled.prune, set())
    gone = {
        name: since.id if since.id in differing else ""
        for name, since in over.items()
        if since.id not in back.changed
    }
    pruned = tuple(change for change in found if change.resource.id in due)
    left = tuple(change for change in found if change.resource.id not in due)
    return _LeftOver(pruned, left, back.access, gone, back.notes, known, seen)


def _others(name: str, changes: Iterable[Change], known: owned.Owned) -> Iterator[str]:
    """Yield a note for what another environment on the machine wants otherwise."""
    for change in changes if known.by.keys() - {name} else ():
        wishes = {thing: owned.wish(part) for thing, part in change.resource.parts().items()}
        for thing, other in known.others(name, wishes):
            yield (
                f"{thing} is also of the environment {other}, which wants it otherwise: each apply "
                "of one undoes the other; name it in one of the two"
            )


def _questions(
    compiled: Compiled, proofs: Iterable[Proof], machine: Machine
) -> Iterator[Question[Any]]:
    """Yield all questions of a plan."""
    if compiled.prune:
        yield Text(owned.path())
    for resource in compiled.resources:
        yield from resource.questions()
    yield from pending_restart.questions(compiled.resources, machine)
    for requirement in compiled.requirements:
        yield from requirement.questions()
    yield from (Aside(proof.script) for proof in proofs)


def _obstacles(resources: Iterable[Resource], facts: Facts) -> Iterator[Result]:
    """Yield the resources that differ and that apply leaves as they are."""
    for resource in resources:
        if reason := resource.obstacle(facts):
            yield Result(resource.id, "failed", reason, 0.0)


def _failures(
    proofs: Iterable[Proof], facts: Facts, unsettled: Iterable[Resource]
) -> Iterator[Result]:
    """Yield the proofs that failed, but for capabilities with resources that are yet to settle."""
    capabilities = {origin.capability for resource in unsettled for origin in resource.origins}
    for proof in proofs:
        if capabilities.isdisjoint(origin.capability for origin in proof.origins):
            answer = facts[Aside(proof.script)]
            code, text = (
                (1, answer.reason) if isinstance(answer, Unknown) else (answer.code, answer.text)
            )
            result = proof.result(code, text)
            if result.outcome == "failed":
                yield result


def _forecasts(changes: Sequence[Change], facts: Facts) -> Mapping[type[Resource], Forecast]:
    """Ask each class of resources for the side effects of its changes together."""
    work: dict[type[Resource], list[tuple[Resource, Difference]]] = {}
    for change in changes:
        work.setdefault(type(change.resource), []).append((change.resource, change.difference))
    changed = {change.resource.id for change in changes}
    return {word: word.forecast(group, facts, changed) for word, group in work.items()}


def _refuse(
    changes: Sequence[Change], forecasts: Mapping[type[Resource], Forecast], host: str
) -> None:
    """Raise one RefusedError for all changes that must not be made."""
    refused = [
        f"{host}: {reason}{wanted_by(change.resource)}"
        for change in changes
        if (reason := change.resource.refusal(change.difference))
    ]
    refused += [f"{host}: {reason}" for f in forecasts.values() for reason in f.refusals]
    if refused:
        raise RefusedError("\n".join(refused), hint="nothing was changed")


def skip_reasons(plan: Plan) -> pending_restart.SkipReasons:
    """Return why verify skips the checks of pending changes, and of changes not yet in effect."""
    late = [
        (r, f"takes effect after {pending_restart.after(r.takes_effect, plan.machine)}")
        for r in plan.waiting
    ]
    pending = [(change.resource, change.pending) for change in plan.pending]
    return pending_restart.SkipReasons(
        {resource.id: reason for resource, reason in pending},
        {
            origin.capability: f"{resource.id} waits: {reason}"
            for resource, reason in [*late, *pending]
            for origin in resource.origins
        },
    )


def _require(compiled: Compiled, facts: Facts, host: str) -> None:
    """Raise one RefusedError for all requirements that are not met."""
    told = [
        (f"{host}: {fault.refusal}{wanted_by(requirement)}", fault.hint)
        for requirement in compiled.requirements
        if (fault := requirement.fault(facts, compiled.resources))
    ]
    if told:
        # The hint of the error is that of the last fault; each other one is followed by its own.
        others = [f"{text}\nhint: {hint}" for text, hint in told[:-1]]
        text, hint = told[-1]
        raise RefusedError("\n".join([*others, text]), hint=hint)


def _stay_out(resources: Sequence[Resource], facts: Facts, host: str) -> None:
    """Refuse paths at which a user of the machine could lead root to another file."""
    refused = {
        f"{host}: {answer.reason}{wanted_by(resource)}": None
        for resource in resources
        for question in resource.questions()
        if isinstance(answer := facts[question], Refused)
    }
    if refused:
        raise RefusedError(
            "\n".join(refused),
            hint="nothing was changed; root would follow whoever can change that: name another "
            "path, or give the folder to the owner of the file",
        )


def _changes(
    resources: Sequence[Resource], facts: Facts, machine: Machine, secrets: Secrets
) -> Iterator[Change]:
    changed: set[str] = set()
    seen: set[type[Resource]] = set()
    for resource in resources:
        if type(resource) not in seen:
            seen.add(type(resource))
            for broken, difference in resource.repairs(facts):
                yield Change(broken, difference, repair=type(resource))
        difference = _compare(resource, facts, secrets)
        difference = resource.predict(difference, changed)
        if difference:
            difference = resource.settle(difference, facts)
            changed.add(resource.id)
            yield Change(resource, difference, resource.pending(machine))


def _compare(resource: Resource, facts: Facts, secrets: Secrets) -> Difference:
    """Compare states; hide both sides of a field whose desired value holds a secret."""
    before, after = resource.actual(facts), resource.desired()
    if not after or not secrets.names:
        return compare(before, after)
    hiding = [name for name, value in after.items() if _refers(value, secrets)]
    if not hiding or not isinstance(before, dict):
        difference = compare(before, after)
    else:
        revealed = {**after, **{name: secrets.reveal(after[name]) for name in hiding}}
        difference = compare(before, revealed)
    hidden = dict.fromkeys(hiding, HIDDEN)
    return replace(
        difference,
        before=difference.before and {**difference.before, **hidden},
        after=difference.after and {**difference.after, **hidden},
    )


def _refers(value: Value, secrets: Secrets) -> bool:
    return isinstance(value, str) and bool(secrets.references(value))


def plain(state: State | None) -> Mapping[str, Any] | None:
    """Return a state as JSON values."""
    if state is None:
        return None
    return {str(field): _plain_value(value) for field, value in state.items()}


def _plain_value(value: Value) -> Any:
    if isinstance(value, Unknown):
        return {"unknown": value.reason}
    return list(value) if isinstance(value, tuple) else value
