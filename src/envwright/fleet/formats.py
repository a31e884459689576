"""The formats of a fleet's verification: one TAP stream, one JUnit file."""

from __future__ import annotations

import textwrap
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from envwright.engine.verify import tap, tap_text
from envwright.portable.visible import visible, visible_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from envwright.fleet.outcome import HostOutcome


def tap_all(outcomes: Sequence[HostOutcome]) -> str:
    """Write a test point for each machine, its checks as a subtest of it (TAP 14)."""
    lines = ["TAP version 14", f"1..{len(outcomes)}"]
    for number, outcome in enumerate(outcomes, 1):
        if outcome.run is not None:
            checks = tap(list(outcome.run.checks))
            body = checks.partition("\n")[2].rstrip("\n")  # the version is said already
            lines += [f"# Subtest: {tap_text(outcome.target.host)}", textwrap.indent(body, "    ")]
        state = "ok" if outcome.word == "proven" else "not ok"
        skip = " # SKIP" if outcome.word == "skipped" else ""
        lines.append(f"{state} {number} - {tap_text(outcome.target.host)}{skip}")
        if outcome.error:
            lines += [f"# {line}" for line in visible(str(outcome.error)).split("\n")]
    return "\n".join(lines) + "\n"


def merge(
    outcomes: Sequence[HostOutcome], written: Callable[[int], Path | None], file: Path
) -> None:
    """Write one JUnit file: the suites that each machine's run wrote, or the error it ended in."""
    whole = ET.Element("testsuites", name="pytest tests")
    for number, outcome in enumerate(outcomes):
        host, part = visible_line(outcome.target.host), written(number)
        if part and part.is_file():
            for suite in ET.parse(part).getroot().iter("testsuite"):  # noqa: S314 - pytest wrote it
                suite.set("name", f"{suite.get('name')} on {host}")
                whole.append(suite)
        elif outcome.error:
            suite = ET.SubElement(whole, "testsuite", name=host, tests="1", errors="1")
            case = ET.SubElement(suite, "testcase", name=host)
            error = ET.SubElement(case, "error", message=visible(outcome.error.message))
            error.text = visible(str(outcome.error))
    ET.ElementTree(whole).write(file, encoding="utf-8", xml_declaration=True)
