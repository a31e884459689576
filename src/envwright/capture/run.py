"""One capture: the survey of a machine, the draft, and what is left of the draft once settled."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from envwright.capture.draft import Draft, draft
from envwright.capture.into import add
from envwright.capture.settling import settle
from envwright.capture.survey import survey
from envwright.errors import EnvwrightError, RefusedError
from envwright.facts import Machine
from envwright.model.catalogue import discover
from envwright.portable import whole_file

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.host.session import Session


def capture(session: Session, into: Path | None = None) -> tuple[str, Draft]:
    """Return an environment of a machine, as the text of a file, and the draft that it comes from.

    Args:
        session: it was opened with the script Machine.HELLO.
        into: a file that says something of the machine already, and is added to.

    Raises:
        RefusedError: envwright does not work on such a machine.
        SpecErrors: the file has mistakes.
    """
    machine = machine_of(session)
    found = draft(survey(session, machine, discover()))
    made = settle(session, machine, found)
    return (add(into, found, machine, made) if into else found.text()), found


def machine_of(session: Session) -> Machine:
    """Return the facts of a machine whose session was opened with the script Machine.HELLO.

    Raises:
        RefusedError: envwright does not work on such a machine.
    """
    machine = Machine.read(session.hello.stdout)
    if machine.unsupported:
        reason, hint = machine.unsupported
        raise RefusedError(f"{session.name}: {reason}", hint=hint)
    return machine


def write(path: Path, text: str, *, over: bool = False) -> None:
    """Write a captured environment to a file that its owner alone can read.

    Args:
        path: the file.
        text: the environment.
        over: the file is there already, and is replaced.

    Raises:
        EnvwrightError: the file is there already, or cannot be written.
    """
    if path.exists() and not over:
        raise EnvwrightError(
            f"{path} is there already, and capture replaces no file",
            hint="name another file",
        )
    try:
        held = whole_file.open_folder(path.absolute().parent)
        try:
            whole_file.write(held, path.name, text.encode())
        finally:
            os.close(held)
    except OSError as error:
        raise EnvwrightError(f"{path}: cannot be written: {error.strerror}") from None
