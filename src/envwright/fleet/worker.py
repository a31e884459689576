"""The worker: a process for the work on one machine, where one process can do only one at a time.

pyinfra's state is one for a process, and so is pytest's environment. Workers are forked from a
server that has both loaded. What they tell comes through a pipe: pairs of a kind and its value.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from envwright.engine.context import Crowd, open_job
from envwright.errors import EnvwrightError, StepError, unforeseen
from envwright.fleet.compile_cache import Compilations
from envwright.fleet.logs import Log
from envwright.fleet.outcome import FAILURES, failure

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext
    from pathlib import Path

    from envwright.engine.apply import Step
    from envwright.engine.context import Job
    from envwright.engine.verify import Result
    from envwright.errors import ExitCode
    from envwright.fleet.pool import Hand
    from envwright.fleet.task import Errand, Shown
    from envwright.report.terminal import Report

LOADED = ["envwright.engine.pyinfra_runner", "envwright.engine.verify", "envwright.cli.main"]
"""What the server loads before it forks: together half a second."""
SECONDS_TO_END = 10
"""How long a worker that is told to end may take to close its session."""


def context() -> ForkServerContext:
    """Return the way in which workers are started."""
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(LOADED)
    return forking


def send(errand: Errand, hand: Hand) -> tuple[ExitCode, Any]:
    """Have a worker do an errand; return the exit code and what `--json` prints.

    Raises:
        EnvwrightError: what the worker failed with.
        KeyboardInterrupt: the crew was stopped; so was the worker.
    """
    ours, theirs = multiprocessing.Pipe()
    process = context().Process(target=_serve, args=(errand, theirs, dict(os.environ)))
    with ours, theirs:
        process.start()
        theirs.close()
        try:
            return _follow(ours, hand, errand.target.host)
        except BaseException:
            process.terminate()
            raise
        finally:
            process.join(SECONDS_TO_END)
            process.kill()
            process.join()
            process.close()


def _follow(worker: Connection, hand: Hand, host: str) -> tuple[ExitCode, Any]:
    while True:
        if hand.stop in wait([worker, hand.stop]):
            raise KeyboardInterrupt
        try:
            kind, value = worker.recv()
        except (EOFError, OSError):
            raise StepError(
                f"{host}: the process at work on it ended before its time",
                hint="try again; an apply goes on from where it stood",
            ) from None
        if kind == "say":
            hand.say(value)
        elif kind == "ask":
            worker.send(hand.ask(value))
        elif kind == "error":
            word, message, hint = value
            raise FAILURES[word](message, hint=hint)
        else:
            code, result = value
            return code, result


# --- In the worker ------------------------------------------------------------------------------


class _Narrator(Log):
    """A log whose steps and checks are told to the crew, too."""

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


def _serve(errand: Errand, crew: Connection, environment: dict[str, str]) -> None:
    # A terminal's Ctrl-C reaches all processes; the crew decides for its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    os.environ.clear()
    os.environ.update(environment)
    # A crew that is gone needs no answer.
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError, EOFError):
        with _Narrator(errand.log, lambda words: crew.send(("say", words))) as report:
            answer = _answer(errand, crew, report)
        crew.send(answer)


def _interrupt(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _answer(errand: Errand, crew: Connection, report: Report) -> tuple[str, Any]:
    """Do the errand; return the kind and value of the last word, without secrets."""

    def ask(prompt: str) -> str:
        crew.send(("ask", prompt))
        return str(crew.recv())

    compilations = Compilations()
    if errand.shown:
        compilations.add(errand.target.environment, errand.shown.machine, errand.shown.made)
    report.mask = compilations.mask
    crowd = Crowd(compilations.compile, ask if errand.asking else None)
    try:
        with open_job(errand.target, errand.options, crowd) as job:
            _expect(job, errand.shown)
            code, result = errand.act(job, errand.options, report)
    except (BrokenPipeError, EOFError):
        raise
    except Exception as error:  # noqa: BLE001 - told to the crew, whatever it is
        told = error if isinstance(error, EnvwrightError) else unforeseen(error)
        report.error(told)
        return "error", (failure(told), report.mask(told.message), report.mask(told.hint))
    return "end", (code, json.loads(report.mask(json.dumps(result))))


def _expect(job: Job, shown: Shown | None) -> None:
    """Object when the machine's plan is not the one that a person has agreed to."""
    if shown and shown.changes is not None:
        job.plan().expect(shown.changes)
