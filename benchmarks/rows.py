"""The rows of the table: what is done, by which route, and how much of it."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

DOINGS = {
    "noop-plan": ("plan", "a plan that finds nothing"),
    "noop-apply": ("apply", "an apply that finds nothing"),
    "verify": ("verify", "verification"),
    "drift": ("mend", "an apply that mends one file"),
    "first": ("first", "the first apply on a fresh machine"),
    "version": ("version", "--version"),
}
"""What is done: the row's word, the tools' verb, and the title's words."""

ROUTES = {
    "local": ("on the machine itself", "raw reads"),
    "ssh": ("over SSH", "ssh host true"),
    "wan": ("over SSH, 50 ms round trip", "ssh host true"),
    "docker": ("over docker exec", "docker exec true"),
    "fleet": ("over SSH on many hosts", "ssh host true"),
}
"""By which route: the title's words, and the floor that figures are compared with."""

ALONE = ("local", "ssh", "wan", "docker")
"""The routes to one host."""

FLOORS = {"first": "expert.sh", "version": "python -c pass"}
"""Where another floor is nearer."""


@dataclass(frozen=True)
class Row:
    """A row: `noop-plan-ssh`, `noop-plan-local-10x`."""

    doing: str
    route: str
    factor: int = 1

    @property
    def name(self) -> str:
        """What `--only` calls it."""
        return f"{self.doing}-{self.route}" + (f"-{self.factor}x" if self.factor > 1 else "")

    @property
    def verb(self) -> str:
        """What tools are told to do."""
        return DOINGS[self.doing][0]

    @property
    def title(self) -> str:
        """What the table calls it."""
        size = f", {self.factor} times R1" if self.factor > 1 else ""
        return f"{self.name}: {DOINGS[self.doing][1]} {ROUTES[self.route][0]}{size}"

    @property
    def floor(self) -> str:
        """The tool that its figures are compared with."""
        return FLOORS.get(self.doing, ROUTES[self.route][1])


ROWS = (
    *(Row(doing, route) for route in ALONE for doing in ("noop-plan", "noop-apply")),
    Row("noop-plan", "fleet"),
    *(Row(doing, route) for doing in ("verify", "drift") for route in ("local", "ssh")),
    Row("first", "ssh"),
    Row("version", "local"),
    *(
        Row(doing, route, factor)
        for factor in (10, 100)
        for doing, route in (("noop-plan", "local"), ("noop-apply", "local"), ("noop-plan", "ssh"))
    ),
)
"""All rows, small work first: a machine grows, and never shrinks."""

DEFAULT = "noop-*-local,noop-*-ssh"


def choose(patterns: str) -> list[Row]:
    """Return the rows whose names match one of the patterns, parted by commas, in ROWS' order."""
    wanted = patterns.split(",")
    return [row for row in ROWS if any(fnmatch.fnmatchcase(row.name, w) for w in wanted)]
