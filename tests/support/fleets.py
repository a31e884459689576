"""Stand-ins for tests of fleets: targets, a listener, and what workers are told to do."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError, ExitCode
from envwright.host.inventory import Target

if TYPE_CHECKING:
    import argparse

    from envwright.engine.context import Job
    from envwright.fleet.outcome import Outcome
    from envwright.fleet.pool import Hand
    from envwright.report.terminal import Report


def targets(*hosts: str) -> list[Target]:
    return [Target(host, "box.yaml") for host in hosts]


def changes(*ids: str) -> dict[str, Any]:
    """What a plan's JSON has of changes, as far as a fleet looks at them."""
    return {"changes": [{"id": id_} for id_ in ids]}


@dataclass
class Heard:
    """A listener that keeps what it hears."""

    told: list[str] = field(default_factory=list)
    password: str | BaseException = ""

    def begin(self, number: int) -> None:
        self.told.append(f"{number} begins")

    def say(self, number: int, words: str) -> None:
        self.told.append(f"{number} says {words}")

    def end(self, number: int, outcome: Outcome) -> None:
        self.told.append(f"{number} ends: {outcome.word}")

    def ask(self, prompt: str) -> str:
        self.told.append(f"asked {prompt}")
        if isinstance(self.password, BaseException):
            raise self.password
        return self.password

    def tick(self) -> None:
        pass


class Gauge:
    """Counts who is inside at the same time."""

    def __init__(self) -> None:
        self.most = 0
        self._inside = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1


def fine(_: Hand, __: Target) -> tuple[ExitCode, Any]:
    """The work of a plan that finds nothing."""
    return ExitCode.DONE, changes()


# --- Verbs for one machine, run by workers ------------------------------------------------------


def greet(job: Job, options: argparse.Namespace, report: Report) -> tuple[ExitCode, Any]:
    """Say which environment is seen, and a secret where there is one."""
    report.line(f"hello {job.compiled.name}{options.greeting}")
    for name in job.secrets.names:
        report.line(job.secrets.reveal(f"⟦secret:{name}⟧"))
    said = [job.secrets.reveal(f"⟦secret:{name}⟧") for name in job.secrets.names]
    return ExitCode.RESTART, {"said": said, "variable": os.environ.get("EW_TEST", "")}


def fail(job: Job, _: argparse.Namespace, __: Report) -> tuple[ExitCode, Any]:
    """Fail with words that hold every secret."""
    secrets = [job.secrets.reveal(f"⟦secret:{name}⟧") for name in job.secrets.names]
    raise EnvwrightError(f"cannot {' '.join(secrets)}", hint=f"not {' '.join(secrets)}")


def err(_: Job, __: argparse.Namespace, ___: Report) -> tuple[ExitCode, Any]:
    """Make a mistake of ours."""
    raise ZeroDivisionError("by zero")


def die(_: Job, __: argparse.Namespace, ___: Report) -> tuple[ExitCode, Any]:
    """End as a process that is killed."""
    os.kill(os.getpid(), signal.SIGKILL)
    return ExitCode.DONE, None


def hang(job: Job, _: argparse.Namespace, report: Report) -> tuple[ExitCode, Any]:
    """Wait on the machine for ever; the process group of the session is told first."""
    report.result(_Said(job.session.run("echo $$").text.strip()))  # type: ignore[arg-type] # its id is all that is looked at
    job.session.run("sleep 600")
    return ExitCode.DONE, None


@dataclass
class _Said:
    id: str
    outcome: str = "passed"
