"""Ctrl-C while apply works: what must not be cut off is waited for."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from typing_extensions import Self


class Patience:
    """Has the first Ctrl-C wait while a program works that must not be cut off. A context manager.

    Where nothing of the kind works, and at the second Ctrl-C, the run ends at once.

    Args:
        busy: returns what must not be cut off now; "" for nothing.
        tell: is given what a person reads after the first Ctrl-C. The signal may have come while
            something was written, and Python cannot write within a write: `look` tells it.
    """

    def __init__(self, busy: Callable[[], str], tell: Callable[[str], None]) -> None:
        self._busy, self._tell = busy, tell
        self._asked = False
        self._untold = ""

    def __enter__(self) -> Self:
        # Another handler than Python's own (a worker's, or an ignored signal) stays: it decides.
        self._own = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._own:
            signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        if self._own:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def look(self) -> None:
        """Tell what a Ctrl-C since the last look waits for. Call it at least once a second."""
        if self._untold:
            busy, self._untold = self._untold, ""
            self._tell(
                f"Ctrl-C: {busy} is at work and must not be cut off. The run ends when this step "
                "is done; another Ctrl-C ends it at once, and the next apply mends what is left "
                "half done."
            )

    def looking(self, hear: Callable[[str], None]) -> Callable[[str], None]:
        """Return a function that looks each time before it passes on what it hears."""

        def both(text: str) -> None:
            self.look()
            hear(text)

        return both

    def check(self) -> None:
        """End the run where Ctrl-C asked for it meanwhile.

        Raises:
            KeyboardInterrupt: it did.
        """
        if self._asked:
            raise KeyboardInterrupt

    def _interrupt(self, _: int, __: FrameType | None) -> None:
        busy = self._busy()
        if self._asked or not busy:
            raise KeyboardInterrupt
        self._asked, self._untold = True, busy
