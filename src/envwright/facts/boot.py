"""The start times of a machine: when its kernel and its PID 1 started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envwright.facts.question import Question, decode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Boot:
    """The start of a machine; times are in seconds since 1970.

    Args:
        id: the kernel's ID of this boot (random(4), boot_id).
        ticks: when PID 1 started, in clock ticks after the kernel: with `id`, no other boot of
            the machine or, under WSL, start of the distribution has the same.
        kernel: when the kernel started, the whole second before it.
        init: when PID 1 started.
    """

    id: str
    ticks: int
    kernel: float
    init: float


@dataclass(frozen=True)
class Booted(Question[Boot]):
    """The question when the machine started (proc(5): stat, uptime, pid/stat).

    The kernel counts time from its start. When the clock is set, the computed start time moves: in
    a virtual machine, each time the computer was asleep. The birth time of /run does not move,
    where /run is in memory and has a birth time (Linux 5.19).
    """

    @classmethod
    def script(cls, questions: Sequence[Booted]) -> str:  # noqa: ARG003 - one answer for all
        return (
            "cat /proc/sys/kernel/random/boot_id; sed -n 's/^btime //p' /proc/stat\n"
            "getconf CLK_TCK; sed 's/.*) //' /proc/1/stat | cut -d' ' -f20\n"
            # In tenths of a second, so that two answers are equal: the fast path compares answers.
            "read -r up _ </proc/uptime; now=$(date +%s%N)\n"
            "echo $((now / 100000000 - ${up%.*}${up#*.} / 10))\n"
            '[ "$(stat -f -c %T /run)" != tmpfs ] || stat -c %.6W /run'
        )

    @classmethod
    def parse(cls, questions: Sequence[Booted], output: bytes) -> Mapping[Booted, Boot]:
        id_, *numbers = decode(output).split()
        kernel, rate, ticks, tenths, *births = map(float, numbers)
        init = tenths / 10 + ticks / rate
        moved = max([0.0, *(init - birth for birth in births if birth > 0)])
        return dict.fromkeys(questions, Boot(id_, int(ticks), kernel - moved, init - moved))
