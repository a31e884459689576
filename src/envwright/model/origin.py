"""Origin: who asked for something on a machine, so that plans and errors can name the line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """Who asked for a resource: the capability and the line of YAML."""

    capability: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.capability} ({self.file}:{self.line})"
