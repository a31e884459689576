"""The command: `python -m benchmarks`, from the checkout, as root, with a Docker engine."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from machines.engine import unusable

from benchmarks import HOUSE, installers, rows
from benchmarks.bench import TOOLS, Bench
from benchmarks.measuring import Figure, Patience, take_turns
from benchmarks.table import seconds, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measuring import Cell, Sample
    from benchmarks.rows import Row


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures envwright beside its peers and the floors, all in one run.",
        epilog="Rows: " + ", ".join(row.name for row in rows.ROWS) + ". "
        "Tools: " + ", ".join(tool.name for tool in TOOLS) + ".",
    )
    add = parser.add_argument
    add("--runs", type=int, default=5, help="runs of each tool in each row (default: 5)")
    add(
        "--budget",
        type=float,
        default=45,
        metavar="SECONDS",
        help="no further run of a tool in a row after so many seconds of them (default: 45)",
    )
    add(
        "--limit",
        type=float,
        default=150,
        metavar="SECONDS",
        help="a run is ended after so many (default: 150)",
    )
    add(
        "--only",
        default=rows.DEFAULT,
        metavar="ROWS",
        help=f"rows, or patterns of them, parted by commas (default: {rows.DEFAULT}; all: '*')",
    )
    add("--hosts", type=int, default=100, help="hosts of the row noop-plan-fleet (default: 100)")
    add("--parallel", type=int, default=10, help="so many of them at a time (default: 10)")
    add("--tools", default="", metavar="TOOLS", help="only these, parted by commas; floors stay")
    add("--before", default="", metavar="COMMIT", help="measure this older commit beside, too")
    add("--json", type=Path, metavar="FILE", help="write all runs, minima and maxima there, too")
    return parser.parse_args(arguments)


def _tell(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


def _told(cell: Cell, sample: Sample) -> None:
    _tell(f"{cell.row}: {cell.tool}: {sample.fault or seconds(sample.seconds)}")


def _computer() -> dict[str, Any]:
    """Return what the figures depend on."""
    describe = ["git", "-C", str(HOUSE), "describe", "--always", "--dirty"]
    commit = subprocess.run(describe, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "commit": commit,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "ansible-core": installers.ANSIBLE,
        "mise": installers.MISE,
    }


def _loads() -> list[float]:
    return [round(load, 2) for load in os.getloadavg()]


def _measure(
    chosen: Sequence[Row], options: argparse.Namespace
) -> tuple[list[Figure], dict[str, list[float]]]:
    """Measure the rows; the figures, and the load averages as each row began."""
    wanted = set(filter(None, options.tools.split(",")))
    tools = [t for t in TOOLS if not wanted or t.name in wanted or not t.installer]
    tools = [t for t in tools if options.before or t.installer != "before"]
    figures, loads = [], {}
    crowd = options.hosts, options.parallel
    with Bench(tools, options.limit, _tell, crowd, options.before) as bench:
        bench.prepare()
        for row in chosen:
            loads[row.name] = _loads()
            with bench.cells(row) as cells:
                figures += take_turns(cells, Patience(options.runs, options.budget), _told)
    return figures, loads


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write the JSON; 0 where every figure is one."""
    options = _options(arguments)
    chosen = rows.choose(options.only)
    reason = unusable() or ("" if chosen else f"no row matches {options.only}")
    if reason:
        _tell(reason)
        return 1
    # So that a run that is ended from outside takes its machine and its folders along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    computer = _computer() | {"fleet": f"{options.hosts} hosts, {options.parallel} at a time"}
    computer["load before"] = _loads()
    figures, loads = _measure(chosen, options)
    computer["load after"] = _loads()
    titles = {row.name: f"{row.title} (load {loads[row.name][0]})" for row in chosen}
    head = "\n".join(f"{name}: {value}" for name, value in computer.items())
    floors = {row.name: row.floor for row in chosen}
    sys.stdout.write(f"{head}\n\n{table(figures, titles, floors)}")
    if options.json:
        document = {"computer": computer, "loads": loads, "figures": [f.json() for f in figures]}
        options.json.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
