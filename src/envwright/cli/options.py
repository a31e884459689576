"""The grammar of the command line: verbs, their options, and what is said of words it lacks."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envwright import __version__
from envwright.cli.pull_options import add_actions
from envwright.errors import EnvwrightError
from envwright.spec.messages import quoted, suggestion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Never

VERBS = {
    "check": "Check an environment without a machine",
    "plan": "Show what differs",
    "apply": "Show what differs, ask, make it so, and prove it",
    "verify": "Prove that a machine is as it should be",
    "explain": "Explain a capability or one of its keys",
    "schema": "Print the JSON Schema of environments, for editors",
    "export": "Write a deploy and tests that run without envwright",
    "pull": "Follow a git repository of environments, by a timer",
}
"""What there is to do, in the order of doing it."""


PARALLEL = 10
"""Hosts at a time: sshd, as on a jump host, drops some of the logins beyond 10 (MaxStartups)."""


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors like all others; it never ends the process for one."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> Never:
        """Raise what argparse complains about, in our words.

        Raises:
            EnvwrightError: always.
        """
        choice = re.match(r"argument (\S+): invalid choice: '(.*)' \(choose from (.*)\)", message)
        if choice:
            kind, word, known = choice.groups()
            close = suggestion(word, re.findall(r"[\w-]+", known))
            message = f"there is no {kind} {quoted(word)}{close}"
        message = message.replace("the following arguments are required:", "it needs a", 1)
        message = f"{self.prog}: {message.removeprefix('argument ')}"
        raise EnvwrightError(message, hint=f"{self.prog} --help tells what it takes")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; what is left over is a complaint of the verb that was given it."""
        known, rest = super().parse_known_args(args, namespace)
        if rest:
            word = rest[0].partition("=")[0]
            self.error(f"it takes no {quoted(word)}{suggestion(word, self._option_string_actions)}")
        return known, rest


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read a command line, by default the process's own; `verb` says what is to be done.

    Raises:
        EnvwrightError: it makes no sense.
        SystemExit: help or the version was asked for, and printed.
    """
    return _parser().parse_args(arguments)


def _parser() -> Parser:
    parser = Parser(
        prog="envwright",
        description="One YAML file to a proven developer machine.",
        epilog="Exit codes: 0 done or nothing to do, 1 error, 2 changes (plan) or failed checks "
        "(verify), 3 done so far (apply) or nothing to do (plan), and a restart is needed, "
        "130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"envwright {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="VERB", dest="verb")
    common = _common_options()
    machines = _machine_options(common)
    parents = {"check": [common], "plan": [machines], "apply": [machines], "verify": [machines]}
    parsers = {
        name: verbs.add_parser(name, help=text, description=text, parents=parents.get(name, []))
        for name, text in VERBS.items()
    }
    for name in ("plan", "apply", "verify"):
        parsers[name].add_argument("--json", action="store_true", help="print JSON, and only that")
        parsers[name].add_argument(
            "--timings", action="store_true", help="tell where the time went, on stderr"
        )
        _fleet_options(parsers[name])
    _own_options(parsers)
    kinds = parsers["export"].add_subparsers(required=True, metavar="KIND")
    writing = kinds.add_parser("pyinfra", help="a pyinfra deploy and its tests", parents=[machines])
    writing.add_argument("--output", "-o", default="export", help="the folder to write")
    add_actions(parsers["pull"])
    return parser


def _own_options(parsers: dict[str, Parser]) -> None:
    """Add what only one verb takes."""
    making, proving = parsers["apply"], parsers["verify"]
    making.add_argument("--yes", "-y", action="store_true", help="do not ask")
    making.add_argument(
        "--no-verify", dest="verify", action="store_false", help="do not prove the result"
    )
    making.add_argument(
        "--restart",
        action="store_const",
        const=3,  # restarts, at most
        default=0,
        help="under WSL: where something waits for a restart of the distribution or of the virtual "
        "machine (which ends all distributions), have Windows make it, and go on after it",
    )
    proving.add_argument("--format", choices=["text", "json", "tap"], default="text")
    proving.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML, too")
    topic = "docker, docker.daemon, ..."
    parsers["explain"].add_argument("topic", nargs="?", default="", help=topic)


def _common_options() -> Parser:
    """Describe what every verb that reads an environment takes."""
    common = Parser(add_help=False)
    common.add_argument("environment", nargs="?", default="", help="a YAML file")
    common.add_argument(
        "--var",
        action="append",
        default=[],
        type=_variable,
        metavar="NAME=VALUE",
        help="set a variable of the environment",
    )
    return common


def _machine_options(common: Parser) -> Parser:
    """Describe what every verb that asks machines takes."""
    machines = Parser(add_help=False, parents=[common])
    machines.add_argument(
        "--host",
        "-H",
        action="append",
        metavar="HOST",
        help="@local (default), @ssh/[user@]host, @docker/ID, @podman/ID, "
        "@chroot/DIR; again for more",
    )
    machines.add_argument("--inventory", "-i", metavar="FILE", help="a pyinfra inventory")
    machines.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only these hosts or groups of the inventory",
    )
    machines.add_argument(
        "--sudo-password-stdin",
        action="store_true",
        help="read sudo's password from the first line of stdin",
    )
    return machines


def _fleet_options(parser: Parser) -> None:
    """Add what counts where there are several hosts."""
    several = parser.add_argument_group("several hosts")
    several.add_argument(
        "--parallel",
        type=_count,
        default=PARALLEL,
        metavar="N",
        help=f"so many hosts at a time (default: {PARALLEL})",
    )
    failing = several.add_mutually_exclusive_group()
    failing.add_argument(
        "--fail-fast", action="store_true", help="begin with no further host once one has failed"
    )
    failing.add_argument(
        "--keep-going",
        dest="fail_fast",
        action="store_false",
        help="one host's failure is no other's (default)",
    )
    several.add_argument(
        "--log-dir", type=Path, metavar="DIR", help="write a log for each host there"
    )


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{quoted(text)} is no number of hosts")
    return int(text)


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not NAME=VALUE")
    return name, value
