"""The Windows side of a machine, for tests of what is in its way."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from workstation import workstation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from machines.machine import Machine
    from workstation import Workstation

LINK = """
name: windows
windows:
  links:
    C:\\codes\\docker: {to: /opt/docker}
"""
ELEVATED = """
name: windows
windows:
  links:
    C:\\codes\\docker: {to: /opt/docker}
  terminal: {name: Work}
  script: {ports: [{listen: 8080, connect: 80}]}
"""
FOLDER = "/mnt/c/Users/dev/AppData/Local"
RUN = (
    "powershell.exe -NoProfile -ExecutionPolicy Bypass -File "
    '"C:\\Users\\dev\\AppData\\Local\\envwright\\Debian.ps1"'
)
NOTHING = "hint: nothing was changed"
CMD = "cd /mnt/c && /init /mnt/c/Windows/System32/cmd.exe cmd.exe /c"


@contextlib.contextmanager
def station(machine: Machine, folder: Path, text: str) -> Iterator[Workstation]:
    path = folder / "windows.yaml"
    path.write_text(text, "utf-8")
    with workstation(machine, path) as opened:
        yield opened


def links(machine: Machine) -> list[str]:
    said = machine.sh(f"{CMD} dir /AL 'C:\\codes'", check=False)
    return [line.split(None, 4)[4] for line in said.splitlines() if "<" in line]


def refused(link: Workstation, kind: type[Exception]) -> list[str]:
    """Apply, which fails; return what is said."""
    with pytest.raises(kind) as error:
        link.apply()
    folder = Path(link.compiled.resources[0].origins[0].file).parent
    return str(error.value).replace(f"{folder}/", "").splitlines()
