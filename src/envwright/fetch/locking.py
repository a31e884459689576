"""Locks an environment: finds what its addresses stand for now, fetches it, and records it."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from envwright.cache import layers as kept
from envwright.errors import EnvwrightError
from envwright.fetch.layers import fetch, keep, located
from envwright.fetch.repository import Repository
from envwright.fetch.web import download
from envwright.spec import layers, lockfile
from envwright.spec.addresses import GitAddress
from envwright.spec.messages import quoted, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable

    from envwright.spec.addresses import Address
    from envwright.spec.lockfile import Lock
    from envwright.spec.trees import Tree


class Locked(NamedTuple):
    """What an address of an environment stands for.

    Args:
        key: the address, without the path of a file in a repository.
        kind: `commit` or `sha256`.
        before: what the lock said; "" where it said nothing.
        after: what it says now.
    """

    key: str
    kind: str
    before: str
    after: str


def lock(
    environment: str,
    tell: Callable[[str], None],
    upgrade: str | None = None,
    *,
    strict: bool = True,
) -> tuple[Locked, ...]:
    """Record what the addresses of an environment stand for that do not say it themselves.

    What the lock says already stays, and so does what other environments beside have in it.

    Args:
        environment: its file.
        tell: tells a person what is being fetched.
        upgrade: addresses that hold this text are looked up anew.
        strict: some address has to hold it.

    Returns:
        these addresses, in their order in the lock.

    Raises:
        SpecError, SpecErrors: a layer cannot be fetched, a file cannot be read, or the lock cannot
            be written.
        EnvwrightError: no address holds the text.
    """
    old = lockfile.read(environment)
    walk = _Walk(old, tell, upgrade)
    layers.load([environment], None, walk.find)
    if strict and upgrade and not any(upgrade in each.key for each in walk.locked.values()):
        raise EnvwrightError(
            f"{environment} is laid over nothing that holds {quoted(upgrade)} and can move"
            f"{suggestion(upgrade, walk.locked)}",
            hint="`envwright lock` without --upgrade lists what it records",
        )
    made = {key: {each.kind: each.after} for key, each in walk.locked.items()}
    new = replace(old, layers={**old.layers, **made})
    if new.layers != old.layers:
        lockfile.write(new)
    return tuple(walk.locked[key] for key in sorted(walk.locked))


class _Walk:
    """The walk over the layers of an environment; it fetches what is not in the cache."""

    def __init__(self, old: Lock, tell: Callable[[str], None], upgrade: str | None) -> None:
        self._old, self._tell, self._upgrade = old, tell, upgrade
        self.locked: dict[str, Locked] = {}

    def find(self, address: Address) -> Tree:
        """Return the tree of an address, whose pin is looked up where the lock does not say it."""
        with located():
            pin = address.pinned or self._pin(address)
            found = kept.tree(address, pin)
            if found is None:
                self._tell(f"Fetching {address} ...")
                fetch(address, pin)
                found = kept.tree(address, pin)
            if found is None:
                raise EnvwrightError(f"{address} was fetched, and is not in the cache")
        return found

    def _pin(self, address: Address) -> str:
        if address.key not in self.locked:
            before = self._old.pin(address)
            anew = not before or (self._upgrade is not None and self._upgrade in address.key)
            after = self._look_up(address) if anew else before
            kind = lockfile.kind_of(address)
            self.locked[address.key] = Locked(address.key, kind, before, after)
        return self.locked[address.key].after

    def _look_up(self, address: Address) -> str:
        """Return what an address stands for now."""
        self._tell(f"Looking up {address.key} ...")
        if isinstance(address, GitAddress):
            with Repository.new(address) as repository:
                return repository.resolve(address.ref).commit
        data = download(address)
        digest = hashlib.sha256(data).hexdigest()
        keep(address, digest, data)
        return digest
