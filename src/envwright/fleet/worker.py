"""The worker: a process for the work on one machine, where one process can do only one at a time.

pyinfra's state is one for a process, and so is pytest's environment. Workers are forked from a
server that has loaded both. A worker tells its fleet through a pipe: pairs of a kind and its value.

A worker can be told to end (SIGTERM) at any moment, and a terminal's Ctrl-C reaches it, too. Python
would print a traceback of the moment into whatever the fleet shows. So the server and its workers
start with both signals blocked, a worker hears SIGTERM only while it works, and a worker has no
output but the pipe and its log.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from envwright import workflow
from envwright.engine.context import Access, open_context
from envwright.errors import StepError, told
from envwright.fetch.stage import Fetching
from envwright.fleet.compile_cache import CompileCache
from envwright.fleet.logs import Log
from envwright.fleet.outcome import FAILURES, RunSummary, failure
from envwright.model.masking import mask_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext
    from pathlib import Path

    from envwright.engine.apply import Step
    from envwright.engine.context import Context
    from envwright.fleet.pool import Channel
    from envwright.fleet.task import Task
    from envwright.model.proof import Result
    from envwright.report.terminal import Report

    Run = Callable[[Context, workflow.RunOptions, Report], workflow.Outcome]

LOADED = ["envwright.engine.pyinfra_runner", "envwright.engine.verify", __name__]
"""What the server loads before it forks: together half a second."""
SECONDS_TO_END = 10
"""How long a worker that is told to end may take to close its session."""
ENDING = frozenset({signal.SIGINT, signal.SIGTERM})
"""The signals that end a process of Python by an exception, or could."""


def start_method() -> ForkServerContext:
    """Return the way in which workers are started."""
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(LOADED)
    return forking


@contextlib.contextmanager
def _blocked(signals: frozenset[signal.Signals]) -> Iterator[None]:
    """Block signals in this thread, and in the processes that it starts."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def send(task: Task, channel: Channel, run: Run = workflow.run) -> RunSummary:
    """Have a worker do a task; return the summary of its run.

    Args:
        task: what is to be done.
        channel: hears what the worker does.
        run: the sequence of a run; a function that the worker can import by its name.

    Raises:
        EnvwrightError: what the worker failed with.
        KeyboardInterrupt: the pool was stopped; so was the worker.
    """
    ours, theirs = multiprocessing.Pipe()
    process = start_method().Process(target=serve, args=(task, theirs, dict(os.environ), run))
    resource_tracker.ensure_running()  # starting it unblocks the signals
    with ours, theirs:
        with _blocked(ENDING):
            process.start()
        theirs.close()
        try:
            kind, value = _answer_of(ours, channel, task.target.host)
        except BaseException:
            # Only a worker that has not answered has something to end.
            process.terminate()
            raise
        finally:
            process.join(SECONDS_TO_END)
            process.kill()
            process.join()
            process.close()
    if kind == "error":
        word, told = value
        error = FAILURES[word](told.pop("message"), hint=told.pop("hint"))
        error.details = told
        raise error
    summary: RunSummary = value
    return summary


def _answer_of(worker: Connection, channel: Channel, host: str) -> tuple[str, Any]:
    """Follow a worker; return the kind ("end" or "error") and the value of its answer."""
    while True:
        # An answer that is there counts: the worker has nothing left to end.
        if worker not in wait([worker, channel.stop]):
            raise KeyboardInterrupt
        try:
            kind, value = worker.recv()
        except (EOFError, OSError):
            raise StepError(
                f"{host}: the process that worked on this machine ended before its time",
                hint="try again; an apply goes on from where it stood",
            ) from None
        if kind == "say":
            channel.say(value)
        elif kind == "ask":
            worker.send(channel.ask(value))
        else:
            return kind, value


# --- In the worker ------------------------------------------------------------------------------


class _Narrator(Log):
    """A log whose steps and checks are told to the fleet, too."""

    def __init__(self, file: Path | None, say: Callable[[str], None]) -> None:
        super().__init__(file)
        self._say = say

    def begin(self, step: Step) -> None:
        """Tell the step."""
        self._say(self.mask(step.name))
        super().begin(step)

    def result(self, result: Result) -> None:
        """Tell the check."""
        self._say(f"verified {self.mask(result.id)}")
        super().result(result)


def serve(task: Task, fleet: Connection, environment: Mapping[str, str], run: Run) -> None:
    """Do a task, and answer. This is all that a worker's process does.

    Args:
        task: what is to be done.
        fleet: the pipe to the process of the fleet.
        environment: the environment variables of that process.
        run: the sequence of a run.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for output in (1, 2):
        os.dup2(nowhere, output)
    # A terminal's Ctrl-C reaches all processes; the fleet decides for its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    os.environ.clear()
    os.environ.update(environment)
    # A fleet that is gone needs no answer.
    with contextlib.suppress(KeyboardInterrupt, ConnectionError, EOFError):
        try:
            # What the worker starts inherits the signals that are blocked.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
            with _Narrator(task.log, lambda words: fleet.send(("say", words))) as report:
                answer = _answer(task, fleet, report, run)
            fleet.send(answer)
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)


def _interrupt(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _answer(task: Task, fleet: Connection, report: Report, run: Run) -> tuple[str, Any]:
    """Do the task; return the kind and value of the answer, without secrets."""

    def ask(prompt: str) -> str:
        fleet.send(("ask", prompt))
        return str(fleet.recv())

    target = task.target
    cache = CompileCache(Fetching(report.complain, task.offline))
    if task.planned:
        cache.add(target, task.planned.machine, task.planned.made)
    report.mask = cache.mask
    access = Access(ask if task.asking else None, batch=True, timeout=task.timeout)
    try:
        with open_context(target, cache.compiler(target), access) as context:
            return "end", RunSummary.of(run(context, task.options, report), report.mask)
    except (ConnectionError, EOFError):
        raise
    except Exception as error:  # noqa: BLE001 - told to the fleet, whatever it is
        shown = told(error)
        report.error(shown)
        parts = {key: mask_values(part, report.mask) for key, part in shown.json().items()}
        return "error", (failure(shown), parts)
