"""The facts of a machine: questions that a shell answers by read-only scripts, typed."""

from envwright.facts.accounts import Account, Accounts, Logins
from envwright.facts.apt import Apt, AptChange, PackageFile, Simulation
from envwright.facts.apt_sources import AptSources, Listed
from envwright.facts.boot import Boot, Booted
from envwright.facts.dpkg import Dpkg, Installed
from envwright.facts.machine import Machine
from envwright.facts.mounts import Disks, MountPoint, Mounts, holder, unescape
from envwright.facts.output import Aside, Output, Shell, SlowShell
from envwright.facts.paths import (
    TEXT_LIMIT,
    ChangeTime,
    Guarded,
    KnownGroup,
    KnownUser,
    Refused,
    Stat,
    Status,
    Text,
)
from envwright.facts.question import Facts, Question, Unknown, decode
from envwright.facts.unit_files import CommandLine, UnitFiles, command_line
from envwright.facts.units import PULLED_BY, WAITING, Unit, UnitStatus, UserUnit, systemctl_of

__all__ = [
    "PULLED_BY",
    "TEXT_LIMIT",
    "WAITING",
    "Account",
    "Accounts",
    "Apt",
    "AptChange",
    "AptSources",
    "Aside",
    "Boot",
    "Booted",
    "ChangeTime",
    "CommandLine",
    "Disks",
    "Dpkg",
    "Facts",
    "Guarded",
    "Installed",
    "KnownGroup",
    "KnownUser",
    "Listed",
    "Logins",
    "Machine",
    "MountPoint",
    "Mounts",
    "Output",
    "PackageFile",
    "Question",
    "Refused",
    "Shell",
    "Simulation",
    "SlowShell",
    "Stat",
    "Status",
    "Text",
    "Unit",
    "UnitFiles",
    "UnitStatus",
    "Unknown",
    "UserUnit",
    "command_line",
    "decode",
    "holder",
    "systemctl_of",
    "unescape",
]
