"""`python -m envwright.after_restart`: the run that goes on after a restart. Its unit starts it.

Whatever becomes of it, the unit and the saved job are gone when it ends, unless it asked for one
more restart. It counts its attempts before it makes them: it cannot go round in circles.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from envwright.cli import main as command_line
from envwright.errors import EnvwrightError, ExitCode
from envwright.host.session import open_session
from envwright.model.resource import Moment
from envwright.model.secrets import marker
from envwright.restart import saved_run, windows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from envwright.facts import Boot
    from envwright.host.session import Session


def main(arguments: Sequence[str]) -> int:
    """Go on, or with `--rehearse` tell on stderr what of the job on stdin would be missing."""
    try:
        if list(arguments) == ["--rehearse"]:
            _rehearse(sys.stdin.buffer.read())
            return ExitCode.DONE
        with (
            open(saved_run.LOG, "a", encoding="utf-8", opener=_private) as log,
            contextlib.redirect_stdout(log),
            contextlib.redirect_stderr(log),
        ):
            return _go_on()
    except EnvwrightError as error:
        sys.stderr.write(f"{error.message}\n")
        return error.exit_code


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _rehearse(data: bytes) -> None:
    """Load a job and have all its secrets."""
    _, secrets = saved_run.unpack(data)
    for name in secrets.names:
        secrets.reveal(marker(name))


def _go_on() -> int:
    ticket = saved_run.Ticket.read()
    if ticket is None:
        return ExitCode.DONE
    ticket = ticket.count()
    with open_session("@local") as session:
        code: int = ExitCode.ERROR
        now = None
        try:
            now = windows.boot_of(session)
            ticket = _prove(session, ticket, now)
            code = _apply(ticket)
        except EnvwrightError as error:
            sys.stderr.write(f"error: {error}\n")
        finally:
            if not _restarts_again(code, now):
                _finish(session, ticket, code)
    return code


def _prove(session: Session, ticket: saved_run.Ticket, now: Boot) -> saved_run.Ticket:
    """Enter the restart where it has happened; where not, the plan will ask for it once more."""
    if not windows.proved(Moment[ticket.moment], ticket.before, windows.identity(now)):
        sys.stdout.write(f"Not restarted as it has to be: {ticket.before} is still so.\n")
        return ticket
    starts = {"before": ticket.before, "after": windows.identity(now)}
    windows.record(session, ticket.environment, starts)
    ticket = replace(ticket, restarts=(*ticket.restarts, starts))
    ticket.write(session)
    return ticket


def _apply(ticket: saved_run.Ticket) -> int:
    """Apply the saved job; the last attempt asks for no more restarts."""
    if ticket.attempts > saved_run.LIMIT:
        sys.stderr.write(f"error: given up after {saved_run.LIMIT} attempts\n")
        return ExitCode.ERROR
    again = ["--restart"] if ticket.attempts < saved_run.LIMIT else []
    verify = [] if ticket.verify else ["--no-verify"]
    try:
        return command_line.main(["apply", "--yes", *again, *verify, saved_run.JOB])
    except SystemExit as ended:  # by the next restart
        return int(ended.code or 0)


def _restarts_again(code: int, now: Boot | None) -> bool:
    ticket = saved_run.Ticket.read()
    renewed = now and ticket and ticket.before == windows.identity(now)
    return bool(renewed) and code == ExitCode.RESTART


def _finish(session: Session, ticket: saved_run.Ticket, code: int) -> None:
    """Write the outcome, and leave nothing else."""
    outcome: dict[str, Any] = {
        "environment": ticket.environment,
        "exit_code": code,
        "restarts": list(ticket.restarts),
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "log": saved_run.LOG,
    }
    windows.save(session, saved_run.OUTCOME, json.dumps(outcome, indent=2).encode() + b"\n")
    saved_run.remove(session)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
