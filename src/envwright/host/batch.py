"""A batch: many read-only scripts in one round trip, and what each of them printed."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Batch:
    """Scripts for sh whose answers come in one round trip.

    The answers are parted by a mark that is chosen at random for each batch: no file and no program
    on the machine can know it, so none can end its own answer or forge the next.

    Args:
        scripts: each reads nothing from stdin; what it prints on stderr is dropped.
        concurrent: how many of the last scripts run at the same time as all others, each for
            itself: those that take long, or wait for other processes.
    """

    def __init__(self, scripts: Sequence[str], concurrent: int = 0) -> None:
        self._mark = f"\n--{os.urandom(16).hex()}--\n"
        split = len(scripts) - concurrent
        whole = f"{{ {self._marked(scripts[:split])}:; }} </dev/null"
        for script in scripts[split:]:
            # The pipe holds the answer of the concurrent script back until those before it are
            # there, so that the answers come in the order of the scripts.
            whole = f"{{ {self._marked([script])}}} </dev/null | {{ {whole}; cat; }}"
        self.script = f"{{ {whole}\n}} 2>/dev/null"

    def _marked(self, scripts: Sequence[str]) -> str:
        mark = self._mark.replace("\n", "\\n")
        return "".join(f"{script}\nprintf '{mark}'\n" for script in scripts)

    def answers(self, stdout: bytes) -> list[bytes]:
        """Return what each script printed; fewer answers where the output was cut off."""
        return stdout.split(self._mark.encode())[:-1]


class Recorder:
    """Hears what a session does, and may know answers beforehand; this one does neither.

    `open_session` takes one. The fast path of the cache is such a recorder; a session itself knows
    nothing of caches.
    """

    def opened(self, argv: tuple[str, ...], first_line: str) -> None:
        """Hear how the session was opened; not called where a password was asked for.

        Args:
            argv: the program that leads to the machine's shell.
            first_line: the first line that was sent to that shell.
        """

    def recall(self, scripts: tuple[str, ...], concurrent: int) -> list[bytes] | None:  # noqa: ARG002 - for others
        """Return the answers to a batch that the machine has given already; None: ask it."""
        return None

    def record(self, scripts: tuple[str, ...], concurrent: int, answers: list[bytes]) -> None:
        """Hear the answers to a batch, wherever they came from."""
