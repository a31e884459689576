"""Prefetch: asks a machine the questions of many checks in a few round trips.

A check asks one question after another, and the next question may depend on the last answer. So
the prefetch runs the checks without answers: each check stops at its first question. The prefetch
asks all these questions in one round trip, and runs the checks again with the answers, until no
check stops at an unanswered question.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from envwright.host.session import Result
from envwright.host.shell import nonce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from envwright.host.session import Session

ROUNDS = 20
"""The most round trips; after these, the checks ask their remaining questions one by one."""
BATCH = 500
"""The most scripts in one round trip."""


class Prefetch:
    """Answers scripts from prefetched results, or runs them in the session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._answers: dict[str, Result] = {}
        self._missing: dict[str, None] | None = None
        self._done = False

    def run(self, script: str, stdin: bytes = b"") -> Result:
        """Return the result of a script: the prefetched one where there is one."""
        if stdin:
            return self._session.run(script, stdin=stdin)
        if script in self._answers:
            return self._answers[script]
        if self._missing is None:
            return self._session.run(script)
        self._missing[script] = None
        raise _UnansweredError

    def prepare(self, checks: Iterable[Callable[[], object]], again: bool) -> None:  # noqa: FBT001
        """Prefetch before the first check.

        With `again` a check is repeated: it must not get the old answers, so they are dropped.
        """
        if again:
            self._answers.clear()
        elif not self._done:
            self._done = True
            self.fetch(checks)

    def fetch(self, checks: Iterable[Callable[[], object]]) -> None:
        """Fetch the answers to all questions of the checks; the checks' own results are dropped."""
        unfinished = list(checks)
        for _ in range(ROUNDS):
            self._missing = {}
            unfinished = [check for check in unfinished if not _completes(check)]
            scripts, self._missing = [*self._missing], None
            for start in range(0, len(scripts), BATCH):
                self._answers.update(_ask(self._session, scripts[start : start + BATCH]))


# Each script runs in a subshell and writes its stdout to the output of the batch. Its stderr and
# its exit code are captured, and follow its stdout behind a mark.
_APART = """\
exec 4>&1
ew_said=$(exec 5>&1 >&4 2>&5 4>&- </dev/null; trap 'printf "\\n%s" $? >&5' EXIT; eval {script})
printf '{mark}%s' "$ew_said"; exec 4>&-"""


def _ask(session: Session, scripts: Sequence[str]) -> Iterator[tuple[str, Result]]:
    """Run scripts in one round trip, two at a time; yield the results of those that ended."""
    mark = nonce().decode()
    apart = [_APART.format(script=shlex.quote(script), mark=mark) for script in scripts]
    outputs = session.run_batch(apart, concurrent=len(scripts) // 2)
    for script, output in zip(scripts, outputs, strict=False):
        stdout, _, said = output.partition(mark.encode())
        stderr, _, code = said.rpartition(b"\n")
        if code.isdigit() and len(code) <= len("255"):
            yield script, Result(int(code), stdout, stderr)


class _UnansweredError(BaseException):
    """A question has no answer yet.

    It is no Exception: a check that expects some failure must not catch it.
    """


def _completes(check: Callable[[], object]) -> bool:
    """Tell whether a check ends, by success or failure, without an unanswered question."""
    try:
        check()
    except _UnansweredError:
        return False
    except Exception:  # noqa: BLE001 - the check runs again for its verdict, and fails again there
        return True
    return True
