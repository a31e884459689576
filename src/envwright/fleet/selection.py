"""Selection: the machines of an inventory that the patterns of `--limit` leave.

A pattern is made of terms with commas between them. A term names machines or groups, with `*` and
`?` as in a shell, or, by `@WORD`, the machines whose last run had that outcome. `!TERM` leaves out,
`&TERM` keeps only what both name, as in Ansible. Several patterns together name what each names.
"""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from envwright.errors import EnvwrightError
from envwright.fleet import last_outcomes
from envwright.fleet.outcome import BAD, OUTCOMES
from envwright.fleet.summary import names
from envwright.spec.messages import quoted, suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from envwright.host.inventory import Target

FAILED = "failed"
"""The word for every outcome that is not as it should be: an error, or a check that failed."""


class Selection:
    """The machines of an inventory, and how patterns select among them.

    Args:
        targets: the machines.
        path: the inventory.
        groups: the groups of the inventory; one may have no machine.
        option: what takes the patterns, for messages.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        path: str,
        groups: Iterable[str] = (),
        option: str = "--limit",
    ) -> None:
        self._targets, self._path, self._option = targets, path, option
        self._groups = {*groups}
        self._names = {target.host: {target.host, *target.groups} for target in targets}

    @property
    def _where(self) -> str:
        return self._path or "this run"

    def select(self, patterns: Sequence[str]) -> list[Target]:
        """Return the machines that the patterns select, in the order of the inventory.

        Raises:
            EnvwrightError: a term names nothing that is known, or no machine is left.
        """
        hosts = {host for pattern in patterns for host in self._matched(pattern)}
        if not hosts:
            raise EnvwrightError(
                f"{self._option} {' or '.join(map(quoted, patterns))}: no host of "
                f"{self._where} is left",
                hint=f"its hosts are {names([target.host for target in self._targets])}",
            )
        return [target for target in self._targets if target.host in hosts]

    def _matched(self, pattern: str) -> set[str]:
        """Return the machines that one pattern selects."""
        terms = [term for term in map(str.strip, pattern.split(",")) if term]
        if not terms:  # as from an unset variable of a script, which must not mean every machine
            return set()
        named = [self._of(term) for term in terms if term[0] not in "!&"]
        found = set().union(*named) if named else {*self._names}
        for term in terms:
            if term[0] == "&":
                found &= self._of(term[1:])
            elif term[0] == "!":
                found -= self._of(term[1:])
        return found

    def _of(self, term: str) -> set[str]:
        """Return the machines that one term names."""
        found = {
            host
            for host, names in self._names.items()
            if term in names or fnmatch.filter(names, term)
        }
        if found or term in self._groups:
            return found
        word = term.removeprefix("@")
        if term.startswith("@") and word in OUTCOMES:
            return self._by_outcome(word)
        known = {*self._groups, *(f"@{word}" for word in OUTCOMES)}.union(*self._names.values())
        raise EnvwrightError(
            f"{self._option} {quoted(term)}: {self._where} has no such host or group"
            f"{suggestion(term, sorted(known))}",
            hint="name a host or a group (* and ? stand for any text), or the outcome of the "
            f"last run: {', '.join(f'@{word}' for word in OUTCOMES)}",
        )

    def _by_outcome(self, word: str) -> set[str]:
        last = last_outcomes.read(self._path)
        if not last:
            raise EnvwrightError(
                f"{self._option} @{word}: no run on {self._where} is remembered on this computer",
                hint=f"run one first: envwright plan -i {self._path}",
            )
        # "failed" itself is in BAD, too.
        words = BAD if word == FAILED else {word}
        return {host for host in self._names if last.get(host) in words}


def select(
    targets: Sequence[Target], path: str, limit: Sequence[str], groups: Iterable[str] = ()
) -> list[Target]:
    """Return the machines of an inventory that a limit leaves: all, where it has no pattern.

    Raises:
        EnvwrightError: a term names nothing that is known, or no machine is left.
    """
    return Selection(targets, path, groups).select(limit) if limit else [*targets]
