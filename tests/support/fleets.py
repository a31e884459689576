"""Stand-ins for tests of fleets: machines, what they come to, a listener, and runs of workers."""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envwright.errors import EnvwrightError, ExitCode
from envwright.fleet.outcome import RunSummary
from envwright.host.inventory import Target
from envwright.model.proof import Result
from envwright.workflow import Outcome, Verb

if TYPE_CHECKING:
    from envwright.engine.context import Context
    from envwright.fleet.outcome import HostOutcome
    from envwright.fleet.pool import Channel
    from envwright.report.terminal import Report
    from envwright.workflow import RunOptions


def targets(*hosts: str) -> list[Target]:
    return [Target(host, "box.yaml") for host in hosts]


def planned(*ids: str) -> RunSummary:
    """What a plan comes to that finds these resources to differ."""
    return RunSummary(Verb.PLAN, ExitCode.CHANGES if ids else ExitCode.DONE, ids)


def verified(*failed: str, passed: tuple[str, ...] = ()) -> RunSummary:
    """What a verification comes to of which some checks fail."""
    checks = [Result(id_, "passed", "", 0.0) for id_ in passed]
    checks += [Result(id_, "failed", "no", 0.0) for id_ in failed]
    code = ExitCode.CHANGES if failed else ExitCode.DONE
    return RunSummary(Verb.VERIFY, code, checks=tuple(checks))


@dataclass
class Heard:
    """A listener that keeps what it hears."""

    told: list[str] = field(default_factory=list)
    password: str | BaseException = ""

    def begin(self, number: int) -> None:
        self.told.append(f"{number} begins")

    def say(self, number: int, words: str) -> None:
        self.told.append(f"{number} says {words}")

    def end(self, number: int, outcome: HostOutcome) -> None:
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


def fine(_: Channel, __: Target) -> RunSummary:
    """The work of a plan that finds nothing."""
    return planned()


# --- Sequences of a run, which workers import by their names ------------------------------------


def greet(context: Context, options: RunOptions, report: Report) -> Outcome:
    """Say which environment and variable are seen, and a secret where there is one."""
    report.line(f"hello {context.compiled.name}{'!' if options.yes else '?'}")
    said = [context.secrets.reveal(f"⟦secret:{name}⟧") for name in context.secrets.names]
    for word in said:
        report.line(word)
    seen = os.environ.get("EW_TEST", "")
    return Outcome(Verb.VERIFY, checks=tuple(Result(word, "failed", seen, 1.0) for word in said))


def fail(context: Context, _: RunOptions, __: Report) -> Outcome:
    """Fail with words that hold every secret."""
    secrets = [context.secrets.reveal(f"⟦secret:{name}⟧") for name in context.secrets.names]
    raise EnvwrightError(f"cannot {' '.join(secrets)}", hint=f"not {' '.join(secrets)}")


def fail_in_part(context: Context, _: RunOptions, __: Report) -> Outcome:
    """Fail with details that hold every secret."""
    error = EnvwrightError("one failed")
    secrets = [context.secrets.reveal(f"⟦secret:{name}⟧") for name in context.secrets.names]
    error.details = {"done": secrets}
    raise error


def err(_: Context, __: RunOptions, ___: Report) -> Outcome:
    """Make a mistake of ours."""
    raise ZeroDivisionError("by zero")


def die(_: Context, __: RunOptions, ___: Report) -> Outcome:
    """End as a process that is killed."""
    os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(Verb.VERIFY)


def hang(context: Context, _: RunOptions, report: Report) -> Outcome:
    """Wait on the machine for ever; the process group of the session is told first."""
    group = context.session.run("echo $$").text.strip()
    report.result(Result(group, "passed", "", 0.0))
    context.session.run("sleep 600")
    return Outcome(Verb.VERIFY)
