"""The journal: a line on the machine before and after each step of a run, which has the lock."""

from __future__ import annotations

import contextlib
import json
import secrets
import shlex
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError, HostError, StepError
from envwright.host.limits import QUESTION
from envwright.state import lock

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from envwright.host.session import Session

JOURNAL = "/var/lib/envwright/journal.jsonl"
BEFORE = "before"
"""The folder of before-images beside the journal; it goes with a run that ends well."""
_ENTRY_BYTES = 65_536
"""How much of the journal's end is looked at for its last entry."""

# Root's alone: its entries name accounts and files. Half a line of a run that was cut off gets its
# end first.
_PREPARE = """\
umask 077; mkdir -p {folder} && chmod 0700 {folder} && : >>{journal} && chmod 0600 {journal} &&
{{ [ -z "$(tail -c 1 {journal})" ] || echo >>{journal}; }} || exit 1
"""
_APPEND = "printf '%s\\n' {lines} >>{journal}"
_LAST = "tail -c {size} {journal} 2>/dev/null | tail -n 1"


def folder() -> str:
    """Return the folder in which envwright keeps its state on a machine."""
    return JOURNAL.rpartition("/")[0]


class Journal:
    """A run's lock and journal on one machine; a context manager.

    Args:
        session: the machine.
        environment: the name of what is applied.
        patience: seconds to wait where another run has the lock.
        waiting: is told who has it, before a long wait.

    Attributes:
        interrupted: the step in which the run before this one was cut off; "" when it was not.
    """

    def __init__(
        self,
        session: Session,
        environment: str,
        patience: float = 0,
        waiting: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._session = session
        self._run = secrets.token_hex(4)
        self._environment = environment
        self._patience, self._waiting = patience, waiting
        self._entries: list[dict[str, Any]] = []
        self._prepared = False
        self.interrupted = ""

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            LockedError: another run has it.
            StepError: the journal cannot be written.
        """
        lock.take(self._session, self._environment, self._patience, self._waiting)
        try:
            last = _LAST.format(size=_ENTRY_BYTES, journal=JOURNAL)
            self.interrupted = _interrupted(self._session.run(last, limits=QUESTION).text)
            self.write("start", environment=self._environment)
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.later("finish")
                self._append(f"; rm -rf -- {shlex.quote(f'{folder()}/{BEFORE}')}")
            elif self._entries:
                # Where nothing can be written any more, the first error is the one to tell.
                with contextlib.suppress(EnvwrightError):
                    self._append()
        finally:
            self._release()

    def _release(self) -> None:
        # The lock of a session that is lost has ended with it.
        with contextlib.suppress(HostError):
            lock.release(self._session)

    def write(self, event: str, **details: Any) -> None:
        """Append an entry: an event (start, begin, done, failed, ...) and what it is about."""
        self.later(event, **details)
        self._append()

    def later(self, event: str, **details: Any) -> None:
        """Append an entry as `write` does, but together with the next: it spares a round trip."""
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        self._entries.append({"time": now, "run": self._run, "event": event, **details})

    def _append(self, more: str = "") -> None:
        lines = " ".join(shlex.quote(json.dumps(entry)) for entry in self._entries)
        self._entries = []
        script = _APPEND.format(journal=JOURNAL, lines=lines)
        if not self._prepared:
            script = _PREPARE.format(folder=folder(), journal=JOURNAL) + script
        result = self._session.run(f"{script}{more}", limits=QUESTION, doing=f"writing {JOURNAL}")
        self._prepared = result.ok
        if not result.ok:
            raise StepError(f"{self._session.name}: cannot write {JOURNAL}: {result.reason}")


def _interrupted(line: str) -> str:
    """Return the step that the journal's last entry begins; "" where it is anything else.

    The entry of a run whose machine lost its power may be half a line, and a journal is a file
    that anything may have happened to: neither stops the next run.
    """
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(entry, dict) or entry.get("event") != "begin":
        return ""
    step = entry.get("step")
    return step if isinstance(step, str) else ""
