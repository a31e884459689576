"""A case from the field: what a machine has before envwright comes, and the environment for it.

`tests/field/cases/NAME/` holds `README.md` (source, situation, right outcome), `box.yaml` (the
environment), and where the case has them `before.sh` (run as root on the machine first) and
`machine/` (files that are put on the machine after that; those below /home/NAME belong to NAME).
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from box import Box
from machines.engine import docker

if TYPE_CHECKING:
    from machines.machine import Machine

CASES = Path(__file__).parents[1] / "field" / "cases"
OF_THE_MACHINE = ("README.md", "before.sh", "machine")
"""What in a case's folder does not belong to the environment."""
GIVE_HOMES = """
for home in /home/*; do
    ! id -u "${home#/home/}" >/dev/null 2>&1 || chown -R --no-dereference "${home#/home/}:" "$home"
done
"""


class Case(Box):
    """A machine in the situation of a case, and the folder with the case's environment."""

    @classmethod
    def placed(cls, name: str, machine: Machine, folder: Path) -> Case:
        """Bring a machine into the situation of a case; copy its environment into a folder."""
        case = CASES / name
        if (case / "before.sh").exists():
            machine.sh((case / "before.sh").read_text("utf-8"))
        if (case / "machine").exists():
            docker("cp", f"{case}/machine/.", f"{machine.name}:/")
            machine.sh(GIVE_HOMES)
        ignored = shutil.ignore_patterns(*OF_THE_MACHINE)
        shutil.copytree(case, folder, ignore=ignored, dirs_exist_ok=True)
        return cls(machine, folder)


class Place(Protocol):
    """Brings a machine into the situation of a case."""

    def __call__(self, name: str, machine: Machine) -> Case:
        """See Case.placed."""
