"""What all tests share: signals as a terminal has them, and no skipped test where CI=true."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

# Under nohup, and in the background of a script, these are ignored, and children inherit that.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)

MAY_SKIP = {
    "this computer runs under WSL": "the test looks at a computer that is not under WSL",
}
"""The reasons for which CI may skip a test, and why nothing is left unproven by that."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed test: what nobody looked at is not proven."""
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """In CI the same holds for a module that is skipped as a whole."""
    return _refuse_skip((yield))


def _refuse_skip(report: Report) -> Report:
    if not report.skipped or os.environ.get("CI") != "true" or hasattr(report, "wasxfail"):
        return report
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    reason = reason.removeprefix("Skipped: ")
    if reason not in MAY_SKIP:
        report.outcome = "failed"
        report.longrepr = f"CI=true allows no skipped test (see MAY_SKIP): {reason}"
    return report
