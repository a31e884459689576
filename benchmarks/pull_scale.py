"""Pull mode for thousands of machines: a simulation of what their one git server is asked.

    python -m benchmarks.pull_scale

It prints the figures of docs/scale.md. The timers are those that `pull install` writes, and behave
as systemd's (systemd.timer(5)): each machine adds a delay of its own that stays the same; a run
that was missed while the machine was off starts after the boot, with that delay.
"""

from __future__ import annotations

import math
import random
import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from envwright.fetch.git import SECONDS
from envwright.pull.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MACHINES = 10_000
SEED = 1
MINUTE, HOUR, DAY = 60, 3600, 86400
PERIODS = {"m": MINUTE, "h": HOUR, "d": DAY}
EVERY = ("15m", "1h", "4h", "1d")
DAYS = ("up", "down (all fail)", "up again")
"""The days that are simulated for a server that is down on one of them."""
RETURN = 2 * DAY
"""When the server is up again, in seconds since the first midnight."""
REQUESTS_UNCHANGED, REQUESTS_CHANGED = 2, 3
"""Requests of a fetch over https that finds nothing new, and of one that does."""
MORNING, EVENING = (9 * HOUR, 45 * MINUTE), (17.5 * HOUR, HOUR)
"""When laptops are switched on and off: the mean and the standard deviation."""


class Timer(NamedTuple):
    """The timer of one machine: its period, and the delay that it adds, in seconds."""

    period: int
    delay: float


class Session(NamedTuple):
    """A time in which a machine is on, in seconds since the first midnight."""

    begin: float
    end: float


def fetches(timer: Timer, sessions: Iterable[Session]) -> Iterator[float]:
    """Yield the times at which a machine fetches."""
    due = 0.0  # the first time of the calendar that had no run
    for session in sessions:
        # What was due while the machine was off counts as due at the boot.
        due = max(due, session.begin)
        while due + timer.delay < session.end:
            yield due + timer.delay
            due = (math.floor((due + timer.delay) / timer.period) + 1) * timer.period


@dataclass(frozen=True)
class Load:
    """What a server is asked: the fetches of each second."""

    seconds: Counter[int]

    @staticmethod
    def of(times: Iterable[float]) -> Load:
        """Count fetches."""
        return Load(Counter(map(int, times)))

    @property
    def fetches(self) -> int:
        """How many fetches there are."""
        return self.seconds.total()

    @property
    def busiest_second(self) -> int:
        """The fetches of the busiest second."""
        return max(self.seconds.values(), default=0)

    @property
    def busiest_minute(self) -> int:
        """The fetches of the busiest minute of the clock."""
        minutes: Counter[int] = Counter()
        for second, count in self.seconds.items():
            minutes[second // MINUTE] += count
        return max(minutes.values(), default=0)


def chance() -> random.Random:
    """Return a source of the same numbers each time."""
    return random.Random(SEED)  # noqa: S311 - nothing is kept secret by them


def timers(every: str, source: random.Random, *, spread: bool = True) -> list[Timer]:
    """Return the timers of all machines, as `pull install --every` sets them up."""
    delay = Settings("https://example.com/team.git", "box.yaml", signers=True, every=every).delay
    period = int(every[:-1]) * PERIODS[every[-1]]
    return [Timer(period, source.random() * delay * spread) for _ in range(MACHINES)]


def always_on() -> list[Session]:
    """Return the sessions of a machine that is never switched off."""
    return [Session(0, len(DAYS) * DAY)]


def office_hours(source: random.Random) -> list[Session]:
    """Return the sessions of a laptop."""
    return [
        Session(day * DAY + source.gauss(*MORNING), day * DAY + source.gauss(*EVENING))
        for day in range(len(DAYS))
    ]


# --- The text ------------------------------------------------------------------------------------


def text() -> str:
    """Return all figures, the same ones each time."""
    return "\n\n".join(
        [
            f"{MACHINES} machines, one git server, seed {SEED}\n\n{_periods()}",
            _outage(),
            f"{_hanging()}\n",
        ]
    )


def _periods() -> str:
    """Compare periods: machines that are always on, on a day on which the server is up."""
    rows = [("--every", "delay", "fetches/day", "mean/s", "busiest s", "busiest min", "newest by")]
    for every, spread in (*((every, True) for every in EVERY), ("1h", False)):
        made = timers(every, chance(), spread=spread)
        load = Load.of(t for timer in made for t in fetches(timer, [Session(0, DAY)]))
        longest = max(timer.delay for timer in made)
        newest = (made[0].period + longest) / MINUTE
        rows.append(
            (
                every if spread else f"{every}, no delay",
                f"{longest:.0f} s",
                f"{load.fetches}",
                f"{load.fetches / DAY:.1f}",
                f"{load.busiest_second}",
                f"{load.busiest_minute}",
                f"{newest:.0f} min",
            )
        )
    return _table(rows)


def _outage() -> str:
    """Compare the days before, while and after the server is down, with `--every 1h`."""
    source = chance()
    made = timers("1h", source)
    fleets = {
        "always on": [always_on()] * MACHINES,
        "laptops": [office_hours(source) for _ in range(MACHINES)],
    }
    rows = [("--every 1h", "day", "fetches", "busiest s", "busiest min", "have the newest after")]
    for name, sessions in fleets.items():
        runs = [[*fetches(timer, each)] for timer, each in zip(made, sessions, strict=True)]
        for day, title in enumerate(DAYS):
            here = [t for times in runs for t in times if day * DAY <= t < (day + 1) * DAY]
            load = Load.of(here)
            row = (f"{load.fetches}", f"{load.busiest_second}", f"{load.busiest_minute}")
            rows.append((name, title, *row, _caught_up(runs) if day * DAY == RETURN else ""))
    return _table(rows)


def _caught_up(runs: Iterable[Sequence[float]]) -> str:
    """Say how long after the server's return half of the machines, and all, have fetched."""
    first = sorted(next(t for t in times if t >= RETURN) - RETURN for times in runs)
    half, whole = first[len(first) // 2], first[-1]
    return f"half {half / HOUR:.1f} h, all {whole / HOUR:.1f} h"


def _hanging() -> str:
    """Say what the arithmetic is, and what a server holds that accepts and answers nothing."""
    delay = max(timer.delay for timer in timers("1h", chance()))
    rate = MACHINES / delay
    requests = f"{rate * REQUESTS_UNCHANGED:.0f} to {rate * REQUESTS_CHANGED:.0f} requests/s"
    return (
        f"--every 1h, in the minutes in which machines fetch: {MACHINES} / {delay:.0f} s = "
        f"{rate:.1f} fetches/s = {requests}\n"
        f"a server that hangs: {rate:.1f} fetches/s x {SECONDS} s = {rate * SECONDS:.0f} "
        "connections at a time"
    )


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


if __name__ == "__main__":
    sys.stdout.write(text())
