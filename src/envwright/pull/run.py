"""One run of pull mode: fetch, judge, plan, apply if allowed, and keep what came of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from typing import TYPE_CHECKING

from envwright.errors import (
    EnvwrightError,
    ExitCode,
    LocatedError,
    LockedError,
    RefusedError,
    SpecErrors,
)
from envwright.pull import local, tree
from envwright.pull.git import HOME_PREFIX, Git
from envwright.pull.record import APPLIED, AS_IT_SHOULD_BE, Record, last
from envwright.pull.settings import FOLDER, STATE, Settings, read
from envwright.pull.signature import judge
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from envwright.engine.context import Job
    from envwright.engine.plan import Plan
    from envwright.facts import Machine
    from envwright.model.secrets import Secrets
    from envwright.report.terminal import Report
    from envwright.spec.compiler import Compiled

LOCK = "lock"
RESTART_NEEDED = "restart needed"


def run(report: Report, folder: Path = FOLDER, state: Path = STATE) -> ExitCode:
    """Follow the repository once.

    Raises:
        EnvwrightError: what went wrong; the record says it, too.
    """
    if os.geteuid() != 0:
        raise EnvwrightError("pull run changes this machine: only root may", hint="use sudo")
    settings = read(folder)
    with _alone(state):
        record = Record.begin(settings, last(state))
        begin = time.monotonic()
        try:
            return _follow(settings, folder, state, report, record)
        except Exception as error:
            record.fail(error)
            raise
        finally:
            record.seconds = round(time.monotonic() - begin, 3)
            record.write(state, report.mask)


@contextlib.contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Let one run at a time into the folder, and remove what killed ones left there."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (state / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(
                "another `envwright pull run` is at work here", hint="the next run tries again"
            ) from None
        for prefix in (tree.PREFIX, HOME_PREFIX):
            for left in state.glob(f"{prefix}*"):
                shutil.rmtree(left)
        yield


def _follow(
    settings: Settings, folder: Path, state: Path, report: Report, record: Record
) -> ExitCode:
    with Git(settings, folder, state) as git:
        commit = judge(git, git.fetch(), folder)
        git.accept(commit.id)
        record.saw(commit)
        signed = f"commit {commit.id[:12]} of {commit.date}, signed by {commit.signer}"
        report.line(f"{settings.url} {settings.ref}: {signed}")
        with tree.written(git, commit.id, state) as files, _inside(files):
            return _bring_about(settings, files, report, record)


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Work in a folder, so that messages name files as the repository does."""
    before = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder)
        yield
    finally:
        os.fchdir(before)
        os.close(before)


def _bring_about(settings: Settings, files: Path, report: Report, record: Record) -> ExitCode:
    with local.opened(lambda machine: _compile(settings, machine, files)) as job:
        report.mask = job.secrets.mask
        plan = job.plan()
        report.plan(plan)
        record.planned(plan)
        if not plan and plan.waiting:
            return record.end(RESTART_NEEDED, ExitCode.RESTART)
        if not plan:
            return record.end(AS_IT_SHOULD_BE, ExitCode.DONE)
        if not settings.apply:
            report.line("Nothing was changed: pull mode only plans here.")
            return record.end("differs", ExitCode.CHANGES)
        return _apply(job, plan, report, record)


def _compile(settings: Settings, machine: Machine, files: Path) -> tuple[Compiled, Secrets]:
    """Compile the environment, which may read nothing but what the commit holds."""
    try:
        environment = load(settings.environment, machine, settings.variables)
    except SpecErrors as errors:
        # The excerpt of a foreign file may be nobody's business.
        outside = [e.file for e in errors.errors if isinstance(e, LocatedError)]
        _refuse_outside(outside, files)
        raise
    _refuse_outside(environment.files, files)
    return compile_environment(environment, machine), environment.secrets


def _refuse_outside(paths: Iterable[str], files: Path) -> None:
    for path in paths:
        if not tree.is_inside(path, files):
            raise RefusedError(
                f"{path}: this file is not in the repository",
                hint="an environment that is pulled reads only what its commit holds",
            )


def _apply(job: Job, plan: Plan, report: Report, record: Record) -> ExitCode:
    from envwright.engine.apply import apply  # noqa: PLC0415 - what a plan without changes spares
    from envwright.engine.plan import waits_of  # noqa: PLC0415 - the same
    from envwright.engine.verify import run as verify  # noqa: PLC0415 - the same

    given = (job.compiled, job.session, job.secrets)
    left = apply(plan, *given, begin=report.begin, end=report.end, cut_off=report.cut_off)
    record.left(left)
    results = verify(*given, tell=report.result, waits=waits_of(left))
    report.results(results)
    report.left(left, plan)
    record.checked(results)
    if record.failures:
        return record.end("checks failed", ExitCode.CHANGES)
    if left or left.waiting:
        return record.end(RESTART_NEEDED, ExitCode.RESTART)
    return record.end(APPLIED, ExitCode.DONE)
