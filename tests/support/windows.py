"""A Windows of shell scripts: what runs on WSL through /init, run here in a folder."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

INIT = """\
#!/bin/sh
program=$2; shift 2
case $program in
{programs}
*) exit 1;;
esac
"""


@dataclass(frozen=True)
class StandInWindows:
    """A drive, mounted at `drive`, and an /init that runs these programs.

    Args:
        folder: where all of it is.
        programs: what each `PROGRAM.exe` does, as a script of sh that gets its arguments.
    """

    folder: Path
    programs: dict[str, str]

    @property
    def drive(self) -> Path:
        """Where drive C is mounted."""
        return self.folder / "c"

    def run(self, script: str) -> tuple[int, list[str]]:
        """Run a script that reaches Windows; its exit code and the lines that it printed."""
        system = self.drive / "Windows" / "System32"
        system.mkdir(parents=True, exist_ok=True)
        (system / "cmd.exe").touch()
        mounts = self.folder / "mounts"
        mounts.write_text(f"C:\\134 {self.drive} 9p rw,aname=drvfs;path=C:\\ 0 0\n")
        init = self.folder / "init"
        programs = "\n".join(f"{name}) {body};;" for name, body in self.programs.items())
        init.write_text(INIT.format(programs=programs))
        init.chmod(0o755)
        here = script.replace("/proc/self/mounts", str(mounts)).replace("/init ", f"{init} ")
        done = subprocess.run(["sh", "-c", here], capture_output=True, text=True, check=False)
        return done.returncode, f"{done.stdout}{done.stderr}".splitlines()
