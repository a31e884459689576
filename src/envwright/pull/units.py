"""The systemd units of pull mode: a service, and the timer that starts it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from envwright.errors import ExitCode
from envwright.model import systemd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envwright.pull.settings import Settings

HEAD = "# Written by `envwright pull install`: install again to change it.\n"

_SERVICE = """\
[Unit]
Description=envwright: follow a repository of environments
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
Environment={environment}
ExecStart={program} pull run
SuccessExitStatus={good}
TimeoutStartSec=2h
"""

_TIMER = """\
[Unit]
Description=envwright: follow a repository of environments, every {every}

[Timer]
OnCalendar={calendar}
RandomizedDelaySec={delay}
FixedRandomDelay=true
Persistent=true

[Install]
WantedBy=timers.target
"""


def service(settings: Settings, words: Iterable[str]) -> str:
    """Return the service; `words` are the command that runs envwright.

    A machine that differs is no failure of a unit that may not change it; a failed check is one.
    """
    good = [ExitCode.RESTART] if settings.apply else [ExitCode.CHANGES, ExitCode.RESTART]
    # Without HOME, ./bootstrap does not know where its virtual environment is.
    variables = {"HOME": "/root"}
    if os.environ.get("XDG_DATA_HOME"):
        variables["XDG_DATA_HOME"] = os.environ["XDG_DATA_HOME"]
    return HEAD + _SERVICE.format(
        environment=systemd.assignments(variables),
        program=systemd.command(words),
        good=" ".join(str(int(code)) for code in good),
    )


def timer(settings: Settings) -> str:
    """Return the timer: each machine has its own delay; a run that was missed is made up for."""
    return HEAD + _TIMER.format(
        every=settings.every, calendar=settings.calendar, delay=settings.delay
    )
