"""Logs: a file for each machine of a fleet, with what a run for that machine alone would print."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from envwright.report.terminal import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from envwright.host.inventory import Target


def log_files(folder: Path | None, targets: Sequence[Target]) -> list[Path | None]:
    """Return a log file for each machine, emptied; None for each where there is no folder."""
    if folder is None:
        return [None] * len(targets)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files: list[Path | None] = []
    for target in targets:
        plain = re.sub(r"[^\w.@-]", "_", target.host.removeprefix("@"))
        file, number = folder / f"{plain}.log", 1
        while file in files:
            number += 1
            file = folder / f"{plain}-{number}.log"
        file.write_bytes(b"")
        files.append(file)
    return files


class Log(Report):
    """A report that goes into a file, or nowhere. A context manager."""

    def __init__(self, file: Path | None) -> None:
        self._file = (file or Path(os.devnull)).open("a", encoding="utf-8")
        super().__init__(self._file, self._file)
        self.quiet = file is None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
