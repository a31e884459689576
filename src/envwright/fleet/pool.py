"""The pool: threads that each work on one machine at a time; one listener hears of all of them."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from envwright.errors import told
from envwright.fleet.outcome import HostOutcome, interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from typing_extensions import Self

    from envwright.fleet.outcome import RunSummary
    from envwright.host.inventory import Target

    Work = Callable[["Channel", Target], RunSummary]

TICK = 0.25
"""Seconds after which a listener hears that time goes by."""


class Listener(Protocol):
    """Hears of a pool's work, in the thread that runs the pool."""

    def begin(self, number: int) -> None:
        """Hear that the work on the machine of that number begins."""

    def say(self, number: int, words: str) -> None:
        """Hear what is done on a machine now."""

    def end(self, number: int, outcome: HostOutcome) -> None:
        """Hear what a machine came to."""

    def ask(self, prompt: str) -> str:
        """Ask a person for a password."""

    def tick(self) -> None:
        """Hear that time goes by."""


class _Event(NamedTuple):
    """What a thread tells the listener: "begin", "say", "ask", "end", and "over" for itself."""

    number: int
    kind: str
    value: Any = None


class Stop:
    """The signal to all threads to stop: once it is given, `fd` stays readable.

    A context manager.
    """

    def __init__(self) -> None:
        self.fd, self._writing = os.pipe()
        self.given = False

    def give(self) -> None:
        """Give the signal."""
        if not self.given:
            self.given = True
            os.write(self._writing, b"!")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)
        os.close(self._writing)


@dataclass(frozen=True)
class Channel:
    """The channel between the work on one machine and its pool.

    Args:
        number: the machine's.
        stop: a file descriptor; when it becomes readable, the work has to stop.
    """

    number: int
    stop: int
    _events: queue.SimpleQueue[_Event]

    def say(self, words: str) -> None:
        """Tell what is done now."""
        self._events.put(_Event(self.number, "say", words))

    def ask(self, prompt: str) -> str:
        """Have a person asked for a password.

        Raises:
            KeyboardInterrupt: the pool was stopped instead.
        """
        reply: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._events.put(_Event(self.number, "ask", (prompt, reply)))
        answer = reply.get()
        if answer is None:
            raise KeyboardInterrupt
        return answer


class Pool:
    """Works on machines, on so many at the same time.

    Args:
        parallel: how many.
        fail_fast: begin with no further machine once one has failed; those under way go on.

    Attributes:
        outcomes: what each machine of the run came to, as far as the run has come.
    """

    def __init__(self, parallel: int, *, fail_fast: bool) -> None:
        self._parallel, self._fail_fast = parallel, fail_fast
        self.outcomes: list[HostOutcome] = []

    def run(self, targets: Sequence[Target], work: Work, listener: Listener) -> list[HostOutcome]:
        """Do the work on each machine; return the outcomes in the order of the targets.

        No failure of one machine is another's. An exception of the listener, Ctrl-C among them,
        stops all threads; it is raised when the last of them has closed its session.
        """
        events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        machines = _Queue(targets, work, events, fail_fast=self._fail_fast)
        self.outcomes = machines.outcomes
        threads = [
            threading.Thread(target=machines.work, name=f"envwright-{number}")
            for number in range(min(self._parallel, len(targets)))
        ]
        with machines.stop:
            try:
                for thread in threads:
                    thread.start()
                _listen(events, len(threads), listener, machines.ended)
            except BaseException:
                machines.stop.give()
                _join(threads, events)
                machines.blame_interruption()
                raise
            finally:
                _join(threads, events)
        return self.outcomes


class _Queue:
    """The machines of one run; each free thread takes the next one."""

    def __init__(
        self,
        targets: Sequence[Target],
        work: Work,
        events: queue.SimpleQueue[_Event],
        *,
        fail_fast: bool,
    ) -> None:
        self.stop = Stop()
        self.outcomes = [HostOutcome(target) for target in targets]
        self.ended: set[int] = set()
        self._work, self._events, self._fail_fast = work, events, fail_fast
        self._numbers = iter(range(len(targets)))
        self._failed = False
        self._lock = threading.Lock()

    def work(self) -> None:
        """Work on machine after machine, until there is no other. Runs in a thread."""
        try:
            with contextlib.suppress(KeyboardInterrupt):
                for number in self._taken():
                    self._events.put(_Event(number, "begin"))
                    outcome = self._attempt(Channel(number, self.stop.fd, self._events))
                    self.outcomes[number] = outcome
                    self._failed |= outcome.failed
                    self._events.put(_Event(number, "end", outcome))
        finally:
            self._events.put(_Event(-1, "over"))

    def blame_interruption(self) -> None:
        """Take errors that the listener did not hear of for what they come from.

        A terminal's Ctrl-C reaches ssh, too: it ends, and its machine seems to be unreachable.
        """
        for number, outcome in enumerate(self.outcomes):
            if outcome.error and number not in self.ended:
                error = interrupted(outcome.target.host)
                self.outcomes[number] = replace(outcome, error=error)

    def _taken(self) -> Iterator[int]:
        while not (self.stop.given or (self._fail_fast and self._failed)):
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                return
            yield number

    def _attempt(self, channel: Channel) -> HostOutcome:
        target, since = self.outcomes[channel.number].target, time.monotonic()
        try:
            run, error = self._work(channel, target), None
        except KeyboardInterrupt:
            self.outcomes[channel.number] = HostOutcome(target, error=interrupted(target.host))
            raise
        except Exception as raised:  # noqa: BLE001 - one machine's failure is never another's
            error = told(raised)
            run = None
        return HostOutcome(target, run, error, time.monotonic() - since)


def _listen(
    events: queue.SimpleQueue[_Event], threads: int, listener: Listener, ended: set[int]
) -> None:
    """Let the listener hear all that is said until every thread is over.

    The numbers of the machines whose end it hears go into `ended`.
    """
    while threads:
        try:
            number, kind, value = events.get(timeout=TICK)
        except queue.Empty:
            listener.tick()
            continue
        if kind == "over":
            threads -= 1
        elif kind == "ask":
            prompt, reply = value
            answer = None
            try:
                answer = listener.ask(prompt)
            finally:
                reply.put(answer)
        elif kind == "begin":
            listener.begin(number)
        else:
            if kind == "end":
                ended.add(number)
            getattr(listener, kind)(number, value)


def _join(threads: Sequence[threading.Thread], events: queue.SimpleQueue[_Event]) -> None:
    """Wait for all threads; whichever still asks for something gets no answer."""
    for thread in threads:
        while thread.is_alive():
            thread.join(TICK)
            with contextlib.suppress(queue.Empty):
                while True:
                    _, kind, value = events.get_nowait()
                    if kind == "ask":
                        value[1].put(None)
