"""The run after a restart: applies what was saved before the restart; a systemd unit starts it.

However the run ends, the unit and the saved run are removed, unless the run asked for one more
restart. Each attempt is counted before it is made, so that no attempt can follow another for ever.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from envwright import workflow
from envwright.cache.compiled import CompiledEnvironment
from envwright.engine.context import Access, open_context
from envwright.errors import EnvwrightError, ExitCode, unforeseen
from envwright.host.inventory import Target
from envwright.host.session import open_session
from envwright.model.resource import Moment
from envwright.model.secrets import marker
from envwright.report.terminal import Report
from envwright.restart import saved_run, windows
from envwright.restart.orchestrate import HERE
from envwright.workflow import RunOptions, Verb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from envwright.facts import Boot
    from envwright.host.session import Session


def main(arguments: Sequence[str]) -> int:
    """Go on with the saved run; all that it prints goes into a log. Return its exit code.

    With `--rehearse`, only tell on stderr what the saved run on stdin would be missing.
    """
    try:
        if list(arguments) == ["--rehearse"]:
            _rehearse(sys.stdin.buffer.read())
            return ExitCode.DONE
        with (
            open(saved_run.LOG, "a", encoding="utf-8", opener=_private) as log,
            contextlib.redirect_stdout(log),
            contextlib.redirect_stderr(log),
        ):
            return _go_on(Report())
    except EnvwrightError as error:
        sys.stderr.write(f"{error.message}\n")  # without a hint: the line goes into another error
        return error.exit_code


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _rehearse(data: bytes) -> None:
    """Load a compiled environment and read all its secrets.

    Raises:
        SecretError: a secret cannot be had.
    """
    _, secrets = saved_run.unpack(data)
    for name in secrets.names:
        secrets.reveal(marker(name))


def _go_on(report: Report) -> int:
    ticket = saved_run.Ticket.read()
    if ticket is None:
        return ExitCode.DONE
    ticket = ticket.count()
    with open_session(HERE) as session:
        code: int = ExitCode.ERROR
        now = None
        try:
            now = windows.boot_of(session)
            ticket = _record_restart(session, ticket, now, report)
            code = _apply(ticket, report)
        except EnvwrightError as error:
            report.error(error)
        except Exception as error:  # noqa: BLE001 - the log says what it was
            report.error(unforeseen(error))
        finally:
            if not _restarts_again(code, now):
                _finish(session, ticket, code)
    return code


def _record_restart(
    session: Session, ticket: saved_run.Ticket, now: Boot, report: Report
) -> saved_run.Ticket:
    """Record the restart where it has happened; where not, the plan asks for it once more."""
    if not windows.proved(Moment[ticket.moment], ticket.before, windows.identity(now)):
        report.line(f"Not restarted as it has to be: {ticket.before} is still so.")
        return ticket
    starts = {"before": ticket.before, "after": windows.identity(now)}
    windows.record(session, ticket.environment, starts)
    ticket = replace(ticket, restarts=(*ticket.restarts, starts))
    ticket.write(session)
    return ticket


def _apply(ticket: saved_run.Ticket, report: Report) -> int:
    """Apply the saved environment; the last attempt asks for no more restarts."""
    attempts_left = saved_run.LIMIT - ticket.attempts
    if attempts_left < 0:
        raise EnvwrightError(f"given up after {saved_run.LIMIT} attempts")
    options = RunOptions(
        Verb.APPLY,
        yes=True,
        verify=ticket.verify,
        restarts=attempts_left,
        continued=True,
        trust=True,
    )
    try:
        with open_context(
            Target(HERE), lambda _: CompiledEnvironment(*saved_run.saved()), Access()
        ) as context:
            report.mask = context.secrets.mask
            return workflow.run(context, options, report).code
    except SystemExit as ended:  # by the next restart
        return int(ended.code or 0)


def _restarts_again(code: int, now: Boot | None) -> bool:
    ticket = saved_run.Ticket.read()
    renewed = now and ticket and ticket.before == windows.identity(now)
    return bool(renewed) and code == ExitCode.RESTART


def _finish(session: Session, ticket: saved_run.Ticket, code: int) -> None:
    """Write the outcome, and remove all else that the run had."""
    outcome: dict[str, Any] = {
        "environment": ticket.environment,
        "exit_code": code,
        "restarts": list(ticket.restarts),
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "log": saved_run.LOG,
    }
    windows.save(session, saved_run.OUTCOME, json.dumps(outcome, indent=2).encode() + b"\n")
    saved_run.remove(session)
