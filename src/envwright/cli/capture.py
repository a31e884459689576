"""The verbs that read environments from machines: capture and adopt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.capture import adopting, run
from envwright.engine.context import password_source, require_file
from envwright.errors import ExitCode
from envwright.facts import Machine
from envwright.host.session import open_session
from envwright.spec.messages import quoted

if TYPE_CHECKING:
    import argparse

    from envwright.cli.invocation import Invocation
    from envwright.host.session import Session


def capture(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Read an environment from a machine, and print it or write it to a file.

    Raises:
        EnvwrightError: the machine cannot be reached or read, or the file cannot be written.
    """
    with _session(parsed) as session:
        text, draft = run.capture(session, parsed.into)
    if parsed.into is not None:
        run.write(parsed.into, text, over=True)
        for each in sorted(draft.left_out):
            call.report.line(f"left out: {each.what}: {each.why}")
        call.report.line(
            f"{parsed.into} says what it said and what was new; its owner alone reads it."
        )
        return ExitCode.DONE
    if parsed.output is None:
        call.report.text(text)
        return ExitCode.DONE
    run.write(parsed.output, text)
    call.report.line(f"Written to {parsed.output}, which its owner alone can read.")
    call.report.line(f"`envwright plan {parsed.output}` compares a machine with it.")
    return ExitCode.DONE


def adopt(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Write into an environment what a machine has of one resource.

    Raises:
        EnvwrightError: the machine cannot be reached, or the state cannot be taken over.
    """
    require_file(str(parsed.environment))
    with _session(parsed) as session:
        text, adopted = adopting.adopt(
            session, run.machine_of(session), parsed.environment, parsed.id
        )
    run.write(parsed.environment, text, over=True)
    for each in adopted:
        call.report.line(f"{parsed.environment}:{each.line}: {each.key}: {quoted(str(each.value))}")
    return ExitCode.DONE


def _session(parsed: argparse.Namespace) -> Session:
    return open_session(
        parsed.host,
        hello=Machine.HELLO,
        password=password_source(stdin=parsed.sudo_password_stdin),
        timeout=parsed.timeout,
    )
