"""The record of a run of pull mode: what it found and did, in a file that is never half written."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError, ExitCode, LockedError, RefusedError
from envwright.model.masking import mask_values
from envwright.portable import whole_file
from envwright.workflow import Verb

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from envwright.engine.plan import Change
    from envwright.fetch.signature import Commit
    from envwright.pull.settings import Settings
    from envwright.workflow import Outcome

FILE = "status.json"
VERSION = 1
AS_IT_SHOULD_BE, APPLIED = "as it should be", "applied"
"""The outcomes that leave nothing to do."""
OUTCOMES = (
    AS_IT_SHOULD_BE,
    "differs",
    APPLIED,
    "restart needed",
    "checks failed",
    "refused",
    "locked",
    "failed",
)
"""All outcomes, as the class `Record` explains them."""


@dataclass
class Record:
    """One run, as status.json has it.

    Args:
        time: when it began, in ISO 8601.
        outcome: "as it should be"; "differs" (plan only); "applied"; "restart needed"; "checks
            failed"; "refused" (the commit, or what it wants); "locked" (by another run); "failed".
        changes: id and verb of each resource that differed.
        pending: ids of those that wait for a restart.
        failures: id and reason of each failed check.
        error: message and hint, where it is refused, locked or failed; of changes that failed also
            what was done, what failed, what was put back, what was not begun.
        last_good: time and commit of the last run that left nothing to do.
    """

    time: str
    url: str
    ref: str
    environment: str
    mode: str
    seconds: float = 0.0
    outcome: str = "failed"
    exit_code: int = int(ExitCode.ERROR)
    commit: dict[str, str] | None = None
    changes: list[dict[str, str]] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    failures: list[dict[str, str]] = field(default_factory=list)
    error: dict[str, Any] | None = None
    last_good: dict[str, str] | None = None
    version: int = VERSION

    @staticmethod
    def begin(settings: Settings, before: dict[str, Any] | None) -> Record:
        """Begin the record of a run; `before` is that of the one before, where there is one."""
        return Record(
            time=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            url=settings.url,
            ref=settings.ref,
            environment=settings.environment,
            mode="apply" if settings.apply else "plan",
            last_good=(before or {}).get("last_good"),
        )

    def saw(self, commit: Commit) -> None:
        """Keep which commit was accepted."""
        self.commit = asdict(commit)

    def keep(self, outcome: Outcome) -> None:
        """Keep what the run did so far: what differed, what waits for a restart, what failed."""
        changes = outcome.plan.changes if outcome.plan else ()
        self.changes = [_change(change) for change in changes]
        self.pending = list(outcome.pending)
        self.failures = [{"id": each.id, "reason": each.reason} for each in outcome.failures]

    def end(self, outcome: Outcome) -> ExitCode:
        """Keep what came of the run; return its exit code."""
        self.keep(outcome)
        self.outcome, self.exit_code = _word(outcome), int(outcome.code)
        if self.outcome in {AS_IT_SHOULD_BE, APPLIED} and self.commit:
            self.last_good = {"time": self.time, "commit": self.commit["id"]}
        return outcome.code

    def fail(self, error: BaseException) -> None:
        """Keep the error that the run ended in."""
        refused, locked = isinstance(error, RefusedError), isinstance(error, LockedError)
        self.outcome = "refused" if refused else "locked" if locked else "failed"
        self.exit_code = int(ExitCode.ERROR)
        if isinstance(error, EnvwrightError):
            self.error = error.json()
        else:
            self.error = {"message": f"{type(error).__name__}: {error}", "hint": ""}

    def write(self, state: Path, mask: Callable[[str], str]) -> None:
        """Write the record, whole or not at all; `mask` replaces the values of secrets."""
        text = json.dumps(mask_values(asdict(self), mask), indent=2)
        folder = whole_file.open_folder(state)
        try:
            whole_file.write(folder, FILE, f"{text}\n".encode())
        finally:
            os.close(folder)


def _word(outcome: Outcome) -> str:
    """Return what came of a run that ended in no error."""
    if outcome.failures:
        return "checks failed"
    if outcome.code is ExitCode.RESTART:
        return "restart needed"
    if not outcome.plan:
        return AS_IT_SHOULD_BE
    return "differs" if outcome.verb is Verb.PLAN else APPLIED


def _change(change: Change) -> dict[str, str]:
    return {"id": change.resource.id, "verb": change.verb}


def last(state: Path) -> dict[str, Any] | None:
    """Return the record of the last run; None where there is none that can be read."""
    with contextlib.suppress(OSError, ValueError):
        value = json.loads((state / FILE).read_bytes())
        if isinstance(value, dict) and value.get("version") == VERSION:
            return value
    return None
