"""The step for the Windows side: a script that a person pastes into PowerShell, which measures.

It needs nothing that Windows does not have. It was never run on Windows: the tests parse it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.resources.windows.powershell import literal
from envwright.scripts import load

if TYPE_CHECKING:
    from envwright.facts import Machine

_SCRIPT = load(__file__, kind="ps1")


def windows_step(machine: Machine, home: str) -> str:
    r"""Return the script for a machine under WSL.

    Args:
        machine: its name is that of the distribution, by which Windows reaches its files
            (`\\wsl.localhost\NAME`).
        home: a folder of the machine.
    """
    path = home.replace("/", "\\")
    there = literal(f"\\\\wsl.localhost\\{machine.distribution}{path}")
    here = "[IO.Path]::GetTempPath()"
    places = f"'a drive of Windows' = {here}; 'the disk of WSL' = {there}"
    return f"$places = [ordered]@{{ {places} }}\n{_SCRIPT}"
