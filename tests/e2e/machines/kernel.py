"""A stand-in for the settings of the kernel, which all machines and the computer below share.

What a test sets below /proc/sys/kernel would be set for the whole computer. The machine gets a copy
of the folder in its place, to which settings can be added that the computer's kernel lacks. The
kernel itself acts as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from machines.machine import Machine

COPY = """\
set -e
mkdir -p /run/kernel && cp -r /proc/sys/kernel/. /run/kernel/ 2>/dev/null || :
mount --bind /run/kernel /proc/sys/kernel
"""


def stand_in(machine: Machine, **settings: str) -> None:
    """Give a machine a copy of the kernel's settings, with some values.

    Args:
        machine: the machine, until it restarts.
        settings: values by their names below `kernel.`, with `__` for a dot.
    """
    machine.sh(COPY)
    for name, value in settings.items():
        machine.put(f"/proc/sys/kernel/{name.replace('__', '/')}", f"{value}\n")
