"""Progress: a line for each machine that is done, and on a terminal a table of the others."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from envwright.fleet.outcome import FAILURES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from envwright.fleet.outcome import HostOutcome
    from envwright.host.inventory import Target
    from envwright.report.terminal import Report

COLOURS = {
    "same": "ok",
    "changed": "ok",
    "proven": "ok",
    "differs": "~",
    "restart": "skipped",
    "skipped": "skipped",
    "unproven": "failed",
    **dict.fromkeys(FAILURES, "failed"),
}
"""Names of the report's colours, by the words of outcomes."""


class Progress:
    """A listener of a pool that shows what goes on.

    Args:
        report: where.
        targets: the machines, by their numbers.
        ask: asks a person for a password, given the text to show.
    """

    def __init__(
        self, report: Report, targets: Sequence[Target], ask: Callable[[str], str]
    ) -> None:
        self._report, self._targets, self._ask = report, targets, ask
        self._done = 0
        self._running: dict[int, tuple[str, float]] = {}

    def begin(self, number: int) -> None:
        """Show a machine in the table."""
        self._running[number] = "connecting", time.monotonic()
        self.tick()

    def say(self, number: int, words: str) -> None:
        """Show what is done on a machine."""
        self._running[number] = words, self._running[number][1]
        self.tick()

    def end(self, number: int, outcome: HostOutcome) -> None:
        """Write the machine's line."""
        del self._running[number]
        self._done += 1
        text = f"{outcome.target.host}{summary(outcome)}  ({outcome.seconds:.1f} s)"
        self._report.host(COLOURS[outcome.word], outcome.word, text)
        self.tick()

    def ask(self, prompt: str) -> str:
        """Ask for a password, on a line without the table."""
        self._report.region([])
        return self._ask(prompt)

    def tick(self) -> None:
        """Draw the table anew."""
        if not self._report.live:
            return
        now = time.monotonic()
        width = max((len(self._targets[n].host) for n in self._running), default=0)
        lines = [
            f"  {'...':<11}  {self._targets[number].host:<{width}}  {now - since:5.0f} s  {words}"
            for number, (words, since) in self._running.items()
        ]
        head = f"  {self._done} of {len(self._targets)} done"
        self._report.region([*lines, head] if lines else [])


def summary(outcome: HostOutcome) -> str:
    """Say in a few words how a machine deviates; "" where it does not."""
    if outcome.word == "unproven":
        return f": {len(outcome.failures)} failed"
    if outcome.word == "restart":
        pending = () if outcome.run is None else outcome.run.pending
        return f": {len(pending)} pending" if pending else ""
    words = {"differs": "to change", "changed": "changed"}
    if outcome.word in words:
        return f": {len(outcome.changes)} {words[outcome.word]}"
    return ""
