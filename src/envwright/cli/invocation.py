"""The invocation: one call of the program, as every verb is given it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from envwright.fetch.stage import Fetching

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envwright.cache.fastpath import Attempt
    from envwright.report.terminal import Report
    from envwright.timings import Timings


class Invocation(NamedTuple):
    """One call of the program.

    Args:
        words: the command line.
        report: shows everything.
        timings: counts where the time goes.
        attempt: the fast path, where it was tried: an open session, and the machine's answers.
    """

    words: Sequence[str]
    report: Report
    timings: Timings
    attempt: Attempt | None = None

    def fetching(self, *, offline: bool = False) -> Fetching:
        """Return how layers are fetched that are not in the cache: a person is told of each."""
        return Fetching(self.report.complain, offline)
