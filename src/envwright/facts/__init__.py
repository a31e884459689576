"""The facts of a machine: questions that a shell answers by read-only scripts, typed."""

from envwright.facts.accounts import Account, Accounts, Logins
from envwright.facts.apt import Apt, AptChange, Simulation
from envwright.facts.apt_sources import AptSources, Listed
from envwright.facts.boot import Boot, Booted
from envwright.facts.machine import Machine
from envwright.facts.mounts import MountPoint, Mounts, unescape
from envwright.facts.output import Output, Shell
from envwright.facts.paths import TEXT_LIMIT, ChangeTime, Guarded, Refused, Stat, Status, Text
from envwright.facts.question import Facts, Question, Unknown, decode
from envwright.facts.units import Unit, UnitStatus

__all__ = [
    "TEXT_LIMIT",
    "Account",
    "Accounts",
    "Apt",
    "AptChange",
    "AptSources",
    "Boot",
    "Booted",
    "ChangeTime",
    "Facts",
    "Guarded",
    "Listed",
    "Logins",
    "Machine",
    "MountPoint",
    "Mounts",
    "Output",
    "Question",
    "Refused",
    "Shell",
    "Simulation",
    "Stat",
    "Status",
    "Text",
    "Unit",
    "UnitStatus",
    "Unknown",
    "decode",
    "unescape",
]
