"""Apply: pyinfra operations for what differs, in order, and a second look at the result."""

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
    """Changes that are made in one go: one, or neighbours of a word that does many at once."""

    changes: tuple[Change, ...]

    @property
    def name(self) -> str:
        """The ids of its resources."""
        return ", ".join(change.resource.id for change in self.changes)


def steps(plan: Plan) -> Iterator[Step]:
    """Cut a plan into steps."""
    for together, changes in itertools.groupby(plan.changes, _batch):
        if together is None:
            yield from (Step((change,)) for change in changes)
        else:
            yield Step(tuple(changes))


def _batch(change: Change) -> type[Resource] | None:
    """Return the word whose neighbours go together, None for words that go one by one."""
    word = type(change.resource)
    alone = word.converge_all.__func__ is Resource.converge_all.__func__  # type: ignore[attr-defined]
    return None if alone else word


def apply(  # noqa: PLR0913 - what is to be done, where, and who is told
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
    """Make the changes of a plan, and return the plan that is left: only what waits for a restart.

    `begin` and `end` are called around each step, `cut_off` with the step in which the run before
    this one ended before its time, `waiting` with the lock of a step. `timings` counts the steps.
    `shown`: a person has thought about the plan; what the machine has become meanwhile is asked.
    `lock_timeout`: seconds to wait where another run is at work; `locked` is told which.

    Raises:
        LockedError: another run is at work; nothing was changed.
        RefusedError: the plan that was shown has become another; nothing was changed.
        StepError: a step failed, or its effect is not to be seen afterwards.
        SecretError: a secret cannot be had; nothing was changed.
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
    """Return the plan that is left after all steps, where only what waits for a restart differs."""
    _judge([change for change in plan.changes if not change.pending], host)
    return plan


@contextlib.contextmanager
def _entered(step: Step, journal: Journal) -> Iterator[None]:
    """Enter into the journal how a step begins and ends."""
    journal.write("begin", step=step.name)
    try:
        yield
    except EnvwrightError as error:
        error.message += wanted_by(*(change.resource for change in step.changes))
        # Where nothing can be written any more, the first error is the one to tell.
        with contextlib.suppress(EnvwrightError):
            journal.write("failed", step=step.name)
        raise
    journal.later("done", step=step.name)


def _fetch(plan: Plan, secrets: Secrets) -> None:
    """Have every secret at hand that the changes need: the lack of one must not stop them midway.

    Raises:
        SecretError: one cannot be had.
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
    """Object to what still differs although nothing has to happen first."""
    if left:
        lines = [f"    {c.resource.id}: {', '.join(map(str, c.difference.fields))}" for c in left]
        raise StepError(
            "\n".join(
                [f"{host}: still not as it should be, although every step succeeded:", *lines]
            ),
            hint="`envwright plan` shows how each of them is; something else may be changing it",
        )
