"""Sites: where tools run and are timed: this computer, or inside the test machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from machines.machine import Machine

NETWORK = ("PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "http_proxy", "https_proxy", "no_proxy")
"""How this computer reaches the package index: so does the machine."""

AUTHORITIES = ("PIP_CERT", "SSL_CERT_FILE")


class PrepareError(Exception):
    """Something could not be installed, or a script of a site failed; the last line says why."""


@dataclass(frozen=True)
class Timing:
    """What a command took and said; see `stopwatch`."""

    seconds: float
    code: int
    peak: int
    said: str
    cpu: float = 0


@dataclass(frozen=True)
class Command:
    """What is timed, and how it is judged.

    Args:
        argv: the program and its arguments.
        environment: variables that are set for it.
        folder: where it runs.
        complaint: what was wrong with a run ("" is nothing): a run that failed, or that changed
            something where nothing was to change, is no figure.
        seconds: the figure; the wall time of the whole process unless told otherwise.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = "/"
    complaint: Callable[[Timing], str] = lambda _: ""
    seconds: Callable[[Timing], float] = lambda timing: timing.seconds


@dataclass(frozen=True)
class Site:
    """A place where tools are installed and run.

    Args:
        prefix: words before a command that is to run there.
        folder: where all that the benchmarks need lies there.
        python: the interpreter that virtual environments are made of.
    """

    prefix: tuple[str, ...]
    folder: str
    python: str

    def sh(self, script: str, text: bytes = b"") -> str:
        """Run a shell script in the folder, with `text` on its stdin; its stdout.

        Raises:
            PrepareError: it failed.
        """
        argv = [*self.prefix, "sh", "-ec", f"cd '{self.folder}'\n{script}"]
        done = subprocess.run(argv, input=text, capture_output=True, check=False)
        if done.returncode:
            words = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
            raise PrepareError(words.rpartition("\n")[2] or f"exit code {done.returncode}")
        return done.stdout.decode()

    def put(self, name: str, text: str) -> None:
        """Write a file below the folder."""
        self.sh(f"mkdir -p '{Path(name).parent}'; cat > '{name}'", text.encode())

    def unpack(self, name: str, tar: bytes) -> None:
        """Unpack an archive into a directory below the folder."""
        self.sh(f"mkdir -p '{name}'; tar -C '{name}' -xf -", tar)

    def venv(self, name: str, *installs: str) -> None:
        """Make a virtual environment below the folder and install into it, pip call by pip call."""
        pip = f"{name}/bin/python -m pip install --quiet --disable-pip-version-check"
        self.sh("\n".join([f"{self.python} -m venv {name}", *(f"{pip} {i}" for i in installs)]))

    def time(self, command: Command, limit: float) -> Timing:
        """Run a command there, for `limit` seconds at most, under the stopwatch."""
        variables = [f"{name}={value}" for name, value in command.environment.items()]
        watch = [self.python, "-I", "-S", "-c", Path(stopwatch.__file__).read_text("utf-8")]
        argv = [*self.prefix, "env", *variables, *watch, str(limit), command.folder, *command.argv]
        done = subprocess.run(argv, capture_output=True, stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise PrepareError(done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2])
        return Timing(**json.loads(done.stdout))


def here(folder: Path) -> Site:
    """This computer, its tools in a folder; bytecode is cached, as users have it."""
    return Site(("env", "-u", "PYTHONDONTWRITEBYTECODE"), str(folder), sys.executable)


def inside(machine: Machine) -> Site:
    """A machine that has python3, its tools in /opt/benchmarks."""
    folder = "/opt/benchmarks"
    settings = {name: os.environ[name] for name in NETWORK if name in os.environ}
    authorities = next(filter(None, map(os.environ.get, AUTHORITIES)), "")
    machine.sh(f"mkdir -p {folder}")
    if authorities:
        machine.put(f"{folder}/authorities.pem", Path(authorities).read_text("utf-8"))
        settings |= dict.fromkeys(AUTHORITIES, f"{folder}/authorities.pem")
    variables = (f"{name}={value}" for name, value in settings.items())
    # LC_ALL: apt and perl complain of the locale of a docker exec otherwise.
    run = ("docker", "exec", "-i", machine.name, "env", "LC_ALL=C.UTF-8", *variables)
    return Site(run, folder, "/usr/bin/python3")
