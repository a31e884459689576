"""All of a machine that a run must not leave half-done: files, packages, units and mounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from machines.machine import Machine

# What the system does by itself meanwhile (timers of apt and systemd) is nobody's doing here.
SCRIPT = r"""
set -- /etc /home /mnt /opt /root /srv /tmp /usr/local
find "$@" -printf 'path %p %y %m %u:%g -> %l\n'
find "$@" -type f -exec sha256sum {} +
# Keys and lists of apt's sources, and what a run that goes on after a restart would leave.
set -- /usr/share/keyrings /var/lib/apt/lists /var/lib/envwright/resume
find "$@" -path '*/lists/partial' -prune -o -printf 'path %p %y\n' 2>/dev/null
dpkg-query --show --showformat 'package ${Package} ${Version} ${db:Status-Abbrev}\n'
systemctl list-unit-files --no-legend --plain
systemctl list-units --no-legend --plain --state=active,failed --type=service,socket,mount |
    awk '$1 !~ /^(apt|dpkg|systemd|user|session)-/ {print "unit", $1, $3}'
cat /proc/mounts
"""


def snapshot(machine: Machine) -> set[str]:
    """Describe a machine line by line; two of them can be compared."""
    return set(machine.sh(SCRIPT).splitlines())
