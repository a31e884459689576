"""Inventories: which machines there are, and which environment each is to have."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class Target:
    """A machine by its name for pyinfra, and the environment file for it ("" when not said)."""

    host: str
    environment: str = ""


def read_inventory(path: str, limit: Sequence[str] = ()) -> list[Target]:
    """Read a pyinfra inventory: a Python file whose lists (or pairs of list and data) name hosts.

    A host's environment is the key `environment` of its own data, or of its group's; paths are
    relative to the working directory, as on the command line. `limit` keeps only hosts and groups
    that match one of its patterns.

    Raises:
        EnvwrightError: it cannot be read, or names no host that the limit leaves.
    """
    if not Path(path).is_file():
        raise EnvwrightError(f"{path}: no such inventory", hint="name a Python file of hosts")
    import fnmatch  # noqa: PLC0415 - only an inventory needs it
    import runpy  # noqa: PLC0415 - only an inventory needs it

    try:
        names = runpy.run_path(path)
    except Exception as error:
        raise EnvwrightError(f"{path} cannot be read as Python: {error}") from error
    targets: dict[str, Target] = {}
    for group, value in names.items():
        if group.startswith("_") or not isinstance(value, list | tuple):
            continue
        try:
            members = list(_hosts(value))
        except (TypeError, ValueError):
            raise EnvwrightError(
                f"{path}: {group} is no group of hosts",
                hint="a group is a list of names, or of (name, data); or a pair of that and data",
            ) from None
        for target in members:
            if not limit or any(fnmatch.fnmatch(n, p) for n in (group, target.host) for p in limit):
                targets.setdefault(target.host, target)
    if not targets:
        raise EnvwrightError(
            f"{path} names no host" + (f" that matches {' or '.join(limit)}" if limit else ""),
            hint="an inventory is a list: hosts = ['@ssh/dev@laptop', ...]",
        )
    return list(targets.values())


def _hosts(value: Any) -> Iterator[Target]:
    """Read one group: [host, ...] or ([host, ...], data); a host: name or (name, data)."""
    hosts, data = value if isinstance(value, tuple) else (value, {})
    for host in hosts:
        name, own = host if isinstance(host, tuple) else (host, {})
        if not isinstance(name, str):
            raise TypeError(name)
        yield Target(name, str({**data, **own}.get("environment", "")))
