"""A restart of a machine under WSL: Windows makes it, and the machine's start time proves it.

A process in a distribution ends with the distribution. So Windows is handed a relay: a command
line of Windows that waits a few seconds, ends the distribution (or the virtual machine, and with it
all distributions) and starts it again. WSL stops a distribution without a session even if services
run in it; so the relay stays in the distribution as long as the file HOLD is there.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from envwright.errors import RefusedError, StepError
from envwright.facts import Booted, Unknown, decode
from envwright.facts.interop import on_windows
from envwright.host.probe import ask
from envwright.model.pending_restart import after
from envwright.model.resource import Moment
from envwright.state.journal import JOURNAL, Journal

if TYPE_CHECKING:
    from envwright.facts import Boot, Machine
    from envwright.host.session import Session

FOLDER = f"{JOURNAL.rpartition('/')[0]}/resume"
"""The files that are needed after the restart."""
HOLD = f"{FOLDER}/hold"
HOLD_TEXT = """\
#!/bin/sh
# Keeps the distribution up while envwright goes on after the restart: Windows runs it.
end=$(($(date +%s) + 7200))
while [ -e "$0" ] && [ "$(date +%s)" -lt "$end" ]; do sleep 1; done
"""
NAME = re.compile(r"[A-Za-z0-9._-]+")
"""Names of distributions, as wsl.exe takes them; no such character is special in cmd.exe."""

_LISTED = """\
/init "$ew_system/wsl.exe" wsl.exe --list --quiet </dev/null 2>/dev/null |
 tr -d '\\000\\r' | grep -Fxq -- "$name" ||
 { echo "wsl.exe --list does not name $name"; exit 1; }"""
_SAVE = """\
mkdir -p -m 0700 {folder} && cat >{file}.new && chmod {mode} {file}.new && sync {file}.new &&
mv -f {file}.new {file}"""


def relay(moment: Moment, distribution: str) -> tuple[str, ...]:
    """Return the words of cmd.exe that restart a distribution, after three seconds.

    No word holds a blank or a quote, which Linux and Windows would not quote alike; `^&` is for the
    second cmd.exe, which `start` sets free. ping waits: timeout.exe takes no redirected input.
    """
    end = ("--shutdown",) if moment is Moment.VM else ("--terminate", distribution)
    begin = ("-d", distribution, "-u", "root", "--exec", HOLD)
    start = ("/d", "/c", "start", "/min", "cmd.exe", "/d", "/c")
    wait = ("ping", "-n", "4", "127.0.0.1", "^&")
    return (*start, *wait, "wsl.exe", *end, "^&", *wait, "wsl.exe", *begin)


def check(session: Session, machine: Machine) -> None:
    """Object where Windows could not be asked for a restart.

    Raises:
        RefusedError: Windows cannot be reached, or does not know the distribution.
    """
    why = "the name of this distribution in Windows is not known"
    if NAME.fullmatch(machine.distribution):
        result = session.run(on_windows(_LISTED, name=machine.distribution))
        if result.ok:
            return
        why = decode(result.stdout).strip()
    raise RefusedError(
        f"{session.name}: Windows cannot be asked for a restart: {why}",
        hint="without --restart, envwright says what to do by hand; nothing was changed",
    )


def save(session: Session, file: str, data: bytes, mode: str = "0600") -> None:
    """Write a file that is needed after the restart, whole or not at all, and sync it to the disk.

    Raises:
        StepError: the file cannot be written.
    """
    words = {"folder": shlex.quote(FOLDER), "file": shlex.quote(file), "mode": mode}
    result = session.run(_SAVE.format(**words), stdin=data)
    if not result.ok:
        raise StepError(f"{session.name}: cannot write {file}: {result.reason}")


def hand_over(session: Session, moment: Moment, machine: Machine, environment: str) -> None:
    """Ask Windows for a restart in three seconds.

    Raises:
        StepError: the journal or HOLD cannot be written, or Windows refuses the command.
    """
    save(session, HOLD, HOLD_TEXT.encode(), "0700")
    with Journal(session, environment) as journal:
        journal.write("restart", command=after(moment, machine).strip("`"))
    words = shlex.join(relay(moment, machine.distribution))
    # The relay must not hold this script's outputs open, nor be hung up with this session.
    script = f'setsid /init "$ew_system/cmd.exe" cmd.exe {words} </dev/null >/dev/null 2>&1'
    result = session.run(on_windows(script))
    if not result.ok:
        words = decode(result.stdout).strip() or f"exit code {result.code}"
        raise StepError(f"{session.name}: Windows did not take the restart: {words}")


def boot_of(session: Session) -> Boot:
    """Ask when the machine started.

    Raises:
        StepError: the machine does not say.
    """
    boot = ask(session, [Booted()])[Booted()]
    if isinstance(boot, Unknown):
        raise StepError(f"{session.name}: it cannot be told when the machine started")
    return boot


def identity(boot: Boot) -> dict[str, Any]:
    """Return the identity of a machine's start, as JSON values: no two starts have the same one."""
    return {"boot_id": boot.id, "pid_1": boot.ticks}


def proved(moment: Moment, before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Tell whether a restart happened between two starts, given their identities."""
    if moment is Moment.VM:
        return bool(before["boot_id"] != now["boot_id"])
    return before != now


def release(session: Session) -> None:
    """Remove the files for after the restart; without HOLD, the relay leaves the distribution."""
    session.run(f"rm -rf {FOLDER}")


def record(session: Session, environment: str, starts: dict[str, Any]) -> None:
    """Write a restart that happened into the journal; `starts` are the identities around it."""
    with Journal(session, environment) as journal:
        journal.write("restarted", **starts)
