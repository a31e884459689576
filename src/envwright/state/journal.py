"""The journal: one run at a time on a machine, and a line before and after each of its steps."""

from __future__ import annotations

import contextlib
import json
import secrets
import shlex
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError, HostError, LockedError, StepError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from envwright.host.session import Session

LOCK = "/run/lock/envwright.lock"
JOURNAL = "/var/lib/envwright/journal.jsonl"
TAKEN = 75
"""The exit code for a lock that another run has (EX_TEMPFAIL of sysexits.h)."""

# The holder keeps the lock's file open. It belongs to the session's process group, which is hung up
# when the session ends, however it ends: no lock outlives its run by more than a moment.
_ACQUIRE = f"""
mkdir -p {LOCK.rpartition("/")[0]} {JOURNAL.rpartition("/")[0]} && exec 9>>{LOCK} || exit 1
flock --timeout 1 --conflict-exit-code {TAKEN} 9 || exit
sleep infinity </dev/null >/dev/null 2>&1 &
echo $!
tail -n 1 {JOURNAL} 2>/dev/null || :
"""
# A process that is told to end keeps its files open until it has ended.
_RELEASE = f"kill %s && exec 9>>{LOCK} && flock --timeout 5 9"


class Journal:
    """A run's lock and journal on one machine; a context manager.

    Attributes:
        interrupted: the step in which the run before this one was cut off; "" when it was not.
    """

    def __init__(self, session: Session, environment: str) -> None:
        self._session = session
        self._run = secrets.token_hex(4)
        self._environment = environment
        self._holder = ""
        self._waiting: list[dict[str, Any]] = []
        self._whole = False
        self.interrupted = ""

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            LockedError: another run has it.
            StepError: the journal cannot be written.
        """
        result = self._session.run(_ACQUIRE)
        if result.code == TAKEN:
            raise LockedError(
                f"{self._session.name}: another envwright is at work here",
                hint="wait for it; the lock goes with its session",
            )
        if not result.ok:
            raise StepError(f"{self._session.name}: cannot lock {LOCK}: {result.reason}")
        self._holder, _, last = result.text.partition("\n")
        # The last word of a run whose machine lost its power may be half a line.
        with contextlib.suppress(ValueError):
            entry = json.loads(last)
            self.interrupted = entry["step"] if entry["event"] == "begin" else ""
        self.write("start", environment=self._environment)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.write("finish")
            elif self._waiting:
                # Where nothing can be written any more, the first error is the one to tell.
                with contextlib.suppress(EnvwrightError):
                    self._append()
        finally:
            # A session that is lost has released the lock already.
            with contextlib.suppress(HostError):
                self._session.run(_RELEASE % self._holder)

    def write(self, event: str, **details: Any) -> None:
        """Append an entry: an event (start, begin, done, failed, finish) and what it is about."""
        self.later(event, **details)
        self._append()

    def later(self, event: str, **details: Any) -> None:
        """Append an entry as `write` does, but together with the next: it spares a round trip."""
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        self._waiting.append({"time": now, "run": self._run, "event": event, **details})

    def _append(self) -> None:
        lines = " ".join(shlex.quote(json.dumps(entry)) for entry in self._waiting)
        self._waiting = []
        script = f"printf '%s\\n' {lines} >> {JOURNAL}"
        if not self._whole:
            # Half a line of a run that was cut off gets its end first.
            script = f'[ -z "$(tail -c 1 {JOURNAL} 2>/dev/null)" ] || echo >> {JOURNAL}\n{script}'
        result = self._session.run(script)
        self._whole = result.ok
        if not result.ok:
            raise StepError(f"{self._session.name}: cannot write {JOURNAL}: {result.reason}")
