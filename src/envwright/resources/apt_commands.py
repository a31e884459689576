"""The commands that apply gives apt: each waits for locks, and none does what nobody named."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from envwright.facts.apt import INTERRUPTED, SIMULATED
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envwright.model.forecast import Forecast
    from envwright.resources.package import Package

LOCK_SECONDS = 300
"""How long another apt at work (unattended-upgrades on a fresh boot) is waited for."""
LOCK = f"-o DPkg::Lock::Timeout={LOCK_SECONDS}"
"""It covers dpkg's locks. The lock of the lists it does not: apt-get update fails at once."""
WAITING = "Waiting for cache lock: "
"""How apt begins the line that says whose lock it waits for (apt-pkg/deb/debsystem.cc)."""

_UPDATE, _GUARD, _FINISH = (
    load(__file__, name) for name in ("apt_update", "apt_guard", "apt_finish")
)


def update(*options: str) -> str:
    """Return the command that fetches apt's lists; it waits for whoever holds their lock."""
    # apt-get(8) calls an update good that kept old lists because new ones did not arrive whole.
    words = " ".join((LOCK, "-o APT::Update::Error-Mode=any", *options))
    return f"({_UPDATE}ew_update {LOCK_SECONDS} {words}\n)"


def finish() -> str:
    """Return the command that ends what dpkg began; it waits for a dpkg that is at work."""
    return f"{INTERRUPTED}{_UPDATE}{_FINISH}ew_finish {LOCK_SECONDS}\n"


def guard(
    packages: Iterable[Package], words: Sequence[str], forecast: Forecast | None, option: str
) -> str:
    """Return a command that fails where apt would do more than the plan shows.

    Args:
        packages: all that the environment names and that differ.
        words: what the transaction will be told.
        forecast: what the plan shows beside the packages; None where no plan was made.
        option: how recommended packages are dealt with.
    """
    known = forecast is not None and forecast.known
    shown = forecast.side_effects if forecast is not None else ()
    allowed = [f"{effect.verb} {effect.name}" for effect in shown]
    for package in packages:
        if package.present:
            verbs = ["install", "upgrade", *(["downgrade"] if package.version else [])]
            allowed += [f"{verb} {package.package}" for verb in verbs]
        else:
            allowed.append(f"remove {package.package}")
    lines = shlex.quote("\n{}\n".format("\n".join(allowed)))
    side = "known" if known else "unknown"
    call = " ".join(("ew_guard", lines, side, option, *map(shlex.quote, words)))
    return f"{SIMULATED}{_GUARD}{call}\n"
