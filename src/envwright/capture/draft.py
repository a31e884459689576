"""The draft of an environment: what was found, as the data and the comments of one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from envwright.capture.secrecy import REASON, seems_secret
from envwright.model.capture import Item, LeftOut
from envwright.spec.writing import Comments, unwritable, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from envwright.model.capture import Captured

Path = tuple[str | int, ...]
HEAD = (
    "What envwright found on a machine. Read it before you use it: `envwright plan` shows what",
    "another machine lacks of it.",
)
NAME = "captured"
"""The name of a captured environment: it says nothing of the machine, so that captures of two equal
machines are equal."""


@dataclass(frozen=True)
class Found:
    """An item, with the section that it is for."""

    section: str
    item: Item

    @property
    def label(self) -> str:
        """What the item is called for a person: its path in the environment."""
        value = self.item.value
        simple = self.item.listed and isinstance(value, (str, int)) and not seems_secret(value)
        last = [str(value)] if simple else []
        return " ".join((self.section, *self.item.at, *last))


class Draft:
    """An environment that is being put together.

    Args:
        items: what it says.
        left_out: what it does not say.
        secrets: what holds a secret, by the secret's name.
    """

    def __init__(
        self,
        items: Iterable[Found],
        left_out: Iterable[LeftOut] = (),
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        self.left_out = {*left_out}
        self.secrets = dict(secrets or {})
        self.items: list[Found] = []
        for found in items:
            if reason := unwritable(found.item.value) or unwritable(dict.fromkeys(found.item.at)):
                self.left_out.add(LeftOut(found.label, reason))
            elif seems_secret({found.item.at[-1]: found.item.value}):
                self.left_out.add(LeftOut(found.label, REASON))
            else:
                self.items.append(found)

    def drop(self, dropped: Mapping[int, str]) -> None:
        """Leave out items, each by its index with the reason."""
        for index, reason in dropped.items():
            self.left_out.add(LeftOut(self.items[index].label, reason))
        self.items = [found for n, found in enumerate(self.items) if n not in dropped]

    def compose(self) -> tuple[dict[str, Any], Comments, list[Path]]:
        """Return the data, the comments, and the path of each item in the data."""
        data: dict[str, Any] = {"name": NAME}
        above: dict[Path, list[str]] = {("name",): [*HEAD]}
        if self.secrets:
            data["secrets"] = {name: {"env": name} for name in sorted(self.secrets)}
            for name, why in self.secrets.items():
                above["secrets", name] = [f"{why}; its value is not written here"]
        paths = [_put(data, found) for found in self.items]
        told: set[tuple[Path, str]] = set()
        for found, path in zip(self.items, paths, strict=True):
            # The same reason is told once, above the first of neighbours.
            why = found.item.why
            if why and (path[:-1], why) not in told:
                above.setdefault(path, []).append(why)
            told.add((path[:-1], why))
        return data, Comments(above, self._end()), paths

    def _end(self) -> list[str]:
        if not self.left_out:
            return []
        lines = [f"{each.what}: {each.why}" for each in sorted(self.left_out)]
        return ["", "Left out:", *(f"- {line}" for line in lines)]

    def text(self) -> str:
        """Return the environment as the text of a file."""
        data, comments, _ = self.compose()
        return written(data, comments)


def draft(captured: Mapping[str, Captured]) -> Draft:
    """Return what all capabilities found as one draft."""
    items = [Found(name, item) for name, each in sorted(captured.items()) for item in each.items]
    left_out = [each for one in captured.values() for each in one.left_out]
    secrets = {name: why for one in captured.values() for name, why in one.secrets}
    return Draft(items, left_out, secrets)


def _put(data: dict[str, Any], found: Found) -> Path:
    """Put an item into the data; return its path there."""
    *above, last = (found.section, *found.item.at)
    table = data
    for key in above:
        table = table.setdefault(key, {})
    if not found.item.listed:
        table[last] = found.item.value
        return (*above, last)
    entries = table.setdefault(last, [])
    entries.append(found.item.value)
    return (*above, last, len(entries) - 1)
