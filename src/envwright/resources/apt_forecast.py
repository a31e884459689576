"""What apt's simulation means for a plan: what comes along, what is told, what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from envwright.facts import Unknown
from envwright.model.forecast import Forecast, SideEffect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from envwright.facts import AptChange, Simulation


class WantedPackage(Protocol):
    """What an environment says of a package."""

    @property
    def package(self) -> str:
        """The name."""

    @property
    def version(self) -> str:
        """The version, or a pattern; "" for any."""

    @property
    def present(self) -> bool:
        """Whether the package is to be installed, or not to be."""

    @property
    def may_downgrade(self) -> bool:
        """Whether the environment asks for an older version, too, than the one that is there."""

    @property
    def hold(self) -> bool:
        """Whether the environment holds it, and so may change it."""


SHOWN = 8
"""So many versions or packages are named to choose from."""
GUARDED = "apply refuses a removal or a downgrade that the environment does not name"


def forecast(
    packages: Sequence[WantedPackage], simulation: Simulation | Unknown, *, sources_change: bool
) -> Forecast:
    """Return what apt brings about beside the packages that differ.

    Args:
        packages: those that differ.
        simulation: what apt would do with them.
        sources_change: the same plan changes where apt takes packages from.
    """
    if isinstance(simulation, Unknown):
        return Forecast(notes=(f"apt could not be asked what it would do: {GUARDED}",), known=False)
    named = {package.package: package for package in packages}
    side = tuple(c for c in simulation.changes if not is_named(c, named))
    unclear = _unclear(simulation, sources_change=sources_change)
    refusals = [
        *map(_fault, simulation.faults),
        *_refused(side),
        *_held(simulation, named),
        *_full(simulation),
    ]
    if not unclear:
        refusals += _unknown(simulation, named)
    notes = [
        *unclear,
        *_offered(simulation),
        *_versions(simulation, named),
        *_virtual(simulation, named),
    ]
    if unclear and simulation.lists:
        notes += _unknown_yet(simulation, named)
    return Forecast(
        side_effects=tuple(SideEffect(c.verb, c.package, c.before, c.after) for c in side),
        notes=tuple(notes),
        refusals=tuple(refusals),
        known=not unclear,
    )


def is_named(change: AptChange, named: Mapping[str, WantedPackage]) -> bool:
    """Tell whether the environment asks for a change: a downgrade only by naming the version."""
    package = named.get(change.package)
    if package is None or change.verb == "remove":
        return package is not None and not package.present
    return package.present and (change.verb != "downgrade" or package.may_downgrade)


def _unclear(simulation: Simulation, *, sources_change: bool) -> Iterable[str]:
    """Say why the simulation is not what apply will meet; nothing where it is."""
    reasons = []
    if simulation.interrupted:
        reasons.append("dpkg has to finish what it was interrupted in first")
    if not simulation.lists:
        reasons.append("apt has no package lists yet")
    elif sources_change:
        reasons.append("apt's sources change first")
    reasons += [f"apt says: {error.removeprefix('E: ')}" for error in simulation.errors]
    if not reasons:
        return ()
    return (f"not known yet what apt does beside that ({'; '.join(reasons)}); {GUARDED}",)


def _refused(side: Iterable[AptChange]) -> Iterator[str]:
    for change in side:
        if change.verb == "remove":
            # A package of another architecture has no name in an environment.
            agree = (
                f"remove it by hand: `apt-get remove {change.package}`"
                if ":" in change.package
                else f"to agree, name it in `packages: {{absent: [{change.package}]}}`"
            )
            yield f"apt would also remove {change}, which the environment does not name; {agree}"
        elif change.verb == "downgrade":
            yield (
                f"apt would also downgrade {change}, which the environment does not name; "
                f'to agree, name the version: `packages: ["{change.package}={change.after}"]`'
            )


def _fault(fault: str) -> str:
    return f"{fault}: correct `debs`, or ask the publisher why the file is another one"


def _offered(simulation: Simulation) -> Iterator[str]:
    for name, version in simulation.offered.items():
        yield (
            f"apt's sources have {name} {version}, which is newer than the file of the package: "
            f"the next upgrade takes that version; `hold: [{name}]` keeps the one of the file"
        )


def _full(simulation: Simulation) -> Iterator[str]:
    for space in simulation.space:
        if space.needed > space.free:
            yield (
                f"apt needs about {_size(space.needed)} on the disk of {space.disk}, and "
                f"{_size(space.free)} are free there; make room: `df -h` shows the disks, and "
                "`apt-get clean` on the machine removes archives that apt has kept"
            )


def _size(kib: int) -> str:
    return f"{kib / 1024:.1f} MiB"


def _held(simulation: Simulation, named: Mapping[str, WantedPackage]) -> Iterator[str]:
    for change in simulation.changes:
        package = named.get(change.package)
        if package is not None and package.hold:
            continue
        if change.before and change.package in simulation.held:
            yield (
                f"{change.package} is on hold, and apt would {change.verb} it; "
                f"`apt-mark unhold {change.package}` on the machine lets it"
            )


def _unknown(simulation: Simulation, named: Mapping[str, WantedPackage]) -> Iterator[str]:
    for name in sorted(simulation.unknown & named.keys()):
        yield (
            f"apt knows no package '{name}'; `apt-cache search` finds names, "
            "and `apt-get update` on the machine gets the newest ones"
        )
    for name, versions in simulation.unavailable.items():
        package = named.get(name)
        if package is None or package.version:
            continue
        if name in simulation.providers:
            some = _some(simulation.providers[name])
            yield f"'{name}' is a virtual package, provided by {some}; name one of them"
        elif versions:
            yield (
                f"apt is kept from installing {name} {_some(versions)} by a preference "
                f"(apt_preferences(5)); `apt-cache policy {name}` shows it"
            )
        else:
            yield f"apt has no package '{name}' to install; others only mention its name"


def _unknown_yet(simulation: Simulation, named: Mapping[str, WantedPackage]) -> Iterator[str]:
    """Say what a source that is still to come, or newer lists, must bring."""
    only_mentioned = {
        name
        for name, versions in simulation.unavailable.items()
        # `_versions` tells of a version that is asked for, and a virtual package is known.
        if name in named and not (versions or named[name].version or name in simulation.providers)
    }
    for name in sorted(named.keys() & {*simulation.unknown, *only_mentioned}):
        yield (
            f"apt knows no package {name} to install now; apply asks again when apt's lists are "
            "new, and ends there if it still knows none"
        )


def _versions(simulation: Simulation, named: Mapping[str, WantedPackage]) -> Iterator[str]:
    for name, versions in simulation.unavailable.items():
        package = named.get(name)
        if package and package.version:
            there = f"apt offers {_some(versions)}" if versions else "apt offers none at all"
            yield (
                f"{name}: {there}, and no version {package.version}; "
                "apply looks again after `apt-get update`"
            )


def _virtual(simulation: Simulation, named: Mapping[str, WantedPackage]) -> Iterator[str]:
    changed = {change.package for change in simulation.changes}
    missing = {*simulation.unknown, *simulation.unavailable, *simulation.provided}
    missing |= simulation.missing.keys()
    if changed:
        for name, package in named.items():
            if package.present and not package.version and name not in changed | missing:
                yield f"{name} is a virtual package: another one that apt installs provides it"


def _some(words: Sequence[str]) -> str:
    more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + more
