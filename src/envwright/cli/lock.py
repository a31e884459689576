"""The verb `lock`: records what the layers of an environment are, and the versions of machines."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from envwright.cli.machines import opened
from envwright.cli.options import machine_options, named
from envwright.errors import EnvwrightError, ExitCode
from envwright.fetch.locking import lock as lock_layers
from envwright.spec import lockfile, pins
from envwright.spec.messages import quoted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from envwright.cli.invocation import Invocation
    from envwright.cli.options import MachineOptions
    from envwright.fetch.locking import Locked
    from envwright.host.inventory import Target
    from envwright.spec.pins import Pin

    Versions = Sequence[tuple[Target, str, tuple[Pin, ...]]]
    """Machines, each with its kind and what the lock says of its versions."""

SHOWN = 12
"""Digits of a commit or SHA-256 that a line has."""
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def lock(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Lock an environment, and tell what its addresses stand for and which versions machines have.

    Without --host and --inventory no machine is asked: only the layers are locked.

    Raises:
        EnvwrightError: a layer cannot be fetched, a machine cannot be asked, the lock cannot be
            written, or nothing has a name as --upgrade says.
    """
    machines = machine_options(parsed)
    asked = machines.targets() if machines.hosts or machines.inventory else []
    path = asked[0].environment if asked else named(machines.environment)
    strict = not asked
    found = [
        (file, lock_layers(file, call.report.complain, parsed.upgrade, strict=strict))
        for file in dict.fromkeys([path, *(target.environment for target in asked)])
    ]
    layers = [each for _, some in found for each in some]
    versions = [
        (target, *_lock_versions(target, machines, parsed.upgrade, call)) for target in asked
    ]
    _require_match(parsed.upgrade, layers, [pin for _, _, some in versions for pin in some])
    if parsed.json:
        call.report.json(_json(path, layers, versions))
        return ExitCode.DONE
    _tell(path, layers, versions, call)
    return ExitCode.DONE


def _lock_versions(
    target: Target, machines: MachineOptions, upgrade: str | None, call: Invocation
) -> tuple[str, tuple[Pin, ...]]:
    """Record the versions of one machine; return its kind, and what the lock says now."""
    from envwright.engine.pinning import versions  # noqa: PLC0415 - layers alone spare it

    with opened(target, machines, call) as context:
        found = versions(context)
        kind = pins.kind(context.machine)
    for id_ in [id_ for id_, version in found.items() if version is None]:
        call.report.complain(
            f"{target.host}: {id_} has no version yet, and is not locked; apply first"
        )
    old = lockfile.read(target.environment)
    known = old.machines.get(kind, {})
    made = pins.merge(known, {i: v for i, v in found.items() if v is not None}, upgrade)
    new = {**old.machines, kind: {**known, **{pin.id: pin.after for pin in made}}}
    if new != old.machines:
        lockfile.write(replace(old, machines=new))
    return kind, made


def _require_match(upgrade: str | None, layers: Sequence[Locked], made: Sequence[Pin]) -> None:
    """Object to a name of --upgrade that neither a layer nor a resource has.

    Raises:
        EnvwrightError: nothing has it.
    """
    names = [*(each.key for each in layers), *(pin.id for pin in made)]
    if upgrade and not any(upgrade in name for name in names):
        raise EnvwrightError(
            f"neither a layer nor a resource with a version has {quoted(upgrade)} in its name",
            hint="`envwright lock` without --upgrade lists what it records",
        )


def _json(path: str, layers: Sequence[Locked], versions: Versions) -> dict[str, Any]:
    told: dict[str, Any] = {"version": 1, "lock": lockfile.path_for(path)}
    told["layers"] = [each._asdict() for each in layers]
    if versions:
        told["machines"] = [
            {"host": target.host, "kind": kind, "versions": [pin._asdict() for pin in made]}
            for target, kind, made in versions
        ]
    return told


def _tell(
    path: str,
    layers: Sequence[Locked],
    versions: Versions,
    call: Invocation,
) -> None:
    say, file = call.report.text, lockfile.path_for(path)
    for each in layers:
        say(f"{each.key}  {each.kind} {_moved(each.before or None, each.after)}")
    for target, kind, made in versions:
        say(f"{target.host} ({kind}):")
        for pin in made:
            say(f"  {pin.id}  {_moved(pin.before, pin.after)}")
    changed = [each for each in layers if each.before != each.after]
    changed_pins = [pin for _, _, made in versions for pin in made if pin.before != pin.after]
    if not layers and not versions:
        say(
            f"{path}: every layer says itself what it is; there is nothing to lock. "
            "--host locks the versions of a machine."
        )
    else:
        say(f"{file} is written." if changed or changed_pins else f"{file} is as it was.")


def _moved(before: str | None, after: str) -> str:
    """Return what a version is now, and what it was."""
    if before == after:
        return _short(after)
    return f"{_short(after)} (new)" if before is None else f"{_short(before)} -> {_short(after)}"


def _short(version: str) -> str:
    """Return a version as a line shows it: of a commit or SHA-256 the begin."""
    return version[:SHOWN] if _DIGEST.fullmatch(version) else version or "no version of its own"
