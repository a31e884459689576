"""The step for the Windows side: PowerShell can read it, and it calls what Windows has."""

from __future__ import annotations

from dataclasses import replace

from powershell import commands, literals, parse
from standins import WSL

from envwright.bench.windows_step import windows_step


def test_the_script_is_one_that_powershell_reads_and_calls_nothing_unknown() -> None:
    root = parse(windows_step(WSL, "/home/dev"))
    own = {"Measure-Random", "Measure-Tree"}
    assert commands(root) == {*own, "New-Object", "Write-Output"}


def test_the_folders_are_those_of_windows_and_of_the_distribution() -> None:
    odd = replace(WSL, distribution="Dev's\u2019; Remove-Item x")
    found = literals(parse(windows_step(odd, "/home/dev")))
    there = "\\\\wsl.localhost\\Dev's\u2019; Remove-Item x\\home\\dev"
    assert found[:3] == ["a drive of Windows", "the disk of WSL", there]
