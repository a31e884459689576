"""The commands that apply gives apt: each waits for locks, and none does what nobody named."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from envwright.facts.apt import DEB, EXACT, INTERRUPTED, SIMULATED
from envwright.scripts import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envwright.model.forecast import Forecast
    from envwright.resources.apt_forecast import WantedPackage

LOCK_SECONDS = 300
"""How long another apt at work (unattended-upgrades on a fresh boot) is waited for."""
OPTIONS = (
    f"-o DPkg::Lock::Timeout={LOCK_SECONDS} "
    "-o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o Acquire::Retries=2 "
    "${EW_STATUS-}"
)
"""How long apt waits: for dpkg's locks (not for that of the lists: apt-get update fails at once),
and for a server that holds a connection and sends nothing, at each try (apt.conf(5)). EW_STATUS is
the option by which apt tells how far it is (host/running.py)."""
KEEP = "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
"""Settings that a person changed stay where a package brings new ones (dpkg(1))."""
UPDATE_SECONDS = 900
"""How long an update may take: what a server sends a byte at a time has no other end."""

DEBS = "/var/cache/envwright-debs"
"""The folder for files of packages while a transaction needs these. Only root writes above it."""

_UPDATE, _GUARD, _FINISH, _DEBS = (
    load(__file__, name) for name in ("apt_update", "apt_guard", "apt_finish", "apt_debs")
)


def update(*options: str) -> str:
    """Return the command that fetches apt's lists; it waits for whoever holds their lock."""
    # apt-get(8) calls an update good that kept old lists because new ones did not arrive whole.
    words = " ".join((OPTIONS, "-o APT::Update::Error-Mode=any", *options))
    return f"({_UPDATE}ew_update {LOCK_SECONDS} {UPDATE_SECONDS} {words}\n)"


def finish() -> str:
    """Return the command that ends what dpkg began; it waits for a dpkg that is at work."""
    return f"{INTERRUPTED}{_UPDATE}{_FINISH}ew_finish {LOCK_SECONDS} {UPDATE_SECONDS}\n"


def deb(package: str) -> str:
    """Return where the file of a package lies during a transaction."""
    return f"{DEBS}/{package}.deb"


def download(files: Iterable[tuple[str, str, str, str]]) -> str:
    """Return the command that fetches files of packages: name, version, SHA-256 and address."""
    words = " ".join(shlex.quote(word) for file in files for word in file)
    return f"({DEB}{_DEBS}ew_debs {DEBS} {words}\n)"


def reinstall(words: Iterable[str]) -> str:
    """Return the command that unpacks installed packages anew; settings that differ stay."""
    return (
        f"DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-remove --reinstall {EXACT} {OPTIONS} "
        f"{KEEP} install {' '.join(map(shlex.quote, words))}"
    )


def guard(
    packages: Iterable[WantedPackage], words: Sequence[str], forecast: Forecast | None, option: str
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
            verbs = ["install", "upgrade", *(["downgrade"] if package.may_downgrade else [])]
            allowed += [f"{verb} {package.package}" for verb in verbs]
        else:
            allowed.append(f"remove {package.package}")
    lines = shlex.quote("\n{}\n".format("\n".join(allowed)))
    side = "known" if known else "unknown"
    call = " ".join(("ew_guard", lines, side, option, *map(shlex.quote, words)))
    return f"{SIMULATED}{_GUARD}{call}\n"
