"""One run of pull mode: fetch, check the signature, plan, apply if allowed, write a record."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from typing import TYPE_CHECKING

from envwright import workflow
from envwright.errors import (
    EnvwrightError,
    ExitCode,
    LocatedError,
    LockedError,
    RefusedError,
    SpecErrors,
)
from envwright.fetch import tree
from envwright.fetch.signature import judge
from envwright.model.cause import Cause
from envwright.pull import local, metrics
from envwright.pull.git import HOME_PREFIX, Git
from envwright.pull.record import Record, last
from envwright.pull.settings import FOLDER, STATE, Settings, read
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.workflow import RunOptions, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from envwright.facts import Machine
    from envwright.model.secrets import Secrets
    from envwright.report.terminal import Report
    from envwright.spec.compiler import Compiled

LOCK = "lock"
NEXT_RUN = "the next run tries again"
"""What comes of a run that found another one at work."""


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
            metrics.write(record, folder, report)


@contextlib.contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Let one run at a time into the folder, and remove what killed ones left there."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (state / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(
                "another `envwright pull run` is at work here", hint=NEXT_RUN
            ) from None
        for prefix in (tree.PREFIX, HOME_PREFIX):
            for left in state.glob(f"{prefix}*"):
                shutil.rmtree(left)
        yield


def _follow(
    settings: Settings, folder: Path, state: Path, report: Report, record: Record
) -> ExitCode:
    with Git(settings, folder, state) as git:
        commit = judge(git, git.fetch(), git.pinned)
        git.accept(commit.id)
        record.saw(commit)
        signed = f"commit {commit.id[:12]} of {commit.date}, signed by {commit.signer}"
        report.line(f"{settings.url} {settings.ref}: {signed}")
        with tree.written(git, commit.id, state) as files, _inside(files):
            by = {"commit": commit.id, "signer": commit.signer}
            return _bring_about(settings, files, report, record, Cause("pull", by))


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


def _bring_about(
    settings: Settings, files: Path, report: Report, record: Record, cause: Cause
) -> ExitCode:
    verb = Verb.APPLY if settings.apply else Verb.PLAN
    with local.open_here(lambda machine: _compile(settings, machine, files)) as context:
        report.mask = context.secrets.mask
        options = RunOptions(verb, yes=True, trust=True, when_locked=NEXT_RUN, cause=cause)
        outcome = workflow.run(context, options, report, record.keep)
    if outcome.plan and not settings.apply:
        report.line("Nothing was changed: pull mode only plans here.")
    return record.end(outcome)


def _compile(settings: Settings, machine: Machine, files: Path) -> tuple[Compiled, Secrets]:
    """Compile the environment, which may read nothing but what the commit holds."""
    try:
        environment = load(settings.environment, machine, settings.variables)
    except SpecErrors as errors:
        # The excerpt of a foreign file may be nobody's business.
        outside = [e.file for e in errors.errors if isinstance(e, LocatedError) and e.private]
        _refuse_outside(outside, files)
        raise
    presets = environment.trees
    own = [path for path in environment.files if not any(tree.holds(path) for tree in presets)]
    _refuse_outside(own, files)
    return compile_environment(environment, machine), environment.secrets


def _refuse_outside(paths: Iterable[str], files: Path) -> None:
    for path in paths:
        if not tree.is_inside(path, files):
            raise RefusedError(
                f"{path}: this file is not in the repository",
                hint="an environment that is pulled reads only what its commit holds",
            )
