"""The options of the verbs that read environments from machines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from envwright.cli.parser import HOSTS, add_session_options

if TYPE_CHECKING:
    from envwright.cli.parser import Parser

VERBS = {
    "capture": "Write an environment of a machine",
    "adopt": "Write into an environment what a machine has of one resource",
}
"""The verbs."""


def add_capture_options(verb: str, parser: Parser) -> None:
    """Add the options of a verb."""
    parser.add_argument("--host", "-H", default="@local", metavar="HOST", help=HOSTS)
    add_session_options(parser)
    if verb == "adopt":
        parser.add_argument("environment", type=Path, help="a YAML file")
        parser.add_argument("id", metavar="ID", help="a resource that differs, as plan names it")
        return
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--into",
        type=Path,
        metavar="FILE",
        help="add to this environment what it does not say yet; its own lines and comments stay",
    )
    where.add_argument(
        "--output",
        "-o",
        type=Path,
        metavar="FILE",
        help="write a new file, which its owner alone can read (default: print)",
    )
