"""A distant machine: two tun devices and a queue that holds packets back for half the round trip.

    python -m benchmarks.wan PID MILLISECONDS

For kernels without netem. One device is in this computer's network, the other in that of process
PID (of a container); both go away with this process, which needs root and /dev/net/tun. It prints
the far address when it is up.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import subprocess
import sys
import time
from collections import deque
from typing import TYPE_CHECKING

from benchmarks import HOUSE

if TYPE_CHECKING:
    from collections.abc import Iterator

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
"""From linux/if_tun.h: make a device of whole packets without a header."""

PACKET = 65536


class Queue:
    """Packets on their way in one direction, each due `delay` seconds after it came."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._packets: deque[tuple[float, bytes]] = deque()

    def put(self, packet: bytes, now: float) -> None:
        """Take a packet in."""
        self._packets.append((now + self._delay, packet))

    def due(self, now: float) -> Iterator[bytes]:
        """Give out the packets whose time has come."""
        while self._packets and self._packets[0][0] <= now:
            yield self._packets.popleft()[1]

    @property
    def next(self) -> float | None:
        """When the next packet is due; None when there is none."""
        return self._packets[0][0] if self._packets else None


def addresses(number: int) -> tuple[str, str]:
    """Return the near and the far address of a link, from the network kept for benchmarks.

    RFC 2544: 198.18.0.0/15, of which each link takes four addresses.
    """
    base = number % (1 << 15) * 4
    network = f"198.{18 + (base >> 16)}.{base >> 8 & 255}"
    return f"{network}.{base % 256 + 1}", f"{network}.{base % 256 + 2}"


@contextlib.contextmanager
def distance(pid: int, milliseconds: int) -> Iterator[str]:
    """Put a distance before the machine of a process, while the context lasts; its far address."""
    argv = [sys.executable, "-m", "benchmarks.wan", str(pid), str(milliseconds)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=HOUSE) as link:
        try:
            address = link.stdout.readline().strip() if link.stdout else ""
            if not address:
                raise OSError("no tun devices can be made here")
            yield address
        finally:
            link.terminate()


def _tun(name: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


def _join(pid: int) -> tuple[int, int, str]:
    """Make both devices and give them their addresses."""
    near, far = addresses(os.getpid())
    names = f"wan{os.getpid()}", f"far{os.getpid()}"
    devices = _tun(names[0]), _tun(names[1])
    inside = ("nsenter", f"--net=/proc/{pid}/ns/net")
    for argv in (
        ("ip", "link", "set", names[1], "netns", str(pid)),
        ("ip", "addr", "add", f"{near}/30", "dev", names[0]),
        ("ip", "link", "set", names[0], "up"),
        (*inside, "ip", "addr", "add", f"{far}/30", "dev", names[1]),
        (*inside, "ip", "link", "set", names[1], "up"),
    ):
        subprocess.run(argv, check=True)
    return (*devices, far)


def _carry(devices: tuple[int, int], delay: float) -> None:
    """Carry packets both ways until the end of the process."""
    near, far = devices
    queues = {far: Queue(delay), near: Queue(delay)}
    other = {near: far, far: near}
    while True:
        due = [queue.next for queue in queues.values() if queue.next is not None]
        wait = max(0.0, min(due) - time.monotonic()) if due else None
        ready, _, _ = select.select(devices, (), (), wait)
        now = time.monotonic()
        for device in ready:
            with contextlib.suppress(BlockingIOError):
                while True:
                    queues[other[device]].put(os.read(device, PACKET), now)
        for device, queue in queues.items():
            for packet in queue.due(now):
                # A full device loses the packet, as a router would.
                with contextlib.suppress(BlockingIOError):
                    os.write(device, packet)


def main(pid: str, milliseconds: str) -> None:
    """Join, say so, and carry."""
    near, far, address = _join(int(pid))
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()
    _carry((near, far), int(milliseconds) / 2000)


if __name__ == "__main__":
    main(*sys.argv[1:])
