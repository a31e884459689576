"""What goes on after a restart of this machine: a saved job, and a unit that takes it up.

The job is the compiled environment; secrets are in it by where they come from. Before anything is
changed it is rehearsed: a process like the one after the restart, without terminal, session and
variables of the user, has to load it and to have all its secrets.
"""

from __future__ import annotations

import json
import os
import pickle
import shlex
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envwright.engine.context import SAVED
from envwright.errors import RefusedError, StepError
from envwright.facts import decode
from envwright.portable import dialects
from envwright.restart.windows import FOLDER, save

if TYPE_CHECKING:
    from envwright.facts import Machine
    from envwright.host.session import Session
    from envwright.model.secrets import Secrets
    from envwright.spec.compiler import Compiled

JOB = SAVED
TICKET = f"{FOLDER}/ticket.json"
OUTCOME = "/var/lib/envwright/resumed.json"
LOG = "/var/lib/envwright/resumed.log"
UNIT = "envwright-resume.service"
LIMIT = 3
"""How often a run is taken up, at most: after a restart of its own, or because it was cut off."""

_UNITS = "/etc/systemd/system"
_WANTED = f"{_UNITS}/multi-user.target.wants"
# A link is all that `enable` makes, and it can be made without systemd. It comes last.
_ENABLE = f"""\
cat >{_UNITS}/{UNIT} && mkdir -p {_WANTED} && sync {_UNITS}/{UNIT} &&
ln -sf ../{UNIT} {_WANTED}/{UNIT} && sync {_WANTED}"""
_REMOVE = f"""\
rm -f {_WANTED}/{UNIT} {_UNITS}/{UNIT} && rm -rf {FOLDER}
[ ! -d /run/systemd/system ] || systemctl daemon-reload"""


@dataclass(frozen=True)
class Ticket:
    """What the run after the restart is told, in JSON.

    Args:
        environment: its name.
        moment: the restart that is to happen, by its name in Moment.
        before: the identity of the start before it.
        verify: prove the result.
        attempts: how often the run was taken up.
        restarts: those that were proved.
    """

    environment: str
    moment: str
    before: dict[str, Any]
    verify: bool
    attempts: int = 0
    restarts: tuple[dict[str, Any], ...] = ()

    @staticmethod
    def read() -> Ticket | None:
        """Read the ticket on this machine; None where there is none."""
        try:
            fields = json.loads(Path(TICKET).read_text("utf-8"))
        except FileNotFoundError:
            return None
        return Ticket(**{**fields, "restarts": tuple(fields["restarts"])})

    def write(self, session: Session) -> None:
        """Write it to the machine of a session."""
        save(session, TICKET, self.text().encode())

    def count(self) -> Ticket:
        """Count an attempt, on the disk of this machine, before it is made."""
        counted = replace(self, attempts=self.attempts + 1)
        new = Path(f"{TICKET}.new")
        with new.open("w", encoding="utf-8") as file:
            file.write(counted.text())
            file.flush()
            os.fsync(file.fileno())
        new.replace(TICKET)
        return counted

    def text(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=2)

    def again(self, moment: str, before: dict[str, Any]) -> Ticket:
        """Return the ticket for one more restart of the same run."""
        return replace(self, moment=moment, before=before)


def pack(compiled: Compiled, secrets: Secrets) -> bytes:
    """Return a job as bytes, without the value of any secret."""
    return pickle.dumps((compiled, secrets), protocol=4)


def unpack(data: bytes) -> tuple[Compiled, Secrets]:
    """Return the job that `pack` was given."""
    found: tuple[Compiled, Secrets] = pickle.loads(data)  # noqa: S301 - root's own, in root's folder
    return found


def saved() -> tuple[Compiled, Secrets]:
    """Return the job that is saved on this machine."""
    return unpack(Path(JOB).read_bytes())


def check(session: Session, machine: Machine, compiled: Compiled, secrets: Secrets) -> None:
    """Object where the run could not go on by itself after the restart.

    Raises:
        RefusedError: no systemd would be there to start it, or it needs what will not be there.
    """
    hint = "restart by hand and apply again; nothing was changed"
    if not _systemd_after(session, machine, compiled):
        raise RefusedError(
            f"{session.name}: after the restart there is no systemd that could go on",
            hint=f"set boot.systemd in /etc/wsl.conf, or {hint}",
        )
    words = shlex.join(["env", "-i", *_surroundings(), *_command(), "--rehearse"])
    script = f"cd {shlex.quote(str(Path.cwd()))} 2>/dev/null || cd /; {words}"
    result = session.run(script, stdin=pack(compiled, secrets))
    if not result.ok:
        said = decode(result.stderr).strip().splitlines() or [f"exit code {result.code}"]
        raise RefusedError(
            f"{session.name}: after the restart nobody could go on: {said[-1]}", hint=hint
        )


def _systemd_after(session: Session, machine: Machine, compiled: Compiled) -> bool:
    """Tell whether systemd will be PID 1: what is wanted decides, then wsl.conf, as it is."""
    for resource in compiled.resources:
        if (wanted := resource.boots_systemd()) is not None:
            return wanted
    if machine.booted:
        return True
    key = "boot.systemd"
    text = decode(session.run("cat /etc/wsl.conf").stdout)
    return dialects.get("wsl").actual(text, {key: True}).get(key) is True


def _surroundings() -> list[str]:
    """Return the variables that the run has; others hold what must not be on a disk."""
    home = os.path.expanduser("~")  # noqa: PTH111 - as a text
    path = os.environ.get("PATH", os.defpath)
    return [f"HOME={home}", f"PATH={path}", "LC_ALL=C.UTF-8"]


def _command() -> list[str]:
    return [sys.executable, "-m", "envwright", "--after-restart"]


def unit(environment: str) -> str:
    """Return the text of the unit that takes up the run.

    It starts when the boot is over: WSL takes a boot that lasts for a failed one.
    """
    return f"""\
[Unit]
Description=envwright goes on with {_plain(environment)} after the restart
After=multi-user.target
ConditionPathExists={JOB}

[Service]
Type=exec
WorkingDirectory=-{_plain(str(Path.cwd()))}
Environment={" ".join(map(_quoted, _surroundings()))}
ExecStart={" ".join(map(_quoted, _command()))}
"""


def _plain(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    """Quote a word as systemd.syntax(7) has it."""
    word = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_plain(word)}"'


def install(session: Session, ticket: Ticket, compiled: Compiled, secrets: Secrets) -> None:
    """Save a job and what it is told, and last of all enable the unit that takes it up.

    Raises:
        StepError: one of it cannot be written; nothing of it is left.
    """
    try:
        save(session, JOB, pack(compiled, secrets))
        ticket.write(session)
        _enable(session, ticket.environment)
    except StepError:
        remove(session)
        raise


def _enable(session: Session, environment: str) -> None:
    result = session.run(_ENABLE, stdin=unit(environment).encode())
    if not result.ok:
        raise StepError(f"{session.name}: cannot enable {UNIT}: {result.reason}")


def remove(session: Session) -> None:
    """Remove the unit, what enables it, and the saved job."""
    session.run(_REMOVE)
