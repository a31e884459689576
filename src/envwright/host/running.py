"""What a command says while it runs: whose lock it waits for, and how far it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

STATUS: Mapping[str, str] = {"EW_STATUS": "-o APT::Status-Fd=1"}
"""A variable with the option by which apt tells how far it is, for the commands that we give apt.

An exported deploy does not set it: there apt's output holds nothing but its own words."""
_APT_STATUS = re.compile(
    r"(?:dl|pm)(?:status|error|conffile):[^:]*:(?P<percent>[\d.]*):?(?P<said>.*)"
)
"""A line of apt's (README.progress-reporting of apt: kind, package or number, percent, words)."""
_PERCENT = re.compile(r"\d{1,3}(?:\.\d+)? ?%")
"""How curl, git, pip and docker write how far they are."""


def is_status(line: str) -> bool:
    """Tell whether a line of output is there for `progress` alone."""
    return _APT_STATUS.match(line) is not None


def progress(line: str) -> str:
    """Return what a line of output says of progress, its percentage first; "" for nothing."""
    if status := _APT_STATUS.match(line):
        percent = status["percent"]
        return f"{float(percent):.0f} %  {status['said']}" if percent else status["said"]
    words = line.strip()
    # A bar that a program draws tells no more than its number.
    percents = _PERCENT.findall(words)
    return percents[-1] if percents and not re.search(r"\w{3}", words) else words


class Listener:
    """Hears what a command says while it runs, and passes on what it waits for, and how far it is.

    Args:
        waiting: is given what a command waits for, once for each lock.
        progress: is given how far it is, for each piece of output that ends a line, and "" once a
            second while nothing comes.
    """

    # How apt begins the line that says whose lock it waits for (apt-pkg/deb/debsystem.cc).
    _WAITING = b"Waiting for cache lock: "
    # apt downloads first (dlstatus), which can be cut off; then dpkg works, until apt ends.
    _DPKG = b"pmstatus:"

    def __init__(self, waiting: Callable[[str], None], progress: Callable[[str], None]) -> None:
        self._waiting, self._progress = waiting, progress
        self._rest, self._told = b"", b""
        self.busy = ""

    def __call__(self, piece: bytes) -> None:
        """Take the next piece of the output, which may end anywhere; b"" for a silent second."""
        *lines, self._rest = (self._rest + piece).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            before, waiting, rest = line.partition(self._WAITING)
            lock = rest.rstrip(b". ")
            # apt says it anew every second.
            if waiting and not before and lock != self._told:
                self._told = lock
                self._waiting(lock.decode("utf-8", "replace"))
            if line.startswith(self._DPKG):
                self.busy = "dpkg"
        said = (progress(line.decode("utf-8", "replace")) for line in reversed(lines))
        self._progress(next(filter(None, said), ""))
