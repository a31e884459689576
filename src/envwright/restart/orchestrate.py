"""`apply --restart`: across a restart under WSL, here or seen from outside, with nobody there."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError, ExitCode, HostError, RefusedError, StepError
from envwright.host.limits import STEP
from envwright.host.session import open_session
from envwright.model.pending_restart import after
from envwright.restart import saved_run, windows

if TYPE_CHECKING:
    import argparse

    from typing_extensions import Never

    from envwright.engine.context import Job
    from envwright.engine.plan import Plan
    from envwright.facts import Boot
    from envwright.model.resource import Moment
    from envwright.report.terminal import Report

HERE = "@local"
# Units that are still to start would be taken for stopped ones. In the first moments there is not
# even a sign of systemd, then there is no bus to ask.
_UP = """\
for _ in $(seq 25); do [ ! -d /run/systemd/system ] || break; sleep 0.2; done
[ ! -d /run/systemd/system ] || for _ in $(seq 100); do
case $(systemctl is-system-running --wait) in running|degraded|maintenance) break;; esac; sleep 0.2
done"""
SECONDS = 120
"""How long a restart may take."""


def check(job: Job, plan: Plan, options: argparse.Namespace, report: Report) -> bool:
    """Tell whether a plan takes a restart, and object where it could not be done unattended.

    Raises:
        RefusedError: Windows, systemd or a secret will not be there; nothing was changed.
    """
    if plan.restart is None:
        if not job.machine.wsl:
            report.line("This machine does not run under WSL: nothing here waits for a restart.")
        return False
    windows.check(job.session, job.machine)
    if job.target.host == HERE:
        if options.json:
            raise RefusedError(
                f"{HERE}: envwright cannot print what comes after its own restart",
                hint=f"leave out --json; {saved_run.OUTCOME} will tell; nothing was changed",
            )
        saved_run.check(job.session, job.machine, job.compiled, job.secrets)
    return True


def leave(
    job: Job, left: Plan, moment: Moment, options: argparse.Namespace, report: Report
) -> Never:
    """Have this machine restarted under our feet, and what is left taken up after it.

    The process ends with exit code 3 if the restart leaves it the time.

    Raises:
        StepError: the machine is still up; nothing of the attempt is left.
    """
    session, before = job.session, windows.identity(windows.boot_of(job.session))
    ticket = saved_run.Ticket(left.environment, moment.name, before, options.verify)
    known = saved_run.Ticket.read() if job.target.environment == saved_run.JOB else None
    if known:
        ticket = known.again(moment.name, before)
    saved_run.install(session, ticket, job.compiled, job.secrets)
    with contextlib.suppress(ValueError):  # signals are for the main thread
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(ExitCode.RESTART))
    try:
        windows.hand_over(session, moment, job.machine, left.environment)
        report.line(
            f"Windows runs {after(moment, job.machine)} now. envwright goes on by itself: "
            f"{saved_run.LOG} has what it says, {saved_run.OUTCOME} the outcome."
        )
        time.sleep(SECONDS)
        raise StepError(f"{HERE}: Windows did not restart this machine within {SECONDS} s")
    except (EnvwrightError, KeyboardInterrupt):
        saved_run.remove(session)
        raise


def cross(job: Job, left: Plan, moment: Moment, report: Report) -> dict[str, Any]:
    """Have a machine restarted, and wait until it is up again; return what tells its two starts.

    Raises:
        HostError: it does not come back.
        StepError: it was not restarted.
    """
    before = windows.boot_of(job.session)
    try:
        windows.hand_over(job.session, moment, job.machine, left.environment)
    except EnvwrightError:
        with contextlib.suppress(HostError):
            windows.release(job.session)
        raise
    report.line(f"Windows runs {after(moment, job.machine)} now; waiting for the machine.")
    job.session.close()
    now = _returned(job.target.host, moment, before)
    return {"before": windows.identity(before), "after": windows.identity(now)}


def _returned(host: str, moment: Moment, before: Boot) -> Boot:
    """Wait until a machine answers that has been restarted."""
    deadline = time.monotonic() + SECONDS
    lost: EnvwrightError = StepError(
        f"{host}: Windows did not restart this machine within {SECONDS} s"
    )
    while time.monotonic() < deadline:
        time.sleep(1)
        try:
            with open_session(host, hello=":", privileged=False) as session:
                now = windows.boot_of(session)
                if windows.proved(moment, windows.identity(before), windows.identity(now)):
                    session.run(_UP, limits=STEP.within(SECONDS))
                    return now
        except (HostError, StepError) as error:
            lost = error  # it is away, or not yet up
    raise lost
