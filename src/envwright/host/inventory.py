"""Inventories: which machines there are, and which environment, variables and layers each has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from envwright.errors import EnvwrightError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True)
class Target:
    """A machine by its name for pyinfra, and what it is to be.

    Args:
        host: the name.
        environment: the environment's file; "" when not said.
        variables: values of `vars`, by name.
        layers: files that are laid over the environment, the lowest first.
        groups: the groups of the inventory that the machine is in.
        locked: it takes the versions of the lock beside its environment, and no others.
    """

    host: str
    environment: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    locked: bool = False


class Group(NamedTuple):
    """A group of an inventory: its data, and its machines, each with data of its own."""

    name: str
    data: Mapping[str, Any]
    members: Sequence[tuple[str, Mapping[str, Any]]]


def read_groups(path: str) -> list[Group]:
    """Read a pyinfra inventory: a Python file whose lists (or pairs of list and data) name hosts.

    Raises:
        EnvwrightError: the file cannot be read, or has something else than groups.
    """
    if not Path(path).is_file():
        raise EnvwrightError(f"{path}: no such inventory", hint="name a file of hosts")
    import runpy  # noqa: PLC0415 - only an inventory needs it

    try:
        names = runpy.run_path(path)
    except Exception as error:
        raise EnvwrightError(f"{path} cannot be read as Python: {error}") from error
    groups = []
    for name, value in names.items():
        if name.startswith("_") or not isinstance(value, list | tuple):
            continue
        try:
            groups.append(_group(name, value))
        except (TypeError, ValueError):
            raise EnvwrightError(
                f"{path}: {name} is no group of hosts",
                hint="a group is a list of names, or of (name, data); or a pair of that and data",
            ) from None
    return groups


def _group(name: str, value: Any) -> Group:
    """Read one group: [host, ...] or ([host, ...], data); a host: name or (name, data)."""
    hosts, data = value if isinstance(value, tuple) else (value, {})
    members = [host if isinstance(host, tuple) else (host, {}) for host in hosts]
    for host, own in members:
        if not isinstance(host, str) or not isinstance(own, Mapping):
            raise TypeError(host)
    return Group(name, {**data}, members)


def targets(groups: Iterable[Group], path: str) -> list[Target]:
    """Return the machines of the groups of an inventory.

    Data merge in pyinfra's order: the groups in theirs, the machine's own data last. `environment`
    is the last one said, `vars` merge by name, `extends` follow each other. Paths are relative to
    the working directory, as on the command line.

    Args:
        groups: the groups, in the order of the file.
        path: the file, for messages.

    Raises:
        EnvwrightError: a machine's data cannot be used, or there is no machine.
    """
    found: dict[str, Target] = {}
    own: dict[str, list[Mapping[str, Any]]] = {}
    for group in groups:
        for host, data in group.members:
            target = found.get(host, Target(host))
            target = replace(target, groups=(*dict.fromkeys((*target.groups, group.name)),))
            found[host] = _with_data(target, group.data, path)
            own.setdefault(host, []).append(data)
    for host, several in own.items():
        for data in several:
            found[host] = _with_data(found[host], data, path)
    if not found:
        raise EnvwrightError(
            f"{path} names no host",
            hint="an inventory is a list: hosts = ['@ssh/dev@laptop', ...]",
        )
    return [*found.values()]


def _with_data(target: Target, data: Mapping[str, Any], path: str) -> Target:
    """Return a machine with further data; keys that are pyinfra's own are left to pyinfra."""
    environment = data.get("environment", target.environment)
    variables, layers = data.get("vars", {}), data.get("extends", [])
    layers = [layers] if isinstance(layers, str) else layers
    for key, good, form in (
        ("environment", isinstance(environment, str), "a path"),
        ("vars", isinstance(variables, Mapping) and all(map(_is_text, variables)), "a mapping"),
        ("extends", isinstance(layers, list | tuple) and all(map(_is_text, layers)), "paths"),
    ):
        if not good:
            raise EnvwrightError(f"{path}: '{key}' of {target.host} must be {form}")
    return replace(
        target,
        environment=environment,
        variables={**target.variables, **variables},
        layers=(*dict.fromkeys((*target.layers, *layers)),),
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)
