"""The saved run: what is on the disk so that apply goes on after a restart of this machine.

A run is saved as three files: the compiled environment, a ticket that says what the run is to do,
and a systemd unit that starts envwright after the restart. A secret is saved as the place that its
value comes from, never as its value. Before anything is changed, the run is rehearsed: a process
like the one after the restart, without terminal, session and variables of the user, loads the
compiled environment and reads every secret.
"""

from __future__ import annotations

import json
import os
import pickle
import shlex
import stat
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envwright.errors import RefusedError, StepError
from envwright.facts import decode
from envwright.model import systemd
from envwright.portable import dialects
from envwright.restart.windows import FOLDER, save

if TYPE_CHECKING:
    from envwright.facts import Machine
    from envwright.host.session import Session
    from envwright.model.secrets import Secrets
    from envwright.spec.compiler import Compiled

COMPILED = f"{FOLDER}/job"
"""The compiled environment."""
TICKET = f"{FOLDER}/ticket.json"
OUTCOME = "/var/lib/envwright/resumed.json"
LOG = "/var/lib/envwright/resumed.log"
UNIT = "envwright-resume.service"
LIMIT = 3
"""How often a saved run is started, at most: after its own restarts, or because it was cut off."""

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
    """What the run after the restart is to do, in a file of JSON.

    Args:
        environment: the name of the environment.
        moment: the restart that is to happen, by its name in Moment.
        before: the identity of the machine's start before that restart.
        verify: verify the result.
        attempts: how often the run was started.
        restarts: the restarts that are known to have happened.
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
        """Write the ticket to the machine of a session."""
        save(session, TICKET, self.text().encode())

    def count(self) -> Ticket:
        """Count an attempt on the disk of this machine, before the attempt is made."""
        counted = replace(self, attempts=self.attempts + 1)
        new = Path(f"{TICKET}.new")
        with new.open("w", encoding="utf-8") as file:
            file.write(counted.text())
            file.flush()
            os.fsync(file.fileno())
        new.replace(TICKET)
        return counted

    def text(self) -> str:
        """Return the ticket as JSON."""
        return json.dumps(asdict(self), indent=2)

    def again(self, moment: str, before: dict[str, Any]) -> Ticket:
        """Return the ticket for one more restart of the same run."""
        return replace(self, moment=moment, before=before)


def pack(compiled: Compiled, secrets: Secrets) -> bytes:
    """Return a compiled environment as bytes, without the value of any secret."""
    return pickle.dumps((compiled, secrets), protocol=4)


def unpack(data: bytes) -> tuple[Compiled, Secrets]:
    """Return what `pack` was given; a pickle can run code, so the data must be root's own."""
    found: tuple[Compiled, Secrets] = pickle.loads(data)  # noqa: S301 - see above, and `saved`
    return found


def saved() -> tuple[Compiled, Secrets]:
    """Return the compiled environment that is saved on this machine.

    Raises:
        RefusedError: somebody else than root could have written the file.
    """
    folder = os.open(Path(COMPILED).parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        # What is checked is what is read: the folder and the file stay open between the two.
        _require_private(folder, str(Path(COMPILED).parent))
        file = os.open(Path(COMPILED).name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
        with os.fdopen(file, "rb") as stream:
            _require_private(stream.fileno(), COMPILED)
            return unpack(stream.read())
    finally:
        os.close(folder)


def _require_private(descriptor: int, path: str) -> None:
    """Object to a file or folder that is not root's own, or that others can write to."""
    status = os.fstat(descriptor)
    if status.st_uid != 0 or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise RefusedError(
            f"{path}: others than root can write to it; the saved run in it was not started",
            hint="find out who changed it, then apply again by hand",
        )


def check(session: Session, machine: Machine, compiled: Compiled, secrets: Secrets) -> None:
    """Object where the run could not go on by itself after the restart.

    Raises:
        RefusedError: there would be no systemd to start the run, or a secret would be missing.
    """
    hint = "restart by hand and apply again; nothing was changed"
    if not _systemd_after(session, machine, compiled):
        raise RefusedError(
            f"{session.name}: after the restart there is no systemd that could go on",
            hint=f"set boot.systemd in /etc/wsl.conf, or {hint}",
        )
    variables = (f"{name}={value}" for name, value in _variables().items())
    words = shlex.join(["env", "-i", *variables, *_command(), "--rehearse"])
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


def _variables() -> dict[str, str]:
    """Return the environment variables of the run; others may hold what must not be on a disk."""
    home = os.path.expanduser("~")  # noqa: PTH111 - as a text
    path = os.environ.get("PATH", os.defpath)
    return {"HOME": home, "PATH": path, "LC_ALL": "C.UTF-8"}


def _command() -> list[str]:
    return [sys.executable, "-m", "envwright", "--after-restart"]


def unit(environment: str) -> str:
    """Return the text of the unit that starts the saved run.

    The unit starts when the boot is over: WSL takes a boot that lasts for a failed one.
    """
    return f"""\
[Unit]
Description=envwright goes on with {systemd.plain(environment)} after the restart
After=multi-user.target
ConditionPathExists={COMPILED}

[Service]
Type=exec
WorkingDirectory=-{systemd.plain(str(Path.cwd()))}
Environment={systemd.assignments(_variables())}
ExecStart={systemd.command(_command())}
"""


def install(session: Session, ticket: Ticket, compiled: Compiled, secrets: Secrets) -> None:
    """Save a run: the compiled environment, the ticket, and last of all the unit that starts it.

    Raises:
        StepError: one of the files cannot be written; none of them is left.
    """
    try:
        save(session, COMPILED, pack(compiled, secrets))
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
    """Remove the unit, the link that enables it, and the saved run."""
    session.run(_REMOVE)
