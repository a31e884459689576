"""`apply --restart`: has Windows restart a machine, and has the run go on after the restart.

The machine is either this one, which ends the run, or another one, which is waited for.
"""

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
    from collections.abc import Callable

    from typing_extensions import Never

    from envwright.engine.context import Context
    from envwright.engine.plan import Plan
    from envwright.facts import Boot
    from envwright.model.resource import Moment

    Tell = Callable[[str], object]

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


def is_here(context: Context) -> bool:
    """Tell whether a run is about the machine that envwright itself runs on."""
    return context.target.host == HERE


def check(context: Context, plan: Plan, tell: Tell, *, json: bool) -> bool:
    """Tell whether a plan takes a restart; object where nobody could make it or go on after it.

    Args:
        context: the machine and its environment.
        plan: what differs.
        tell: shows a line to a person.
        json: the run ends by printing JSON.

    Raises:
        RefusedError: Windows, systemd or a secret will not be there; nothing was changed.
    """
    if plan.restart is None:
        if not context.machine.wsl:
            tell("This machine does not run under WSL: nothing here waits for a restart.")
        return False
    windows.check(context.session, context.machine)
    if is_here(context):
        if json:
            raise RefusedError(
                f"{HERE}: envwright cannot print what comes after its own restart",
                hint=f"leave out --json; {saved_run.OUTCOME} will tell; nothing was changed",
            )
        saved_run.check(context.session, context.machine, context.compiled, context.secrets)
    return True


def leave(  # noqa: PLR0913 - a run, and how it is to go on
    context: Context, left: Plan, moment: Moment, tell: Tell, *, verify: bool, continued: bool
) -> Never:
    """Save the run, and have Windows restart this machine, which ends this process.

    The process ends with exit code 3 if the restart leaves it the time.

    Args:
        context: this machine and its environment.
        left: what the run after the restart is to apply.
        moment: the restart.
        tell: shows a line to a person.
        verify: the run after the restart verifies the result.
        continued: this run is one after a restart already; its ticket is written on.

    Raises:
        StepError: the machine is still up; nothing of the attempt is left.
    """
    session, before = context.session, windows.identity(windows.boot_of(context.session))
    ticket = saved_run.Ticket(left.environment, moment.name, before, verify)
    if continued and (known := saved_run.Ticket.read()):
        ticket = known.again(moment.name, before)
    saved_run.install(session, ticket, context.compiled, context.secrets)
    with contextlib.suppress(ValueError):  # signals are for the main thread
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: sys.exit(ExitCode.RESTART))
    try:
        windows.hand_over(session, moment, context.machine, left.environment)
        tell(
            f"Windows runs {after(moment, context.machine)} now. envwright goes on by itself: "
            f"{saved_run.LOG} has what it says, {saved_run.OUTCOME} the outcome."
        )
        time.sleep(SECONDS)
        raise StepError(f"{HERE}: Windows did not restart this machine within {SECONDS} s")
    except (EnvwrightError, KeyboardInterrupt):
        saved_run.remove(session)
        raise


def cross(context: Context, left: Plan, moment: Moment, tell: Tell) -> dict[str, Any]:
    """Have Windows restart a machine, and wait until the machine is up again.

    Returns the identities of the machine's starts before and after the restart.

    Raises:
        HostError: the machine does not come back.
        StepError: the machine was not restarted.
    """
    before = windows.boot_of(context.session)
    try:
        windows.hand_over(context.session, moment, context.machine, left.environment)
    except EnvwrightError:
        with contextlib.suppress(HostError):
            windows.release(context.session)
        raise
    tell(f"Windows runs {after(moment, context.machine)} now; waiting for the machine.")
    context.session.close()
    now = _returned(context.target.host, moment, before)
    return {"before": windows.identity(before), "after": windows.identity(now)}


def _returned(host: str, moment: Moment, before: Boot) -> Boot:
    """Wait until a machine answers after its restart; return when it started."""
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
