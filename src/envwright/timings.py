"""Timings: how many seconds each stage of a run took, for `--timings`."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType


class Timings:
    """Adds up the seconds of each stage. A stage within another is subtracted from the outer one.

    `with timings("probe"): ...` counts for the stage "probe".
    """

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._open: list[str] = []
        self._since = 0.0
        self.begin("the rest")
        self._seconds["start"] = _since_start()

    def begin(self, what: str) -> None:
        """Begin a stage, which lasts until `end`."""
        self._count()
        self._open.append(what)
        self._seconds.setdefault(what, 0)

    def end(self) -> None:
        """End the stage that began last; the one around it goes on."""
        self._count()
        self._open.pop()

    def _count(self) -> None:
        now = time.perf_counter()
        if self._open:
            self._seconds[self._open[-1]] += now - self._since
        self._since = now

    def __call__(self, what: str) -> Timings:
        """Begin a stage that ends with the `with` block."""
        self.begin(what)
        return self

    def __enter__(self) -> None:
        """Do nothing: `__call__` has begun the stage."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def seconds(self) -> dict[str, float]:
        """Return the seconds by stage, in the order in which the stages began."""
        self._count()
        rest = self._seconds["the rest"]
        parts = {what: spent for what, spent in self._seconds.items() if what != "the rest"}
        return {what: round(spent, 4) for what, spent in {**parts, "the rest": rest}.items()}

    def text(self) -> str:
        """Return a table of the milliseconds of each stage."""
        seconds = self.seconds()
        lines = [f"{spent * 1000:10.1f} ms  {what}" for what, spent in seconds.items()]
        total = f"{sum(seconds.values()) * 1000:10.1f} ms  in all"
        return "\n".join(["Timings:", *lines, total, ""])


class NoTimings(Timings):
    """Counts nothing and reads no clock: for runs without `--timings`."""

    def __init__(self) -> None:
        """Do nothing."""

    def begin(self, what: str) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do nothing."""

    def seconds(self) -> dict[str, float]:
        """Return nothing."""
        return {}


OFF = NoTimings()


def timings(words: Sequence[str]) -> Timings:
    """Return what counts the stages of a command line; `OFF` unless it has `--timings`."""
    return Timings() if "--timings" in words else OFF


def _since_start() -> float:
    """Return the seconds since this process began (proc_pid_stat(5)), to a hundredth."""
    try:
        with open("/proc/self/stat", "rb") as stream:  # noqa: PTH123 - light
            ticks = int(stream.read().rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0.0
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / 100)
