"""Measuring: tools run in turns, so that other load on the computer slows all of them alike."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Sample:
    """One run.

    Args:
        seconds: wall time.
        peak: the memory of its largest process, in KiB.
        fault: what was wrong; "" where the run counts.
        cpu: the seconds that processors worked for it, here or in the machine where it ran.
    """

    seconds: float
    peak: int = 0
    fault: str = ""
    cpu: float = 0


@dataclass(frozen=True)
class Cell:
    """One tool in one row of the table.

    Args:
        row: the row's name.
        tool: the tool's name.
        measure: makes one run.
        absent: why it cannot be measured here; "" when it can.
    """

    row: str
    tool: str
    measure: Callable[[], Sample]
    absent: str = ""


@dataclass
class Figure:
    """What a cell came to: its runs in order; `fault` says why there is no figure."""

    row: str
    tool: str
    runs: list[float] = field(default_factory=list)
    peak: int = 0
    fault: str = ""
    cpus: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """The median of its runs, in seconds."""
        return statistics.median(self.runs)

    def take(self, sample: Sample) -> None:
        """Add a run to the figure, or record why it is no figure."""
        self.fault = sample.fault
        if not self.fault:
            self.runs.append(sample.seconds)
            self.cpus.append(sample.cpu)
            self.peak = max(self.peak, sample.peak)

    def json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        if self.fault or not self.runs:
            return {"row": self.row, "tool": self.tool, "fault": self.fault}
        return {
            "row": self.row,
            "tool": self.tool,
            "median": self.median,
            "minimum": min(self.runs),
            "maximum": max(self.runs),
            "runs": list(self.runs),
            "cpu": list(self.cpus),
            "peak_kib": self.peak,
        }


@dataclass(frozen=True)
class Patience:
    """How often a cell is measured.

    Args:
        runs: at most so many times.
        seconds: no further run after so many seconds of them; there is always one.
    """

    runs: int
    seconds: float

    def warm(self, sample: Sample) -> bool:
        """Tell whether a first run only warmed caches; one that takes long is a figure at once."""
        return sample.seconds * 3 < self.seconds

    def over(self, figure: Figure) -> bool:
        """Tell whether a cell has been measured enough."""
        enough = len(figure.runs) >= self.runs or sum(figure.runs) >= self.seconds
        return bool(figure.fault) or enough


def take_turns(
    cells: Iterable[Cell], patience: Patience, tell: Callable[[Cell, Sample], None]
) -> list[Figure]:
    """Measure the cells of a row in turns (A B C A B C ...); `tell` hears of each run.

    The first round warms caches and does not count, but for runs so long that it does not matter.
    """
    figures = {cell: Figure(cell.row, cell.tool, fault=cell.absent) for cell in cells}
    waiting = [cell for cell in figures if not cell.absent]
    first = True
    while waiting:
        for cell in waiting:
            sample = cell.measure()
            tell(cell, sample)
            if sample.fault or not (first and patience.warm(sample)):
                figures[cell].take(sample)
        waiting = [cell for cell in waiting if not patience.over(figures[cell])]
        first = False
    return list(figures.values())
