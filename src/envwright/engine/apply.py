"""Apply: makes the changes of a plan by pyinfra operations, and compares the machine again."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envwright.engine.plan import make_plan
from envwright.errors import EnvwrightError, StepError
from envwright.model.resource import Resource, wanted_by
from envwright.state.journal import Journal
from envwright.timings import OFF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from envwright.engine.plan import Change, Plan
    from envwright.engine.pyinfra_runner import Engine
    from envwright.host.session import Session
    from envwright.model.secrets import Secrets
    from envwright.spec.compiler import Compiled
    from envwright.timings import Timings


@dataclass(frozen=True)
class Step:
    """Changes that apply makes together: one, or neighbours whose class converges many at once."""

    changes: tuple[Change, ...]

    @property
    def name(self) -> str:
        """The ids of the resources of the step."""
        return ", ".join(change.resource.id for change in self.changes)


def steps(plan: Plan) -> Iterator[Step]:
    """Yield the steps of a plan, in order."""
    for together, changes in itertools.groupby(plan.changes, _batch):
        if together is None:
            yield from (Step((change,)) for change in changes)
        else:
            yield Step(tuple(changes))


def _batch(change: Change) -> type[Resource] | None:
    """Return the class if its resources converge together, None if they converge one by one."""
    word = type(change.resource)
    alone = word.converge_all.__func__ is Resource.converge_all.__func__  # type: ignore[attr-defined]
    return None if alone else word


def apply(  # noqa: PLR0913 - the plan, the machine, the callbacks
    plan: Plan,
    compiled: Compiled,
    session: Session,
    secrets: Secrets,
    *,
    begin: Callable[[Step], None],
    end: Callable[[Step], None],
    cut_off: Callable[[str], None] = lambda _: None,
    waiting: Callable[[str], None] = lambda _: None,
    timings: Timings = OFF,
    shown: bool = False,
    lock_timeout: float = 0,
    locked: Callable[[str], None] = lambda _: None,
) -> Plan:
    """Make the changes of a plan, and return the plan that is left: pending changes alone.

    `begin` and `end` are called around each step, `waiting` with the lock that a step waits for,
    `cut_off` with the step in which the previous run was interrupted, `locked` with the run that
    holds the lock. `timings` counts the time of each step. `lock_timeout`: seconds to wait for the
    lock. `shown`: a person has read the plan meanwhile, so the machine is compared again first.

    Raises:
        LockedError: another run holds the lock; nothing was changed.
        RefusedError: the machine changed after the plan was shown; nothing was changed.
        StepError: a step failed, or a resource still differs after all steps.
        SecretError: a secret cannot be fetched; nothing was changed.
    """
    if not plan:
        return plan
    from envwright.engine.pyinfra_runner import Engine  # noqa: PLC0415 - 0.2 s that a plan without changes spares

    _fetch(plan, secrets)
    engine = Engine(session, secrets, waiting)
    with Journal(session, plan.environment, lock_timeout, locked) as journal:
        if journal.interrupted:
            cut_off(journal.interrupted)
        if shown:
            make_plan(compiled, session, plan.machine, secrets).expect(plan.agreed)
        for step in steps(plan):
            begin(step)
            with timings(step.name), _entered(step, journal):
                _make(step, engine, plan)
            end(step)
        return _left(make_plan(compiled, session, plan.machine, secrets), session.name)


def _left(plan: Plan, host: str) -> Plan:
    """Return the plan that is left after all steps; only pending changes may be left."""
    _judge([change for change in plan.changes if not change.pending], host)
    return plan


@contextlib.contextmanager
def _entered(step: Step, journal: Journal) -> Iterator[None]:
    """Write into the journal that a step began, and how it ended."""
    journal.write("begin", step=step.name)
    try:
        yield
    except EnvwrightError as error:
        error.message += wanted_by(*(change.resource for change in step.changes))
        # The session may be lost, so that this write fails, too; the step's error is the cause.
        with contextlib.suppress(EnvwrightError):
            journal.write("failed", step=step.name)
        raise
    journal.later("done", step=step.name)


def _fetch(plan: Plan, secrets: Secrets) -> None:
    """Fetch every secret that the changes need: a missing secret must not stop apply midway.

    Raises:
        SecretError: a secret cannot be fetched.
    """
    for change in plan.changes:
        for value in (change.resource.desired() or {}).values():
            if isinstance(value, str):
                secrets.reveal(value)


def _make(step: Step, engine: Engine, plan: Plan) -> None:
    """Make the changes of a step."""
    word = type(step.changes[0].resource)
    work = [(change.resource, change.difference) for change in step.changes]
    for operation in word.converge_all(work, plan.forecasts.get(word)):
        engine.run(step.name, operation)


def _judge(left: Sequence[Change], host: str) -> None:
    """Raise StepError for changes that are left although they are not pending."""
    if left:
        lines = [f"    {c.resource.id}: {', '.join(map(str, c.difference.fields))}" for c in left]
        raise StepError(
            "\n".join([f"{host}: every step succeeded, but these resources still differ:", *lines]),
            hint="`envwright plan` shows how; another program may be changing them",
        )
