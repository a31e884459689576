"""The table of a machine's figures."""

from __future__ import annotations

from envwright.bench.measuring import Measured
from envwright.bench.places import Place
from envwright.report.bench import table

NEAR = Measured(Place("/home/dev", "ext4", "dev"), {"randread": 1200.5, "unpack": 50.0})
FAR = Measured(
    Place("/mnt/c", "9p", "dev"),
    {"randread": 9.0, "unpack": 2000},
    frozenset({"randread"}),
    ("git",),
)


def test_each_place_has_its_figures_and_a_slow_one_its_factor() -> None:
    assert list(table([NEAR, FAR])) == [
        "/home/dev  (ext4)",
        "  4 KiB random read, MiB/s               1 200.5",
        "  unpack 2 000 files, ms                      50",
        "/mnt/c  (9p)",
        "  4 KiB random read, MiB/s                     9  by the cache: no direct access here",
        "  unpack 2 000 files, ms                   2 000",
        "  not measured: git",
        "  /home/dev unpacks 40.0 times as fast",
        "",
        "To compare, 4 KiB at random as above, published by one author of one desktop, in MiB/s:",
        "  Windows, its own drive                     576",
        "  WSL, its own disk                          209",
        "  WSL, a drive of Windows                   16.5",
        "  Windows, the disk of WSL                  37.5",
    ]
