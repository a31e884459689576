"""envwright as a person runs it: a process of its own, its exit code and all that it says."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class Said(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


class Run(Protocol):
    """Runs a command line in a folder of its own, where a text is written to box.yaml."""

    def __call__(self, *arguments: str, text: str | bytes = "") -> Said: ...


def error(*lines: str) -> Said:
    """How a command ends that cannot do what it is told."""
    return Said(1, "", "".join(f"{line}\n" for line in lines))


def words(*arguments: str) -> list[str]:
    """The words that run envwright."""
    return [sys.executable, "-m", "envwright", *arguments]


def envwright(
    *arguments: str, stdin: str | int = "", cwd: Path | None = None, **environment: str
) -> Said:
    """Run a command line with a text on its stdin, which is no terminal; or a descriptor of one."""
    given: dict[str, Any] = (
        {"input": stdin.encode()} if isinstance(stdin, str) else {"stdin": stdin}
    )
    done = subprocess.run(
        words(*arguments),
        cwd=cwd,
        env={**os.environ, **environment},
        **given,
        capture_output=True,
        check=False,
    )
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())
