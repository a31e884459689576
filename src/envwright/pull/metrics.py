"""Metrics: the record of a run in Prometheus' text format, for node_exporter's textfile collector.

node_exporter reads the files *.prom of a folder, and serves what they hold beside its own metrics.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envwright.portable import whole_file
from envwright.pull.record import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from envwright.pull.record import Record
    from envwright.report.terminal import Report

FILE = "envwright.prom"
NODE_EXPORTER = Path("/var/lib/prometheus/node-exporter")
"""The folder that the node_exporter of Debian and Ubuntu reads."""
LINK = "metrics"
"""A link in the folder of the settings that leads to the folder of the metrics."""
READABLE = 0o644
"""The mode of the file: node_exporter reads it as a user of its own."""
_PREFIX = "envwright_pull_"


class _Metric(NamedTuple):
    """A gauge: its name, what it tells, and its values by their labels."""

    name: str
    about: str
    values: tuple[tuple[Mapping[str, str], float], ...]


def text(record: Record) -> str:
    """Return a record in Prometheus' text format."""
    lines: list[str] = []
    for name, about, values in _metrics(record):
        whole = f"{_PREFIX}{name}"
        lines += [f"# HELP {whole} {about}", f"# TYPE {whole} gauge"]
        lines += [f"{whole}{_labels(labels)} {value:.15g}" for labels, value in values]
    return "\n".join(lines) + "\n"


def _metrics(record: Record) -> Iterator[_Metric]:
    def one(name: str, about: str, value: float) -> _Metric:
        return _Metric(name, about, (({}, value),))

    yield one("last_run_timestamp_seconds", "When the last run began.", _seconds(record.time))
    if record.last_good:
        about = "When the last run began that left nothing to do."
        yield one("last_good_timestamp_seconds", about, _seconds(record.last_good["time"]))
    yield one("last_run_duration_seconds", "How long the last run took.", record.seconds)
    yield _Metric(
        "last_run_outcome",
        "1 for the outcome of the last run, 0 for each other.",
        tuple(({"outcome": word}, word == record.outcome) for word in OUTCOMES),
    )
    about = "The resources that differed when the last run began."
    yield one("differing_resources", about, len(record.changes))
    about = "The resources that wait for a restart of the machine."
    yield one("pending_resources", about, len(record.pending))
    yield one("failed_checks", "The checks that failed in the last run.", len(record.failures))
    settings = {"environment": record.environment, "ref": record.ref, "mode": record.mode}
    labels = {**settings, "commit": (record.commit or {}).get("id", "")}
    yield _Metric("info", "What the machine follows, and the commit it saw.", ((labels, 1),))


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()


def _labels(labels: Mapping[str, str]) -> str:
    """Return labels as the format has them: a backslash, a quote and a line feed are escaped."""
    escapes = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
    inner = ",".join(f'{name}="{value.translate(escapes)}"' for name, value in labels.items())
    return f"{{{inner}}}" if inner else ""


def write(record: Record, folder: Path, report: Report) -> None:
    """Write the metrics into the folder that the settings lead to; a failure fails no run.

    Args:
        record: what is told.
        folder: the folder of the settings.
        report: hears why the metrics cannot be written.
    """
    try:
        target = (folder / LINK).readlink()
    except OSError:
        return  # no metrics are wanted
    try:
        # Its user owns the folder above node_exporter's: no link there may lead root elsewhere.
        held = whole_file.open_folder(target, through_links=False)
        try:
            whole_file.write(held, FILE, text(record).encode("utf-8", "replace"), READABLE)
        finally:
            os.close(held)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and target == NODE_EXPORTER:
            return  # node_exporter is not installed
        report.complain(f"the metrics cannot be written to {target}: {error.strerror}")
