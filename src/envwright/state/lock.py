"""The lock: one run at a time changes a machine; the lock ends with the session that took it."""

from __future__ import annotations

import getpass
import json
import os
import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

from envwright.errors import LockedError, StepError
from envwright.host.limits import QUESTION

if TYPE_CHECKING:
    from collections.abc import Callable

    from envwright.host.session import Session

LOCK = "/run/envwright/lock"
"""In a directory of root's own: in /run/lock, any user could keep root out for ever."""
TAKEN = 75
"""The exit code for a lock that another run has (EX_TEMPFAIL of sysexits.h)."""
PATIENCE = 1.0
"""Seconds that a run waits for a lock in any case: the one before it may be about to end."""
LEASE_SECONDS = 600
"""The lock of a session that hears nothing of its envwright for so long ends: the network is gone,
and sshd would notice it after hours. Many heartbeats must be missed, for a person may have
stopped envwright for a while."""
WATCH_SECONDS = 30

# File descriptor 9 is the session's own shell's, which keeps it from everything that it starts: the
# lock (flock(2)) ends when that shell ends, were it by kill -9. [ -O ]: root's own.
#
# The watch reads in /proc how much `cat`, through which all that envwright sends must go, has read.
# It is executed, not only forked: while a shell runs a script, it keeps a copy of its own stdin
# until it executes a program. The watch would hold that copy, and `cat` would not see that its
# reader is gone.
_TAKE = """\
if (
  umask 077; mkdir -p {folder} || exit 1
  [ -d {folder} ] && [ ! -L {folder} ] && [ -O {folder} ] && chmod 0700 {folder} ||
    {{ echo '{folder}: it is not a directory of its own' >&2; exit 1; }}
  : >>{lock}
) && exec 9>>{lock}
then
  if flock --timeout {seconds} --conflict-exit-code {taken} 0 <&9
  then
    printf '%s %s %s\\n' "$$" "$(date -u '+%F %T')" {holder} >{lock}
    sh -c '
      source=
      for stat in /proc/[0-9]*/stat; do
        read -r pid name _ _ group _ <"$stat" || continue
        [ "$name $group" != "(cat) $1" ] || source=$pid
      done
      quiet=0; before=
      while sleep {watch} && read -r _ read _ <"/proc/$source/io"; do
        quiet=$((quiet + {watch}))
        [ "$read" = "$before" ] || quiet=0
        [ "$quiet" -lt {lease} ] || {{ trap : HUP; kill -s HUP -- "-$1"; }}
        before=$read
      done
    ' sh "$$" </dev/null >/dev/null 2>&1 9>&- &
    _ew_watch=$!
  else
    _ew_failed=$?; exec 9>&-
    [ "$_ew_failed" != {taken} ] || cat {lock}
    (exit "$_ew_failed")
  fi
else
  false
fi"""
_RELEASE = "exec 9>&-; kill $_ew_watch 2>/dev/null; :"


class Holder(NamedTuple):
    """Who has a lock, as the lock's file tells it; "" for what it does not tell.

    Args:
        session: the process group of the holder's session on the machine.
        since: the machine's own time.
        environment: the name of the environment that is applied.
        account, host, pid: who started that envwright, where, and its process there.
    """

    session: str = ""
    since: str = ""
    environment: str = ""
    account: str = ""
    host: str = ""
    pid: str = ""

    @staticmethod
    def read(text: str) -> Holder:
        """Read a lock's file; a holder may just be writing it."""
        try:
            session, date, time, details = text.split(" ", 3)
            values = json.loads(details)
            fields = {name: str(values[name]) for name in ("environment", "account", "host", "pid")}
            return Holder(str(int(session)), f"{date} {time} UTC", **fields)
        except (ValueError, KeyError, TypeError, RecursionError):
            return Holder()

    def __str__(self) -> str:
        if not self.since:
            return "another envwright is at work here"
        return (
            f"another envwright is at work here since {self.since}: it applies {self.environment}, "
            f"started by {self.account} on {self.host} (process {self.pid})"
        )

    @property
    def hint(self) -> str:
        """What a person can do, beside waiting."""
        if not self.session:
            return ""
        end = f"kill -s HUP -- -{self.session}"
        return f"where it hangs, end its session as root on the machine: {end}"


def take(
    session: Session,
    environment: str,
    seconds: float = 0,
    waiting: Callable[[str], None] = lambda _: None,
) -> None:
    """Take the lock of a machine; it is kept until `release`, or until the session ends.

    Args:
        session: whose the lock is.
        environment: the name of what is applied, for whoever finds the lock taken.
        seconds: how long to wait where another run has it.
        waiting: is told who has it, before a wait of more than a second.

    Raises:
        LockedError: another run has it.
        StepError: the lock cannot be made.
    """
    holder = _attempt(session, environment, PATIENCE)
    if holder and seconds > PATIENCE:
        waiting(f"{session.name}: {holder}")
        holder = _attempt(session, environment, seconds - PATIENCE)
    if holder:
        raise LockedError(f"{session.name}: {holder}", hint=holder.hint)


def release(session: Session) -> None:
    """Give the lock back; does nothing where the session does not have it."""
    session.source(_RELEASE, doing="giving the lock back")


def _attempt(session: Session, environment: str, seconds: float) -> Holder | None:
    """Take the lock within some seconds; return who has it instead."""
    script = _TAKE.format(
        folder=LOCK.rpartition("/")[0],
        lock=LOCK,
        seconds=f"{seconds:g}",
        taken=TAKEN,
        holder=shlex.quote(json.dumps(myself(environment))),
        watch=WATCH_SECONDS,
        lease=LEASE_SECONDS,
    )
    result = session.source(script, limits=QUESTION.longer(seconds), doing=f"taking {LOCK}")
    if result.code == TAKEN:
        return Holder.read(result.text)
    if not result.ok:
        raise StepError(f"{session.name}: cannot lock {LOCK}: {result.reason}")
    return None


def myself(environment: str) -> dict[str, Any]:
    """Return who runs envwright, as JSON values."""
    try:
        account = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # an account without a name (Python 3.12 and before: KeyError)
        account = str(os.getuid())
    host, pid = os.uname().nodename, os.getpid()
    return {"environment": environment, "account": account, "host": host, "pid": pid}
