"""The commands that apply gives apt: each waits for locks, and none does what nobody named."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from envwright.facts.apt import INTERRUPTED, SIMULATED

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

# apt-get(8) calls an update good that kept old lists because new ones did not arrive whole.
_UPDATE = r"""(
ew_waited=0
until ew_said=$(apt-get update -qq OPTIONS 2>&1); do
    case $ew_said in
    *'Could not get lock'*) [ "$ew_waited" -lt SECONDS ] || { echo "$ew_said" >&2; exit 100; } ;;
    *) echo "$ew_said" >&2; exit 100 ;;
    esac
    if [ $((ew_waited % 30)) = 0 ]; then
        echo "$ew_said" | sed -n 's/^E: \(Could not get lock\)/WAITING\1/p'
    fi
    sleep 1; ew_waited=$((ew_waited + 1))
done
)"""

_GUARD = r"""
ew_allowed='
ALLOWED
'
ew_more=$(ew_simulated OPTIONS | while read -r ew_verb ew_name ew_old ew_new; do
    case $ew_verb in
    E:) echo "E: $ew_name $ew_old $ew_new" ;;
    provider) echo "    $ew_name is provided by $ew_old" ;;
    RULED)
        case $ew_allowed in
        *"
$ew_verb $ew_name
"*) ;;
        *) echo "E: apt would also $ew_verb $ew_name, which REASON" ;;
        esac ;;
    esac
done)
[ -z "$ew_more" ] || { echo "$ew_more" >&2; exit 100; }
"""

# What only lacks its configuration gets it; what was cut off while it was unpacked is fetched anew.
_FINISH = r"""
ew_broken() { [ "$(INTERRUPTED
)" ]; }
ew_mend() { apt-get -y --no-remove --fix-broken LOCK CONFFILES install; }
export DEBIAN_FRONTEND=noninteractive
apt-get -q LOCK check 2>/dev/null | grep --line-buffered '^WAITING'
dpkg --force-confdef --force-confold --configure -a
if ew_broken; then
    ew_mend || { UPDATE && ew_mend; } || exit
fi
! ew_broken
"""


def finish() -> str:
    """Return the command that ends what dpkg began; it waits for a dpkg that is at work."""
    conffiles = "-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold"
    script = _FINISH.replace("LOCK", LOCK).replace("CONFFILES", conffiles)
    script = script.replace("WAITING", WAITING.strip()).replace("UPDATE", update())
    return script.replace("INTERRUPTED", INTERRUPTED)


def update(*options: str) -> str:
    """Return the command that fetches apt's lists; it waits for whoever holds their lock."""
    words = " ".join((LOCK, "-o APT::Update::Error-Mode=any", *options))
    script = _UPDATE.replace("OPTIONS", words).replace("SECONDS", str(LOCK_SECONDS))
    return script.replace("WAITING", WAITING)


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
    ruled = "install | upgrade | downgrade | remove" if known else "downgrade | remove"
    reason = "the plan did not show" if known else "the environment does not name"
    script = f"{SIMULATED.strip()}{_GUARD}"
    for place, text in {
        "ALLOWED": "\n".join(allowed),
        "OPTIONS": " ".join((option, *map(shlex.quote, words))),
        "RULED": ruled,
        "REASON": reason,
    }.items():
        script = script.replace(place, text)
    return script
