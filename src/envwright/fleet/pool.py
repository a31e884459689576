"""The crew: so many hands, each at one machine at a time; what they tell is heard in one place."""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from envwright.errors import EnvwrightError, ExitCode, unforeseen
from envwright.fleet.outcome import SKIPPED, Outcome, failure, word_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from typing_extensions import Self

    from envwright.host.inventory import Target

    Work = Callable[["Hand", Target], tuple[ExitCode, Any]]

TICK = 0.25
"""Seconds after which a listener hears that time goes by."""


class Listener(Protocol):
    """Hears of a crew's work, in the thread that runs the crew."""

    def begin(self, number: int) -> None:
        """The machine of that number is under way."""

    def say(self, number: int, words: str) -> None:
        """What is done there now."""

    def end(self, number: int, outcome: Outcome) -> None:
        """What it came to."""

    def ask(self, prompt: str) -> str:
        """Ask a person for a password."""

    def tick(self) -> None:
        """Time goes by."""


class _Event(NamedTuple):
    number: int
    kind: str
    value: Any = None


class Stop:
    """A word to all hands: once it is said, `fd` can be read, for ever. A context manager."""

    def __init__(self) -> None:
        self.fd, self._writing = os.pipe()
        self.said = False

    def say(self) -> None:
        """Say it."""
        if not self.said:
            self.said = True
            os.write(self._writing, b"!")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)
        os.close(self._writing)


@dataclass(frozen=True)
class Hand:
    """What the work on one machine has of its crew."""

    number: int
    stop: int
    _events: queue.SimpleQueue[_Event]

    def say(self, words: str) -> None:
        """Tell what is done now."""
        self._events.put(_Event(self.number, "say", words))

    def ask(self, prompt: str) -> str:
        """Have a person asked for a password.

        Raises:
            KeyboardInterrupt: the crew was stopped instead.
        """
        reply: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._events.put(_Event(self.number, "ask", (prompt, reply)))
        answer = reply.get()
        if answer is None:
            raise KeyboardInterrupt
        return answer


class Crew:
    """Does a verb's work on machines, on so many at the same time.

    Args:
        verb: for the words of its outcomes.
        parallel: how many.
        fail_fast: begin with no further machine once one has failed; those under way go on.
    """

    def __init__(self, verb: str, parallel: int, *, fail_fast: bool) -> None:
        self._verb, self._parallel, self._fail_fast = verb, parallel, fail_fast

    def run(self, targets: Sequence[Target], work: Work, listener: Listener) -> list[Outcome]:
        """Do the work on each machine; return the outcomes in the order of the targets.

        No failure of one machine is another's. An exception of the listener, Ctrl-C among them,
        stops all hands; it is raised when the last of them has closed its session.
        """
        events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        shift = _Shift(self._verb, targets, work, events, fail_fast=self._fail_fast)
        hands = [
            threading.Thread(target=shift.labour, name=f"envwright-{number}")
            for number in range(min(self._parallel, len(targets)))
        ]
        with shift.stop:
            try:
                for hand in hands:
                    hand.start()
                _listen(events, len(hands), listener)
            except BaseException:
                shift.stop.say()
                raise
            finally:
                _see_home(hands, events)
        return shift.outcomes


class _Shift:
    """The machines of one run, the next of which any free hand takes."""

    def __init__(
        self,
        verb: str,
        targets: Sequence[Target],
        work: Work,
        events: queue.SimpleQueue[_Event],
        *,
        fail_fast: bool,
    ) -> None:
        self.stop = Stop()
        self.outcomes = [Outcome(target, SKIPPED) for target in targets]
        self._verb, self._work, self._events, self._fail_fast = verb, work, events, fail_fast
        self._numbers = iter(range(len(targets)))
        self._failed = False
        self._lock = threading.Lock()

    def labour(self) -> None:
        """Take machine after machine, until there is no other."""
        with contextlib.suppress(KeyboardInterrupt):
            for number in self._taken():
                self._events.put(_Event(number, "begin"))
                outcome = self._attempt(Hand(number, self.stop.fd, self._events))
                self.outcomes[number] = outcome
                self._failed |= outcome.failed
                self._events.put(_Event(number, "end", outcome))
        self._events.put(_Event(-1, "home"))

    def _taken(self) -> Iterator[int]:
        while not (self.stop.said or (self._fail_fast and self._failed)):
            with self._lock:
                number = next(self._numbers, None)
            if number is None:
                return
            yield number

    def _attempt(self, hand: Hand) -> Outcome:
        target, since = self.outcomes[hand.number].target, time.monotonic()
        try:
            code, result = self._work(hand, target)
        except Exception as error:  # noqa: BLE001 - one machine's failure is never another's
            told = error if isinstance(error, EnvwrightError) else unforeseen(error)
            word, code, seconds = failure(told), told.exit_code, time.monotonic() - since
            return Outcome(target, word, code, seconds, error=told)
        word = word_for(self._verb, code, result)
        return Outcome(target, word, code, time.monotonic() - since, result)


def _listen(events: queue.SimpleQueue[_Event], hands: int, listener: Listener) -> None:
    """Let the listener hear all that is told until every hand has gone home."""
    while hands:
        try:
            number, kind, value = events.get(timeout=TICK)
        except queue.Empty:
            listener.tick()
            continue
        if kind == "home":
            hands -= 1
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
            getattr(listener, kind)(number, value)


def _see_home(hands: Sequence[threading.Thread], events: queue.SimpleQueue[_Event]) -> None:
    """Wait for all hands; whoever still asks for something gets no answer."""
    for hand in hands:
        while hand.is_alive():
            hand.join(TICK)
            with contextlib.suppress(queue.Empty):
                while True:
                    _, kind, value = events.get_nowait()
                    if kind == "ask":
                        value[1].put(None)
