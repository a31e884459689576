"""Saved plans: `plan --output FILE` writes what `apply FILE` then does, and nothing else.

The file is JSON, so that people can review and sign it. It holds no secret: values of secrets are
masked, as on the terminal. `version` changes when the form does.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envwright import __version__
from envwright.engine.plan import plain
from envwright.errors import EnvwrightError, RefusedError, SpecError
from envwright.host.inventory import Target
from envwright.portable import whole_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from envwright.engine.context import Context
    from envwright.engine.plan import Plan
    from envwright.spec.compiler import Compiled

VERSION = 1
KIND = "envwright plan"
"""The value of `kind`, by which a saved plan is told from an environment."""
_BEGIN = b"{"
_AGAIN = "make the plan again, by `envwright plan ... --output FILE`"


@dataclass(frozen=True)
class SavedPlan:
    """A plan that was saved.

    Args:
        target: the machine and what it is to be.
        digest: the digest of the compiled environment that was planned for.
        changes: the changes and side effects, as `agreed` returns them.
    """

    target: Target
    digest: str
    changes: list[dict[str, Any]]

    def expect(self, context: Context, plan: Plan) -> None:
        """Compare a plan that was just made with this one; one with nothing to do is welcome.

        Raises:
            RefusedError: the environment or the machine is another than when the plan was saved.
        """
        name = f"{plan.host}: {plan.environment}"
        if digest(context.compiled) != self.digest:
            raise RefusedError(
                f"{name} says something else than when the plan was saved; nothing was changed",
                hint=f"{_AGAIN}; `envwright diff` compares two environments",
            )
        if plan and agreed(plan, context.secrets.mask) != self.changes:
            raise RefusedError(
                f"{plan.host}: the machine is another than when the plan was saved; nothing was "
                "changed",
                hint=_AGAIN,
            )


def agreed(plan: Plan, mask: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return the changes and side effects of a plan, without secrets and the places in files."""
    return _placeless(json.loads(mask(json.dumps(plan.agreed))))


def _placeless(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return changes without their places: a line above one makes it no other change."""
    return [{key: each[key] for key in each if key != "origins"} for each in changes]


def digest(compiled: Compiled) -> str:
    """Return the SHA-256 of all that a compiled environment wants of a machine, in hexadecimal."""
    wanted = [[resource.id, plain(resource.desired())] for resource in compiled.resources]
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


def write(path: Path, context: Context, plan: Plan) -> None:
    """Save a plan, readable for the person alone: what it shows may be root's.

    Raises:
        EnvwrightError: the file cannot be written, or the inventory has variables that are no JSON.
    """
    target, folder = context.target, path.absolute().parent
    try:
        text = json.dumps(
            {
                "kind": KIND,
                "version": VERSION,
                "envwright": __version__,
                "saved": dt.datetime.now(dt.timezone.utc).isoformat(timespec="seconds"),
                "host": target.host,
                "environment": _from_folder(target.environment, folder),
                "variables": dict(target.variables),
                "layers": [_from_folder(layer, folder) for layer in target.layers],
                "locked": target.locked,
                "digest": digest(context.compiled),
                "plan": plan.json(),
            },
            indent=2,
        )
        held = whole_file.open_folder(folder)
        try:
            whole_file.write(held, path.name, f"{context.secrets.mask(text)}\n".encode())
        finally:
            os.close(held)
    except OSError as error:
        raise EnvwrightError(f"{path}: the plan cannot be saved: {error.strerror}") from None
    except TypeError as error:
        raise EnvwrightError(
            f"{path}: the plan cannot be saved: a variable of the inventory is no JSON: {error}",
            hint="make it a text, a number, a list or a mapping",
        ) from None


def read(path: str) -> SavedPlan | None:
    """Read a saved plan; None where the file is something else, such as an environment.

    Raises:
        SpecError: the file is a saved plan whose form is damaged or not known here.
    """
    try:
        with Path(path).open("rb") as file:
            data = _BEGIN + file.read() if file.read(1) == _BEGIN else b""
        value = json.loads(data) if data else {}
    except (OSError, ValueError, RecursionError):
        return None  # what an environment has to be is told by who reads it as one
    if not isinstance(value, dict) or value.get("kind") != KIND:
        return None
    if value.get("version") != VERSION:
        raise SpecError(
            f"{path}: the form {value.get('version')!r} of this saved plan is not known here",
            hint="another envwright wrote it: use that one, or make the plan again",
        )
    try:
        return _read(value, Path(path).absolute().parent)
    except (AttributeError, KeyError, TypeError):
        raise SpecError(f"{path}: this saved plan is damaged", hint=_AGAIN) from None


def _read(value: dict[str, Any], folder: Path) -> SavedPlan:
    target = Target(
        value["host"],
        os.path.join(folder, value["environment"]),  # noqa: PTH118 - Path would drop `./`
        value["variables"],
        tuple(_in_folder(layer, folder) for layer in value["layers"]),
        locked=bool(value["locked"]),
    )
    changes = [*value["plan"]["changes"], *value["plan"]["side_effects"]]
    return SavedPlan(target, value["digest"], _placeless(changes))


def _from_folder(file: str, folder: Path) -> str:
    """Return a file's path from a folder where it lies below, so that both can move together."""
    whole = Path(file).absolute()
    if not whole.exists():
        return file  # the address of a layer
    return str(whole.relative_to(folder) if whole.is_relative_to(folder) else whole)


def _in_folder(file: str, folder: Path) -> str:
    return str(folder / file) if (folder / file).exists() else file
