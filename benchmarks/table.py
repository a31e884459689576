"""The table: figures as a person reads them, with their ratio to the floor and to envwright."""

from __future__ import annotations

import itertools
import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from benchmarks.measuring import Figure

OURS = "envwright"
HEAD = ("", "median", "min", "max", "runs", "of floor", "of ours", "cpu", "memory")


def table(figures: Iterable[Figure], titles: Mapping[str, str], floors: Mapping[str, str]) -> str:
    """Write figures as text, a block for each row.

    Args:
        figures: those of a row stand together.
        titles: what each row is called.
        floors: the tool that each row's figures are compared with.
    """
    blocks = []
    for row, group in itertools.groupby(figures, key=lambda figure: figure.row):
        lines = _aligned([HEAD, *_lines(list(group), floors.get(row, ""))])
        blocks.append("\n".join([titles[row], *lines]))
    return "\n\n".join(blocks) + "\n"


def seconds(value: float) -> str:
    """Write a duration with three digits that mean something: `0.0212`, `0.434`, `24.6`."""
    digits = next((d for d, bound in ((4, 0.1), (3, 1), (2, 10), (1, 100)) if value < bound), 0)
    return f"{value:.{digits}f} s"


def _lines(figures: Sequence[Figure], floor: str) -> Iterator[tuple[str, ...]]:
    medians = {f.tool: f.median for f in figures if f.runs and not f.fault}
    for figure in figures:
        if figure.tool not in medians:
            yield figure.tool, figure.fault
            continue
        ratios = (
            f"{figure.median / medians[other]:.2f}x" if other in medians else ""
            for other in (floor, OURS)
        )
        times = map(seconds, (figure.median, min(figure.runs), max(figure.runs)))
        cpu = seconds(statistics.median(figure.cpus)) if any(figure.cpus) else ""
        memory = f"{figure.peak / 1024:.0f} MiB" if figure.peak else ""
        yield figure.tool, *times, str(len(figure.runs)), *ratios, cpu, memory


def _aligned(lines: Sequence[tuple[str, ...]]) -> list[str]:
    """Align columns; a line of two cells (a tool and why it has no figure) sets no widths."""
    whole = [line for line in lines if len(line) == len(HEAD)]
    widths = [max(len(line[column]) for line in whole) for column in range(len(HEAD))]
    widths[0] = max(len(line[0]) for line in lines)
    aligned = []
    for name, *cells in lines:
        columns = (
            cells
            if len(cells) == 1
            else [c.rjust(w) for c, w in zip(cells, widths[1:], strict=True)]
        )
        aligned.append("  ".join(["", name.ljust(widths[0]), *columns]).rstrip())
    return aligned
