"""Where CI=true a skipped test is a failed test, by the rule in tests/conftest.py."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

CONFTEST = Path(__file__).parents[1] / "conftest.py"
SKIPPING = """\
import pytest
def test_that_passes(): pass
@pytest.mark.skip("there is no sshd")
def test_with_a_mark(): pass
def test_with_a_call(): pytest.skip("there is no sudo")
@pytest.fixture
def engine(): pytest.skip("no Docker engine answers")
def test_with_a_fixture(engine): pass
@pytest.mark.skip("this computer runs under WSL")
def test_with_a_listed_reason(): pass
@pytest.mark.xfail
def test_that_is_known_to_fail(): assert False
"""
WHOLE_MODULE = 'import pytest\npytest.skip("no such library", allow_module_level=True)\n'


def outcomes(folder: Path, **environment: str) -> dict[str, str]:
    """How each test of a scratch folder ends, and what is said of it."""
    shutil.copy(CONFTEST, folder)
    (folder / "test_some.py").write_text(SKIPPING)
    (folder / "test_module.py").write_text(WHOLE_MODULE)
    argv = [sys.executable, "-m", "pytest", "--continue-on-collection-errors", "--junit-xml=told"]
    env = {name: value for name, value in os.environ.items() if name != "CI"} | environment
    subprocess.run(argv, cwd=folder, env=env, capture_output=True, check=False)
    return dict(ended(case) for case in ET.parse(folder / "told").iter("testcase"))


def ended(case: ET.Element) -> tuple[str, str]:
    """The name of a test, and how it ended."""
    for part in case:
        said = part.attrib["message"] if part.tag == "skipped" else part.text
        return case.attrib["name"], f"{part.tag}: {said}"
    return case.attrib["name"], "passed"


def test_elsewhere_a_test_whose_program_is_missing_is_skipped(tmp_path: Path) -> None:
    assert outcomes(tmp_path) == {
        "test_module": "skipped: collection skipped",
        "test_that_passes": "passed",
        "test_with_a_mark": "skipped: there is no sshd",
        "test_with_a_call": "skipped: there is no sudo",
        "test_with_a_fixture": "skipped: no Docker engine answers",
        "test_with_a_listed_reason": "skipped: this computer runs under WSL",
        "test_that_is_known_to_fail": "skipped: ",
    }


def test_in_ci_only_a_test_with_a_listed_reason_is_skipped(tmp_path: Path) -> None:
    rule = "CI=true allows no skipped test (see MAY_SKIP)"
    assert outcomes(tmp_path, CI="true") == {
        "test_module": f"error: {rule}: no such library",
        "test_that_passes": "passed",
        "test_with_a_mark": f"error: {rule}: there is no sshd",
        "test_with_a_call": f"failure: {rule}: there is no sudo",
        "test_with_a_fixture": f"error: {rule}: no Docker engine answers",
        "test_with_a_listed_reason": "skipped: this computer runs under WSL",
        "test_that_is_known_to_fail": "skipped: ",
    }
