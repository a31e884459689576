"""Metrics: what Prometheus reads of a run, and where the file is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from envwright.pull import metrics
from envwright.pull.record import OUTCOMES, Record
from envwright.report.terminal import Report

if TYPE_CHECKING:
    from pathlib import Path

TIME = "2026-01-02T03:04:05+00:00"


def record(**more: Any) -> Record:
    fields = {"url": "https://example.com/team.git", "ref": "main", "environment": "box.yaml"}
    return Record(**{"time": TIME, "mode": "apply", "seconds": 1.25, **fields, **more})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the settings, whose link leads to a folder for metrics."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "prom").mkdir()
    (tmp_path / "etc/metrics").symlink_to(tmp_path / "prom")
    return tmp_path / "etc"


WHOLE = """\
# HELP envwright_pull_last_run_timestamp_seconds When the last run began.
# TYPE envwright_pull_last_run_timestamp_seconds gauge
envwright_pull_last_run_timestamp_seconds 1767323045
# HELP envwright_pull_last_good_timestamp_seconds When the last run began that left nothing to do.
# TYPE envwright_pull_last_good_timestamp_seconds gauge
envwright_pull_last_good_timestamp_seconds 1767319445
# HELP envwright_pull_last_run_duration_seconds How long the last run took.
# TYPE envwright_pull_last_run_duration_seconds gauge
envwright_pull_last_run_duration_seconds 1.25
# HELP envwright_pull_last_run_outcome 1 for the outcome of the last run, 0 for each other.
# TYPE envwright_pull_last_run_outcome gauge
envwright_pull_last_run_outcome{outcome="as it should be"} 0
envwright_pull_last_run_outcome{outcome="differs"} 0
envwright_pull_last_run_outcome{outcome="applied"} 0
envwright_pull_last_run_outcome{outcome="restart needed"} 1
envwright_pull_last_run_outcome{outcome="checks failed"} 0
envwright_pull_last_run_outcome{outcome="refused"} 0
envwright_pull_last_run_outcome{outcome="locked"} 0
envwright_pull_last_run_outcome{outcome="failed"} 0
# HELP envwright_pull_differing_resources The resources that differed when the last run began.
# TYPE envwright_pull_differing_resources gauge
envwright_pull_differing_resources 2
# HELP envwright_pull_pending_resources The resources that wait for a restart of the machine.
# TYPE envwright_pull_pending_resources gauge
envwright_pull_pending_resources 1
# HELP envwright_pull_failed_checks The checks that failed in the last run.
# TYPE envwright_pull_failed_checks gauge
envwright_pull_failed_checks 0
# HELP envwright_pull_info What the machine follows, and the commit it saw.
# TYPE envwright_pull_info gauge
envwright_pull_info{environment="box.yaml",ref="main",mode="apply",commit="0123abcd"} 1
"""


def test_a_run_is_told_in_the_text_format_of_prometheus() -> None:
    run = record(
        outcome="restart needed",
        commit={"id": "0123abcd", "date": TIME, "signer": "alice"},
        changes=[{"id": "file:/a", "verb": "create"}, {"id": "wsl", "verb": "change"}],
        pending=["wsl"],
        last_good={"time": "2026-01-02T02:04:05+00:00", "commit": "beef"},
    )
    assert metrics.text(run) == WHOLE


def test_a_run_that_never_was_good_has_no_time_of_it() -> None:
    assert "last_good" not in metrics.text(record(outcome="refused"))


def test_exactly_one_outcome_is_on_whatever_it_is() -> None:
    for word in OUTCOMES:
        lines = metrics.text(record(outcome=word)).splitlines()
        on = [line for line in lines if "outcome{" in line and line.endswith(" 1")]
        assert on == [f'envwright_pull_last_run_outcome{{outcome="{word}"}} 1']


def test_names_with_quotes_stay_within_their_labels() -> None:
    text = metrics.text(record(environment='a\\b"c\nd.yaml'))
    assert 'environment="a\\\\b\\"c\\nd.yaml",ref=' in text.splitlines()[-1]


def test_the_file_can_be_read_by_node_exporter_and_nothing_else_is_left(folder: Path) -> None:
    report = Report()
    for outcome in ("failed", "applied"):
        metrics.write(record(outcome=outcome), folder, report)
    (file,) = folder.with_name("prom").iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == ("envwright.prom", 0o644)
    assert file.read_text() == metrics.text(record(outcome="applied"))


def test_a_link_that_a_user_put_on_the_way_leads_nowhere(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prom = folder.with_name("prom")
    (tmp_path / "precious").mkdir()
    prom.rmdir()
    prom.symlink_to("precious")
    metrics.write(record(), folder, Report())
    assert [*(tmp_path / "precious").iterdir()] == []
    assert capsys.readouterr().err == f"the metrics cannot be written to {prom}: Not a directory\n"


def test_a_folder_that_is_gone_is_told_and_fails_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prom = folder.with_name("prom")
    prom.rmdir()
    metrics.write(record(), folder, Report())
    told = f"the metrics cannot be written to {prom}: No such file or directory\n"
    assert capsys.readouterr().err == told


def test_where_no_metrics_are_wanted_none_are_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "metrics").unlink()
    metrics.write(record(), folder, Report())
    assert [*folder.with_name("prom").iterdir()] == []
    assert capsys.readouterr().err == ""


def test_without_node_exporter_its_folder_is_not_missed(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    prom = folder.with_name("prom")
    prom.rmdir()
    monkeypatch.setattr(metrics, "NODE_EXPORTER", prom)
    metrics.write(record(), folder, Report())
    assert capsys.readouterr().err == ""
