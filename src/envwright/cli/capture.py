"""The verb `capture`: writes an environment of a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.capture import run
from envwright.engine.context import Access, password_source
from envwright.errors import ExitCode
from envwright.facts import Machine
from envwright.host.session import open_session

if TYPE_CHECKING:
    import argparse

    from envwright.cli.invocation import Invocation


def capture(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Read an environment from a machine, and print it or write it to a file.

    Raises:
        EnvwrightError: the machine cannot be reached or read, or the file cannot be written.
    """
    access = Access(password_source(stdin=parsed.sudo_password_stdin), timeout=parsed.timeout)
    with open_session(
        parsed.host,
        hello=Machine.HELLO,
        password=access.password,
        timeout=access.timeout,
    ) as session:
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
