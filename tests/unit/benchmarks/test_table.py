"""The table's text."""

from __future__ import annotations

import pytest

from benchmarks.measuring import Figure
from benchmarks.table import seconds, table

TABLE = """\
A plan
                  median      min      max  runs  of floor  of ours       cpu  memory
  ssh host true  0.160 s  0.150 s  0.170 s     3     1.00x    0.25x
  envwright      0.640 s  0.640 s  0.640 s     1     4.00x    1.00x  0.0510 s  40 MiB
  mise           absent: npm is not installed

An apply
              median     min     max  runs  of floor  of ours  cpu  memory
  a new tool  12.5 s  12.0 s  13.0 s     2                          64 MiB
"""


def test_a_table_has_a_block_for_each_row_and_ratios_to_the_floor_and_to_envwright() -> None:
    figures = [
        Figure("plan", "ssh host true", [0.15, 0.16, 0.17]),
        Figure("plan", "envwright", [0.64], peak=40960, cpus=[0.051]),
        Figure("plan", "mise", fault="absent: npm is not installed"),
        Figure("apply", "a new tool", [12, 13], peak=65536),
    ]
    titles = {"plan": "A plan", "apply": "An apply"}
    assert table(figures, titles, {"plan": "ssh host true", "apply": "expert.sh"}) == TABLE


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.02124, "0.0212 s"),
        (0.4344, "0.434 s"),
        (2.345, "2.35 s"),
        (24.61, "24.6 s"),
        (150.2, "150 s"),
    ],
)
def test_a_duration_has_three_digits_that_mean_something(value: float, text: str) -> None:
    assert seconds(value) == text
