"""Limits of what a machine may take of us: time, silence and memory; and what is told past them."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self

MEBIBYTE = 1 << 20
HEARTBEAT_SECONDS = 5.0
"""How often a session shows that it lives, on top of what it sends anyway."""


class LostError(Exception):
    """The shell on the machine is gone."""


class LimitError(LostError):
    """The machine went past a limit, or answers as no shell does; the text says how."""


class Limits(tuple[float, float, int]):
    """How long a script may take, and how much it may print.

    Args:
        seconds: from its start to its end, whatever it does meanwhile.
        silence: seconds in which not one byte comes or goes.
        size: bytes of each of its two outputs.
    """

    __slots__ = ()

    def __new__(cls, seconds: float, silence: float, size: int = 64 * MEBIBYTE) -> Self:
        """Put the three together."""
        return super().__new__(cls, (seconds, silence, size))

    def within(self, seconds: float) -> Limits:
        """Return the same limits, the whole time no longer than `seconds`."""
        return Limits(min(self[0], seconds), self[1], self[2])

    def longer(self, seconds: float) -> Limits:
        """Return the same limits, by `seconds` later: a script that waits so long in silence."""
        return Limits(self[0] + seconds, self[1] + seconds, self[2])


OPENING = Limits(60, 60, MEBIBYTE)
"""Until a shell answers: login, banners, sudo. sshd(8) gives a login 120 s (LoginGraceTime)."""
INTERACTIVE = Limits(300, 300, MEBIBYTE)
"""The same, where ssh may ask a person for a password or a code."""
QUESTION = Limits(300, 300)
"""Scripts that only read: a thousand of them take seconds, so minutes are a machine that hangs."""
STEP = Limits(6 * 3600, 3600)
"""Scripts that work: many a download or build says nothing until it ends, but not for an hour."""


class Clock:
    """Watches the limits of one script while its answer is read."""

    def __init__(self, limits: Limits) -> None:
        self._seconds, self._silence, self._size = limits
        self._started = self._heard = time.monotonic()

    def progress(self) -> None:
        """Take note that a byte came or went."""
        self._heard = time.monotonic()

    def left(self) -> float:
        """Return the seconds until the first limit is reached.

        Raises:
            LimitError: one has been.
        """
        now = time.monotonic()
        total, quiet = self._started + self._seconds - now, self._heard + self._silence - now
        if total <= 0:
            raise LimitError(f"no end after {self._seconds:g} s")
        if quiet <= 0:
            raise LimitError(f"no sign of life for {self._silence:g} s")
        return min(total, quiet)

    def check_size(self, size: int) -> None:
        """Object to an output that has grown too long.

        Raises:
            LimitError: it has.
        """
        if size > self._size:
            raise LimitError(f"more than {self._size / MEBIBYTE:g} MiB of output")
