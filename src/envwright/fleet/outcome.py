"""Outcomes: what each machine of a fleet came to, and what all of them together come to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError, ExitCode, HostError, LockedError, RefusedError
from envwright.model.masking import mask_values
from envwright.workflow import Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from envwright.host.inventory import Target
    from envwright.model.proof import Result
    from envwright.workflow import Outcome


class InterruptedRunError(EnvwrightError):
    """A run was interrupted while it was at work on a machine."""


def interrupted(host: str) -> InterruptedRunError:
    """Return the error of a machine that a run was at work on when it was interrupted."""
    return InterruptedRunError(
        f"{host}: the run was interrupted while it was at work on this machine",
        hint="run it again: an apply goes on from where it stood",
    )


FAILURES: dict[str, type[EnvwrightError]] = {
    "unreachable": HostError,
    "locked": LockedError,
    "refused": RefusedError,
    "interrupted": InterruptedRunError,
    "failed": EnvwrightError,
}
"""The words for machines whose run ended in an error; the last is for errors of no other kind."""

SKIPPED = "skipped"
"""The word for a machine that was left alone because another failed."""

BAD = frozenset({"unproven", *FAILURES})
"""The words for machines that are not as they should be, or of which that is not known."""

OUTCOMES = ("same", "differs", "changed", "restart", "proven", "unproven", *FAILURES, SKIPPED)
"""The words of all outcomes; those of FAILURES end in an error."""

DEGREES = (ExitCode.DONE, ExitCode.RESTART, ExitCode.CHANGES, ExitCode.ERROR)
"""Exit codes from good to bad: that of a fleet is the worst of its machines'."""


def failure(error: EnvwrightError) -> str:
    """Return the word for a machine whose run ended in an error."""
    return next(word for word, kind in FAILURES.items() if isinstance(error, kind))


@dataclass(frozen=True)
class RunSummary:
    """What a fleet keeps of the run on one machine: no secret, and nothing that is not plain data.

    A worker process sends it to the process of the fleet.

    Args:
        verb: what the run did.
        code: its exit code.
        changes: the ids of the resources that differed.
        pending: the ids of the resources that still differ after apply.
        checks: the results of the verification.
        document: what `--json` prints for a run on one machine.
    """

    verb: Verb
    code: ExitCode
    changes: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    checks: tuple[Result, ...] = ()
    document: Any = None

    @staticmethod
    def of(outcome: Outcome, mask: Callable[[str], str]) -> RunSummary:
        """Return the summary of a run; `mask` replaces the values of secrets in a text."""
        return RunSummary(
            outcome.verb,
            outcome.code,
            tuple(map(mask, outcome.changes)),
            tuple(map(mask, outcome.pending)),
            tuple(
                replace(check, id=mask(check.id), reason=mask(check.reason))
                for check in outcome.checks or outcome.failures
            ),
            mask_values(outcome.json(), mask),
        )

    @property
    def failures(self) -> tuple[Result, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.outcome == "failed")

    @property
    def to_apply(self) -> bool:
        """Whether the run only found changes, which an apply would make."""
        return self.verb is Verb.PLAN and bool(self.changes)

    @property
    def word(self) -> str:
        """What came of the run, in one word.

        For `plan`: same, differs, restart or unproven; for `apply`: same, changed, restart or
        unproven; for `verify`: proven or unproven.
        """
        if self.failures and not self.to_apply:
            return "unproven"
        if self.verb is Verb.VERIFY:
            return "proven"
        if self.code is ExitCode.RESTART:
            return "restart"
        if not self.changes:
            return "same"
        return "differs" if self.verb is Verb.PLAN else "changed"


@dataclass(frozen=True)
class HostOutcome:
    """What one machine came to.

    Args:
        target: the machine, and its environment.
        run: the run on it; None where there was none, or it ended in an error.
        error: the error that the run ended in.
        seconds: how long the run took.
    """

    target: Target
    run: RunSummary | None = None
    error: EnvwrightError | None = None
    seconds: float = 0.0

    @property
    def word(self) -> str:
        """What the machine came to, in one word: see `RunSummary.word`, FAILURES and SKIPPED."""
        if self.error is not None:
            return failure(self.error)
        return SKIPPED if self.run is None else self.run.word

    @property
    def code(self) -> ExitCode:
        """The exit code that a run for this machine alone would have had."""
        if self.error is not None:
            return self.error.exit_code
        return ExitCode.DONE if self.run is None else self.run.code

    @property
    def failed(self) -> bool:
        """Whether `--fail-fast` stops for the machine: an error, or a check that failed."""
        if self.run is not None and self.run.to_apply:
            return False
        return self.error is not None or bool(self.failures)

    @property
    def changes(self) -> tuple[str, ...]:
        """The ids of the resources that differed."""
        return () if self.run is None else self.run.changes

    @property
    def failures(self) -> tuple[Result, ...]:
        """The checks that failed."""
        return () if self.run is None else self.run.failures

    def json(self) -> dict[str, Any]:
        """Return the outcome as JSON values."""
        return {
            "host": self.target.host,
            "environment": self.target.environment,
            "outcome": self.word,
            "exit_code": int(self.code),
            "seconds": round(self.seconds, 3),
            "error": self.error and self.error.json(),
            "result": self.run and self.run.document,
        }


def changed_on(outcomes: Iterable[HostOutcome]) -> dict[str, list[str]]:
    """Return the machines that each resource differed on, the most frequent resource first."""
    return _hosts((id_, each) for each in outcomes for id_ in each.changes)


def failed_on(outcomes: Iterable[HostOutcome]) -> dict[str, list[str]]:
    """Return the machines that each check failed on, the most frequent check first."""
    return _hosts((check.id, each) for each in outcomes for check in each.failures)


def _hosts(found: Iterable[tuple[str, HostOutcome]]) -> dict[str, list[str]]:
    hosts: dict[str, list[str]] = {}
    for id_, outcome in found:
        hosts.setdefault(id_, []).append(outcome.target.host)
    return dict(sorted(hosts.items(), key=lambda entry: -len(entry[1])))


def counts(outcomes: Iterable[HostOutcome]) -> dict[str, int]:
    """Count the machines of each word, the first machine's word first."""
    words = [outcome.word for outcome in outcomes]
    return {word: words.count(word) for word in dict.fromkeys(words)}


@dataclass(frozen=True)
class FleetOutcome:
    """What a verb came to on all machines of a fleet.

    Args:
        verb: what the run did.
        hosts: what each machine came to.
        error: why machines were not begun; None where no machine was left out on purpose.
    """

    verb: Verb
    hosts: tuple[HostOutcome, ...]
    error: EnvwrightError | None = None

    @property
    def code(self) -> ExitCode:
        """The exit code: the worst of the machines' own, and of the error's."""
        codes = [outcome.code for outcome in self.hosts]
        return max([*codes, self.error.exit_code] if self.error else codes, key=DEGREES.index)

    def json(self) -> dict[str, Any]:
        """Return what `--json` prints; `version` changes when the form does."""
        drift = failed_on(self.hosts) if self.verb is Verb.VERIFY else changed_on(self.hosts)
        return {
            "version": 1,
            "verb": self.verb.value,
            "exit_code": int(self.code),
            "counts": counts(self.hosts),
            "drift": [{"id": id_, "hosts": hosts} for id_, hosts in drift.items()],
            "error": self.error and self.error.json(),
            "hosts": [outcome.json() for outcome in self.hosts],
        }
