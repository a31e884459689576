"""The canary: machines that an apply changes first, by themselves; the others wait for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from envwright.errors import EnvwrightError
from envwright.fleet.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envwright.fleet.outcome import HostOutcome
    from envwright.host.inventory import Target


@dataclass(frozen=True)
class Canary:
    """Which machines go first.

    Args:
        count: so many of the machines that differ; 0 where they are named.
        hosts: the machines that are named.
    """

    count: int = 0
    hosts: frozenset[str] = frozenset()

    @staticmethod
    def of(text: str, targets: Sequence[Target], inventory: str) -> Canary:
        """Read what `--canary` says: a number, or a pattern as `--limit` takes it; "" for none.

        Raises:
            EnvwrightError: the text is neither a number nor a pattern of hosts of this run.
        """
        if not text:
            return Canary()
        if not text.isascii() or not text.isdigit():
            named = Selection(targets, inventory, option="--canary").select([text])
            return Canary(hosts=frozenset(target.host for target in named))
        if int(text) == 0:
            raise EnvwrightError("--canary 0: no host would go first", hint="name 1 or more")
        return Canary(int(text))

    def split(self, outcomes: Sequence[HostOutcome]) -> tuple[list[int], list[int]]:
        """Return the numbers of the machines that differ: those that go first, and the others."""
        differing = [number for number, each in enumerate(outcomes) if each.word == "differs"]
        if self.count:
            return differing[: self.count], differing[self.count :]
        first = [number for number in differing if outcomes[number].target.host in self.hosts]
        return first, [number for number in differing if number not in first]

    def failed(self, outcomes: Sequence[HostOutcome], first: Sequence[int]) -> list[str]:
        """Return the machines that stop all others: canaries that failed, in a plan or after it."""
        return [
            outcome.target.host
            for number, outcome in enumerate(outcomes)
            if outcome.failed and (number in first or outcome.target.host in self.hosts)
        ]
