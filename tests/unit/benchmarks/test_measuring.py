"""Taking turns, warming up, patience, and what a figure says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.measuring import Cell, Figure, Patience, Sample, take_turns

if TYPE_CHECKING:
    from collections.abc import Callable


def runs(*seconds: float) -> Callable[[], Sample]:
    """A measurement that takes these seconds, run by run."""
    left = iter(seconds)
    return lambda: Sample(next(left))


def test_tools_take_turns_and_the_first_round_only_warms() -> None:
    cells = [Cell("row", "a", runs(9, 1, 2)), Cell("row", "b", runs(8, 3, 4))]
    order: list[tuple[str, float]] = []
    figures = take_turns(cells, Patience(2, 100), lambda c, s: order.append((c.tool, s.seconds)))
    assert order == [("a", 9), ("b", 8), ("a", 1), ("b", 3), ("a", 2), ("b", 4)]
    assert figures == [
        Figure("row", "a", [1, 2], cpus=[0, 0]),
        Figure("row", "b", [3, 4], cpus=[0, 0]),
    ]


def test_a_slow_tool_has_fewer_runs_and_needs_no_warming() -> None:
    cells = [Cell("row", "slow", runs(24, 25)), Cell("row", "quick", runs(1, 1, 1, 1, 1))]
    figures = take_turns(cells, Patience(4, 45), lambda *_: None)
    assert [(f.tool, f.runs) for f in figures] == [("slow", [24, 25]), ("quick", [1, 1, 1, 1])]


def test_a_tool_whose_run_is_no_figure_is_left_out_of_further_turns() -> None:
    bad = Cell("row", "bad", lambda: Sample(1, fault="exit code 1: no"))
    figures = take_turns([bad, Cell("row", "good", runs(1, 2))], Patience(1, 9), lambda *_: None)
    assert figures == [
        Figure("row", "bad", fault="exit code 1: no"),
        Figure("row", "good", [2], cpus=[0]),
    ]


def test_an_absent_tool_is_not_measured() -> None:
    cell = Cell("row", "tool", runs(), absent="absent: npm is not installed")
    figures = take_turns([cell], Patience(3, 9), lambda *_: None)
    assert figures == [Figure("row", "tool", fault="absent: npm is not installed")]


def test_a_figure_keeps_its_median_minimum_maximum_and_runs() -> None:
    figure = Figure("row", "tool")
    for sample in (Sample(3, 100, cpu=2), Sample(1, 300), Sample(2, 200), Sample(10, 250)):
        figure.take(sample)
    assert figure.json() == {
        "row": "row",
        "tool": "tool",
        "median": 2.5,
        "minimum": 1,
        "maximum": 10,
        "runs": [3, 1, 2, 10],
        "cpu": [2, 0, 0, 0],
        "peak_kib": 300,
    }


def test_a_figure_that_is_none_says_why() -> None:
    figure = Figure("row", "tool", [1])
    figure.take(Sample(0, fault="more than 150 s"))
    assert figure.json() == {"row": "row", "tool": "tool", "fault": "more than 150 s"}
