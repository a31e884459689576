"""A rehearsal: what checks will ask a machine, found out beforehand and asked in few round trips.

Checks ask one thing after another, and what they ask may depend on what they were told. So they are
run with no answers at hand: each stops at its first question. All those are asked at once, and the
checks are run again, with these answers, until none stops any more.
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
"""After so many the checks are left to ask the rest for themselves."""
BATCH = 500
"""Scripts a round trip."""


class Rehearsal:
    """Runs scripts in a session, or has their answers from a rehearsal."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._answers: dict[str, Result] = {}
        self._missing: dict[str, None] | None = None
        self._done = False

    def run(self, script: str) -> Result:
        """Return the answer of a script: the one of the rehearsal where there is one."""
        if script in self._answers:
            return self._answers[script]
        if self._missing is None:
            return self._session.run(script)
        self._missing[script] = None
        raise _UnansweredError

    def prepare(self, checks: Iterable[Callable[[], object]], again: bool) -> None:  # noqa: FBT001
        """Rehearse before the first check; `again`: one is made anew, and asks for itself."""
        if again:
            self._answers.clear()
        elif not self._done:
            self._done = True
            self.rehearse(checks)

    def rehearse(self, checks: Iterable[Callable[[], object]]) -> None:
        """Have the answers to all that checks ask; what they come to is of no interest."""
        waiting = list(checks)
        for _ in range(ROUNDS):
            self._missing = {}
            waiting = [check for check in waiting if not _completes(check)]
            scripts, self._missing = [*self._missing], None
            for start in range(0, len(scripts), BATCH):
                self._answers.update(_ask(self._session, scripts[start : start + BATCH]))


# In a subshell of its own each writes its stdout where it goes; its stderr, and its exit code when
# it ends, are caught and follow behind a mark.
_APART = """\
exec 4>&1
ew_said=$(exec 5>&1 >&4 2>&5 4>&- </dev/null; trap 'printf "\\n%s" $? >&5' EXIT; eval {script})
printf '{mark}%s' "$ew_said"; exec 4>&-"""


def _ask(session: Session, scripts: Sequence[str]) -> Iterator[tuple[str, Result]]:
    """Run scripts in one round trip, on two processors; those that did not end are left out."""
    mark = nonce().decode()
    apart = [_APART.format(script=shlex.quote(script), mark=mark) for script in scripts]
    outputs = session.run_batch(apart, concurrent=len(scripts) // 2)
    for script, output in zip(scripts, outputs, strict=False):
        stdout, _, said = output.partition(mark.encode())
        stderr, _, code = said.rpartition(b"\n")
        if code.isdigit() and len(code) <= len("255"):
            yield script, Result(int(code), stdout, stderr)


class _UnansweredError(BaseException):
    """There is no answer yet. No check may take it for a failure that it expects."""


def _completes(check: Callable[[], object]) -> bool:
    """Tell whether a check comes to its end, good or bad."""
    try:
        check()
    except _UnansweredError:
        return False
    except Exception:  # noqa: BLE001 - it will be met again, and told, where it counts
        return True
    return True
