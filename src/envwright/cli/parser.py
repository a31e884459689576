"""The parser of words: argparse, whose complaints are errors like all others; types of words."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError
from envwright.spec.messages import quoted, suggestion

if TYPE_CHECKING:
    from typing_extensions import Never


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


def count(text: str) -> int:
    """Read a number of hosts, from 1 on."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{quoted(text)} is no number of hosts")
    return int(text)


_SECONDS_DIGITS = 9
"""Longer numbers are more than a lifetime, and more than the system's clocks take."""


def seconds(text: str) -> float:
    """Read a number of seconds, from 1 on."""
    if not (text.isascii() and text.isdigit() and len(text) <= _SECONDS_DIGITS and int(text)):
        raise argparse.ArgumentTypeError(f"{quoted(text)} is no number of seconds")
    return float(text)


def variable(text: str) -> tuple[str, str]:
    """Read NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{quoted(text)} is not NAME=VALUE")
    return name, value


HOSTS = "@local (default), @ssh/[user@]host, @docker/ID, @podman/ID, @chroot/DIR"
"""How a machine is named."""


def add_session_options(machines: Parser) -> None:
    """Add what a session to a machine takes, however the machine is named."""
    machines.add_argument(
        "--sudo-password-stdin",
        action="store_true",
        help="read sudo's password from the first line of stdin",
    )
    machines.add_argument(
        "--timeout",
        type=seconds,
        metavar="SECONDS",
        help="give up on a machine after so long, whatever is under way there (default: never, but "
        "a machine that does not answer is given up sooner)",
    )
