"""Outcomes: what each machine of a fleet came to, and what all of them together come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError, ExitCode, HostError, LockedError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envwright.host.inventory import Target

FAILURES: dict[str, type[EnvwrightError]] = {
    "unreachable": HostError,
    "locked": LockedError,
    "refused": RefusedError,
    "failed": EnvwrightError,
}
"""The words for machines with which something is wrong; the last is for all that has no other."""

SKIPPED = "skipped"
"""The word for a machine that was left alone because another failed."""

DEGREES = (ExitCode.DONE, ExitCode.RESTART, ExitCode.CHANGES, ExitCode.ERROR)
"""Exit codes from good to bad: that of a fleet is the worst of its machines'."""


def failure(error: EnvwrightError) -> str:
    """Return the word for a machine that ended in an error."""
    return next(word for word, kind in FAILURES.items() if isinstance(error, kind))


@dataclass(frozen=True)
class Outcome:
    """What one machine came to.

    Args:
        target: the machine, and its environment.
        word: in one word: see `word_for`, FAILURES and SKIPPED.
        code: the exit code that a run for this machine alone would have had.
        seconds: that it took.
        result: what `--json` prints for one machine; None where there was an error.
        error: what went wrong.
    """

    target: Target
    word: str
    code: ExitCode = ExitCode.DONE
    seconds: float = 0.0
    result: Any = None
    error: EnvwrightError | None = None

    @property
    def failed(self) -> bool:
        """Whether `--fail-fast` stops for it: an error, or a check that failed."""
        return self.error is not None or self.word == "unproven"

    def json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        error = self.error and {"message": self.error.message, "hint": self.error.hint}
        return {
            "host": self.target.host,
            "environment": self.target.environment,
            "outcome": self.word,
            "exit_code": int(self.code),
            "seconds": round(self.seconds, 3),
            "error": error,
            "result": self.result,
        }


def word_for(verb: str, code: ExitCode, result: Any) -> str:
    """Return the word for a machine where nothing went wrong.

    Args:
        verb: `plan` (same, differs, restart), `apply` (same, changed, restart, unproven) or
            `verify` (proven, unproven).
        code: its exit code.
        result: what `--json` prints for one machine.
    """
    if verb == "plan":
        return {ExitCode.CHANGES: "differs", ExitCode.RESTART: "restart"}.get(code, "same")
    if verb == "verify":
        return "unproven" if code else "proven"
    if not result["plan"]["changes"]:
        return "same"
    return {ExitCode.CHANGES: "unproven", ExitCode.RESTART: "restart"}.get(code, "changed")


def worst(outcomes: Iterable[Outcome]) -> ExitCode:
    """Return the exit code of a fleet."""
    return max((outcome.code for outcome in outcomes), key=DEGREES.index)


def counts(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Count the machines of each word, the first one's word first."""
    words = [outcome.word for outcome in outcomes]
    return {word: words.count(word) for word in dict.fromkeys(words)}


def deviations(outcome: Outcome) -> list[str]:
    """Return the ids of what is not as it should be on a machine."""
    found = outcome.result
    if not found:
        return []
    if isinstance(found, list):
        return [check["id"] for check in found if check["outcome"] == "failed"]
    return [change["id"] for change in found.get("plan", found)["changes"]]


def drift(outcomes: Iterable[Outcome]) -> dict[str, list[str]]:
    """Return the machines that deviate in each resource or check, the most frequent one first."""
    hosts: dict[str, list[str]] = {}
    for outcome in outcomes:
        for id_ in deviations(outcome):
            hosts.setdefault(id_, []).append(outcome.target.host)
    return dict(sorted(hosts.items(), key=lambda entry: -len(entry[1])))


def document(verb: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what `--json` prints for a fleet; `version` changes when its form does."""
    return {
        "version": 1,
        "verb": verb,
        "exit_code": int(worst(outcomes)),
        "counts": counts(outcomes),
        "drift": [{"id": id_, "hosts": hosts} for id_, hosts in drift(outcomes).items()],
        "hosts": [outcome.json() for outcome in outcomes],
    }
