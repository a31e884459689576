"""An inquiry: many read-only scripts as one, and what each of them printed."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Inquiry:
    """Scripts for sh whose answers come in one round trip.

    Args:
        scripts: each reads nothing from stdin; what it prints on stderr is not seen.
        beside: how many of the last run beside those before them: they wait for other processes.
    """

    def __init__(self, scripts: Sequence[str], concurrent: int = 0) -> None:
        # No file on the machine can hold this mark: it is chosen after they were written.
        self._mark = f"\n--{os.urandom(16).hex()}--\n"
        split = len(scripts) - concurrent
        before, after = self._lane(scripts[:split]), self._lane(scripts[split:])
        if concurrent:
            # What runs beside is held back by a pipe, and comes last.
            before = f"{{ {after}}} | {{ {{ {before}:; }} </dev/null; cat; }}\n"
        self.script = f"{{ {before}}} 2>/dev/null"

    def _lane(self, scripts: Sequence[str]) -> str:
        mark = self._mark.replace("\n", "\\n")
        return "".join(f"{script}\nprintf '{mark}'\n" for script in scripts)

    def answers(self, stdout: bytes) -> list[bytes]:
        """Return what each script printed; fewer where the whole was cut off."""
        return stdout.split(self._mark.encode())[:-1]
