"""What each environment owns on a machine: what its applies made, and nothing that was there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from envwright.state import journal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from envwright.model.resource import Difference, Resource

DIGITS = 16
"""How much of a SHA-256 tells two wishes apart."""


class Since(NamedTuple):
    """By which generations an environment owns something.

    Args:
        first: the generation that made it.
        last: the last generation that changed it.
        wish: a digest of what is wanted of it.
        id: the id of the resource that it is, or is a part of.
    """

    first: int
    last: int
    wish: str
    id: str


def path() -> str:
    """Return the file on the machine that says it."""
    return f"{journal.folder()}/owned.json"


@dataclass(frozen=True)
class Owned:
    """What is owned: by the name of an environment, by the name of a thing or of a part of one.

    Args:
        by: all of it.
        damaged: the file cannot be read, and so nothing is known.
    """

    by: Mapping[str, Mapping[str, Since]] = field(default_factory=dict)
    damaged: bool = False

    @staticmethod
    def read(text: str) -> Owned:
        """Read what `text` returned; "" is nothing."""
        if not text:
            return Owned()
        try:
            found = json.loads(text)
            return Owned(
                {
                    name: {thing: Since(*_checked(row)) for thing, row in things.items()}
                    for name, things in found["environments"].items()
                }
            )
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return Owned(damaged=True)

    def text(self) -> str:
        """Return it as JSON."""
        return json.dumps({"form": 1, "environments": self.by})

    def of(self, names: Iterable[str]) -> dict[str, Since]:
        """Return what environments own, the first name's last."""
        return {
            thing: since for name in reversed([*names]) for thing, since in self._of(name).items()
        }

    def _of(self, name: str) -> Mapping[str, Since]:
        return self.by.get(name, {})

    def is_shared(self, thing: str, names: Collection[str]) -> bool:
        """Tell whether an environment of another name owns a thing, too."""
        return any(thing in things for name, things in self.by.items() if name not in names)

    def others(self, name: str, things: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield what other environments want otherwise: the thing, and whose it is."""
        for other, owned in self.by.items():
            for thing, wish in things.items():
                if other != name and thing in owned and owned[thing].wish != wish:
                    yield thing, other

    def generations(self) -> list[int]:
        """Return the generations by which anything is owned."""
        owned = [since for things in self.by.values() for since in things.values()]
        return sorted({number for since in owned for number in (since.first, since.last)})

    def made(self, names: Iterable[str], things: Mapping[str, Since]) -> Owned:
        """Return it after an apply of an environment, whose older names come behind its own."""
        name, *older = names
        own = self.of([name, *older])
        for thing, since in things.items():
            first = own[thing].first if thing in own else since.first
            own[thing] = since._replace(first=first)
        rest = {other: rows for other, rows in self.by.items() if other not in {name, *older}}
        return Owned({**rest, name: own})

    def without(self, gone: Collection[str], name: str = "", since: Collection[int] = ()) -> Owned:
        """Return it without some things.

        Args:
            gone: their names, or those of their resources.
            name: of one environment; by default of all.
            since: only what is owned since one of these generations; () for all.
        """
        return Owned(
            {
                other: {
                    thing: row
                    for thing, row in rows.items()
                    if not (
                        {thing, row.id} & {*gone}
                        and name in {"", other}
                        and (not since or row.first in since)
                    )
                }
                for other, rows in self.by.items()
            }
        )


def _checked(row: Any) -> list[Any]:
    first, last, wish, id_ = row
    if not (isinstance(first, int) and isinstance(last, int)):
        raise TypeError
    return [first, last, str(wish), str(id_)]


def wish(resource: Resource) -> str:
    """Return a digest of what is wanted of a resource, without who wants it."""
    return hashlib.sha256(repr(resource.spec()).encode()).hexdigest()[:DIGITS]


def changed_parts(resource: Resource, difference: Difference) -> dict[str, Resource]:
    """Return the parts of a resource that a change makes: what was there is nobody's."""
    parts = resource.parts()
    if difference.before is None or [*parts] == [resource.id]:
        return dict(parts)
    return {name: part for name, part in parts.items() if part.is_touched(difference)}
