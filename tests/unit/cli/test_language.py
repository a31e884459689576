"""check: the kinds of machine that an environment is good for."""

from __future__ import annotations

import argparse
import io
from typing import TYPE_CHECKING

import pytest

from envwright.cli import language
from envwright.cli.invocation import Invocation
from envwright.errors import UnfitError
from envwright.report.terminal import Report
from envwright.spec.sample_machines import MACHINES
from envwright.timings import OFF

if TYPE_CHECKING:
    from pathlib import Path


def test_an_environment_that_is_good_for_no_kind_is_an_error_at_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # All kinds but WSL, where a Windows drive can be mounted.
    monkeypatch.setattr(language, "MACHINES", [m for m in MACHINES if not m.wsl])
    (tmp_path / "box.yaml").write_text('name: box\nmounts: {/mnt/d: {drive: "D:"}}\n', "utf-8")
    out = io.StringIO()
    call = Invocation(["check", "box.yaml"], Report(out, io.StringIO()), OFF)
    with pytest.raises(UnfitError) as raised:
        language.check(argparse.Namespace(environment="box.yaml", var=[]), call)
    reason = "/mnt/d is a Windows drive, and this machine does not run under WSL"
    assert out.getvalue() == (
        "box.yaml: not for debian 13:\n"
        f"    box.yaml:2: {reason}\n"
        "box.yaml: not for ubuntu 24.04:\n"
        f"    box.yaml:2: {reason}\n"
    )
    assert str(raised.value) == (
        f"box.yaml:2:18: {reason}\n"
        '    mounts: {/mnt/d: {drive: "D:"}}\n'
        "                     ^\n"
        "hint: put it into an environment for WSL that extends this one"
    )
