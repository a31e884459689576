"""The options of the verbs of a machine's state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.cli.parser import seconds

if TYPE_CHECKING:
    from envwright.cli.parser import Parser

VERBS = {
    "history": "List what was applied to a machine, or show or compare some of it",
    "status": "Tell what is managed on a machine, by which environments, since when",
    "undo": "Take back the last apply of a machine",
    "rollback": "Take back every apply behind one",
}
"""The verbs."""


def add_state_options(verb: str, parser: Parser) -> None:
    """Add the options of a verb."""
    parser.add_argument(
        "--host",
        "-H",
        default="@local",
        metavar="HOST",
        help="@local (default), @ssh/[user@]host, @docker/ID, @podman/ID, @chroot/DIR",
    )
    parser.add_argument(
        "--sudo-password-stdin",
        action="store_true",
        help="read sudo's password from the first line of stdin",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, and only that")
    if verb == "status":
        return
    if verb == "history":
        parser.add_argument(
            "action", nargs="*", metavar="show N | diff A B", help="B may be `now`; default: list"
        )
        return
    if verb == "rollback":
        parser.add_argument(
            "number", type=int, metavar="N", help="the last generation to stay; 0: none stays"
        )
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    parser.add_argument(
        "--force", action="store_true", help="take back, too, what others changed since"
    )
    parser.add_argument(
        "--lock-timeout",
        type=seconds,
        default=0.0,
        metavar="SECONDS",
        help="wait so long where another envwright is at work on the machine (default: 1)",
    )
