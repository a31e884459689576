"""The verb that measures: bench io."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.bench.measuring import PUBLISHED, measure
from envwright.bench.places import find, first_home
from envwright.bench.windows_step import windows_step
from envwright.capture.run import machine_of
from envwright.engine.context import Access, password_source, session_to
from envwright.errors import ExitCode, RefusedError
from envwright.report.bench import table

if TYPE_CHECKING:
    import argparse

    from envwright.cli.invocation import Invocation


def bench(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Measure the places of a machine, one after the other.

    Raises:
        RefusedError: a place is no folder, or the step for Windows is asked for where none is.
        HostError: the machine cannot be reached, or was lost.
    """
    access = Access(password_source(stdin=parsed.sudo_password_stdin), timeout=parsed.timeout)
    with session_to(parsed.host, access, call.timings) as session:
        machine = machine_of(session)
        if parsed.windows_step:
            if not machine.wsl:
                raise RefusedError(f"{session.name} does not run under WSL: it has no Windows side")
            call.report.text(windows_step(machine, first_home(machine)))
            return ExitCode.DONE
        call.report.quiet = parsed.json
        measured = []
        for place in find(session, machine, parsed.places):
            call.report.line(f"measuring {place.path}, in the name of {place.owner} ...")
            measured.append(measure(session, machine, place))
    if parsed.json:
        places = [found.json() for found in measured]
        call.report.json({"version": 1, "places": places, "published": PUBLISHED})
    else:
        call.report.text("\n".join(table(measured)))
    return ExitCode.DONE
