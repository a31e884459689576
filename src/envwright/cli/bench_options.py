"""The options of `bench`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.cli.parser import HOSTS, add_session_options

if TYPE_CHECKING:
    from envwright.cli.parser import Parser

VERBS = {"bench": "Measure the file systems of a machine, where people work"}
"""The verb."""


def add_bench_options(parser: Parser) -> None:
    """Add its options."""
    parser.add_argument("what", choices=("io",), help="what is measured: file systems")
    parser.add_argument(
        "--at",
        dest="places",
        action="append",
        default=[],
        metavar="FOLDER",
        help="measure this folder; again for more (default: the first person's home, and a folder "
        "of each other file system)",
    )
    parser.add_argument("--host", "-H", default="@local", metavar="HOST", help=HOSTS)
    add_session_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and only that")
    parser.add_argument(
        "--windows-step",
        action="store_true",
        help="measure nothing; print the script that measures from the Windows side",
    )
