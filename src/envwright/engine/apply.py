"""Apply: makes the changes of a plan by pyinfra operations, and compares the machine again.

A failed change stops what depends on it, and nothing else (`tally`). What worked before and does
not come up with changed files gets its old files back (`safeguard`).
"""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from envwright.engine.patience import Patience
from envwright.engine.plan import make_plan
from envwright.engine.recording import Recording
from envwright.engine.safeguard import Safeguard
from envwright.engine.tally import Tally
from envwright.errors import EnvwrightError, HostError, RefusedError, StepError
from envwright.model.cause import APPLY
from envwright.model.resource import Resource, wanted_by
from envwright.state.journal import Journal
from envwright.timings import OFF

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from envwright.engine.plan import Change, Plan
    from envwright.engine.pyinfra_runner import Engine
    from envwright.host.session import Session
    from envwright.model.cause import Cause
    from envwright.model.secrets import Secrets
    from envwright.spec.compiler import Compiled
    from envwright.timings import Timings


@dataclass(frozen=True)
class Step:
    """Changes that apply makes together: one, or neighbours whose class converges many at once.

    Args:
        changes: the changes.
        before: how many changes of the plan come before them.
        of: how many changes the plan has.
    """

    changes: tuple[Change, ...]
    before: int = 0
    of: int = 0

    @property
    def name(self) -> str:
        """The ids of the resources of the step."""
        return ", ".join(change.resource.id for change in self.changes)


class Listener(Protocol):
    """Hears what an apply does."""

    def line(self, text: str, /) -> None:
        """Hear what a person should know: whose lock the run waits for, what Ctrl-C waits for."""

    def cut_off(self, step: str) -> None:
        """Hear in which step the previous run was interrupted."""

    def begin(self, step: Step) -> None:
        """Hear that a step begins."""

    def waiting(self, lock: str) -> None:
        """Hear which lock of another program the step waits for."""

    def progress(self, text: str) -> None:
        """Hear what a program of the step says, and "" once a second while it says nothing."""

    def end(self, step: Step) -> None:
        """Hear that a step is done."""

    def failed(self, step: Step) -> None:
        """Hear that a step failed; the error that ends the run says why."""

    def put_back(self, ids: Sequence[str]) -> None:
        """Hear that changes were put back, since the step that just failed did not work by them."""

    def not_begun(self, id_: str, causes: Sequence[str]) -> None:
        """Hear that a change is not begun, since failed ones come before it."""


def steps(plan: Plan) -> Iterator[Step]:
    """Yield the steps of a plan, in order."""
    before, of = 0, len(plan.changes)
    for together, group in itertools.groupby(plan.changes, _batch):
        changes = tuple(group)
        for made in [changes] if together else [(change,) for change in changes]:
            yield Step(made, before, of)
            before += len(made)


def _batch(change: Change) -> type[Resource] | None:
    """Return the class if its resources converge together, None if they converge one by one."""
    word = type(change.resource)
    alone = word.converge_all.__func__ is Resource.converge_all.__func__  # type: ignore[attr-defined]
    return None if alone else word


def apply(  # noqa: PLR0913 - the plan, the machine, what is known of both
    plan: Plan,
    compiled: Compiled,
    session: Session,
    secrets: Secrets,
    listener: Listener,
    *,
    timings: Timings = OFF,
    shown: bool = False,
    lock_timeout: float = 0,
    cause: Cause = APPLY,
) -> Plan:
    """Make the changes of a plan, and return the plan that is left: pending changes alone.

    `timings` counts the time of each step. `lock_timeout`: seconds to wait for the lock. `shown`: a
    person has read the plan meanwhile, so the machine is compared again first. `cause`: why the
    machine is changed, for its history.

    Raises:
        LockedError: another run holds the lock; nothing was changed.
        RefusedError: the machine changed after the plan was shown; nothing was changed.
        SecretError: a secret cannot be fetched; nothing was changed.
        HostError: the machine was lost, and the run ended at once.
        EnvwrightError: steps failed, or a resource still differs after all steps; the details say
            what was done, what failed, and what was not begun.
    """
    if not plan:
        return plan
    from envwright.engine.pyinfra_runner import Engine  # noqa: PLC0415 - 0.2 s that a plan without changes spares

    _fetch(plan, secrets)
    patience = Patience(lambda: engine.busy, listener.line)
    engine = Engine(session, secrets, listener.waiting, patience.looking(listener.progress))
    guard = Safeguard(plan, compiled, session, secrets, engine)
    with Journal(session, plan.environment, lock_timeout, listener.line) as journal:
        if journal.interrupted:
            listener.cut_off(journal.interrupted)
        if shown:
            make_plan(compiled, session, plan.machine, secrets).expect(plan.agreed)
        guard.keep()
        tally = Tally(session.name)
        run = _Run(plan, engine, guard, journal, listener, tally, patience)
        with Recording(plan, compiled, session, secrets, tally, cause):
            run.make_all(timings)
            return run.look_again(compiled, secrets)


@dataclass(frozen=True)
class _Run:
    """One apply: the steps that it makes, and what becomes of them."""

    plan: Plan
    engine: Engine
    guard: Safeguard
    journal: Journal
    listener: Listener
    tally: Tally
    patience: Patience

    def make_all(self, timings: Timings) -> None:
        """Make the steps of the plan.

        Raises:
            EnvwrightError: as of `make`; the details say what was done before.
            KeyboardInterrupt: a person interrupted the run.
        """
        try:
            with self.patience:
                for step in steps(self.plan):
                    self.make(step, timings)
                    self.patience.check()
        except EnvwrightError as error:
            raise self.tally.cut_short(error) from None

    def make(self, step: Step, timings: Timings) -> None:
        """Make the changes of a step that can be made; take note of what becomes of them.

        Raises:
            HostError: the machine was lost.
            StepError: the journal cannot be written.
        """
        free = tuple(change for change in step.changes if not self._blocked(change))
        step = replace(step, changes=free)
        if not step.changes:
            return
        self.listener.begin(step)
        self.journal.write("begin", step=step.name)
        try:
            with timings(step.name):
                self._converge(step)
        except HostError:
            raise
        except EnvwrightError as error:
            self._fail(step, error)
        else:
            self.journal.later("done", step=step.name)
            self.tally.done += [change.resource.id for change in step.changes]
            self.listener.end(step)

    def _blocked(self, change: Change) -> bool:
        """Tell whether a change waits for one that failed, and take note of that."""
        causes = self.tally.causes(change)
        if causes:
            id_ = change.resource.id
            self.tally.not_begun[id_] = causes
            self.journal.later("not begun", step=id_, because=list(causes))
            self.listener.not_begun(id_, causes)
        return bool(causes)

    def _converge(self, step: Step) -> None:
        """Make the changes of a step, and wait until what works by them has come up."""
        word = type(step.changes[0].resource)
        work = [(change.resource, change.difference) for change in step.changes]
        try:
            for operation in word.converge_all(work, self.plan.forecasts.get(word)):
                self.engine.run(step.name, operation)
        except StepError as error:
            for change in step.changes:
                self.guard.explain(change, error)
            raise
        for change in step.changes:
            self.guard.check(change)

    def _fail(self, step: Step, error: EnvwrightError) -> None:
        """Take note of a step that failed, and put back what worked before.

        Raises:
            HostError: the machine was lost meanwhile.
        """
        with contextlib.suppress(EnvwrightError):
            self.journal.write("failed", step=step.name)
        self.listener.failed(step)
        for change in step.changes:
            self.tally.fail(change, error)
        for change in step.changes:
            back = self.guard.rescue(change, error)
            if back:
                self.tally.take_back(back, change.resource.id)
                self.journal.later("put back", step=change.resource.id, resources=back)
                self.listener.put_back(back)
        error.message += wanted_by(*(change.resource for change in step.changes))

    def look_again(self, compiled: Compiled, secrets: Secrets) -> Plan:
        """Compare the machine again; return the plan that is left.

        Raises:
            EnvwrightError: steps failed, or left a difference that is not pending.
        """
        session = self.guard.session
        try:
            left = make_plan(compiled, session, self.plan.machine, secrets)
        except EnvwrightError:
            if not self.tally.failed:
                raise
            left = self.plan  # what failed before tells more
        else:
            self._judge(left, session.name)
        if self.tally.failed:
            with contextlib.suppress(EnvwrightError):
                self.guard.settle()
            raise self.tally.error()
        return left

    def _judge(self, left: Plan, host: str) -> None:
        """Take for failed what differs without a reason that is told already.

        That is what still differs although its step succeeded, and what began to differ during the
        run. What waits for a restart, and what depends on a failed change, has its reason.
        """
        told = self.tally.failed.keys() | self.tally.put_back.keys() | self.tally.not_begun.keys()
        made = [
            change
            for change in left.changes
            if change.resource.id not in told
            and not change.pending
            and not self.tally.causes(change)
        ]
        lines = [f"    {self._left(change)}" for change in made]
        steps = "these steps" if self.tally.failed else "every step"
        error = StepError(
            "\n".join([f"{host}: {steps} succeeded, but the resources still differ:", *lines]),
            hint="`envwright plan` shows how; another program may be changing them",
        )
        for change in made:
            self.guard.explain(change, error)
            self.tally.fail(change, error)

    def _left(self, change: Change) -> str:
        """Return what differs of a resource, and whether this run had to do with that."""
        id_ = change.resource.id
        fields = ", ".join(map(str, change.difference.fields))
        return f"{id_}: {fields}" + ("" if id_ in self.tally.done else " (differs since this run)")


def _fetch(plan: Plan, secrets: Secrets) -> None:
    """Fetch every secret that the changes need: a secret must not stop apply midway.

    Raises:
        SecretError: a secret cannot be fetched.
        RefusedError: a file cannot hold the value of a secret.
    """
    for change in plan.changes:
        secrets.reveal(repr(change.resource.spec()))
        wanted = change.resource.desired() or {}
        texts = {field: value for field, value in wanted.items() if isinstance(value, str)}
        revealed = {**wanted, **{field: secrets.reveal(text) for field, text in texts.items()}}
        if revealed != wanted and (reason := change.resource.unwritable(revealed)):
            raise RefusedError(
                f"{plan.host}: {change.resource.name}: {secrets.mask(reason)}"
                f"{wanted_by(change.resource)}",
                hint="nothing was changed; correct the secret where its value is kept",
            )
