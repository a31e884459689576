"""Files whose keys stand for themselves: what their dialects read and edit, key by key."""

from __future__ import annotations

from abc import ABC, abstractmethod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import Value


class KeyWise(ABC):
    """A dialect in which a value means nothing but itself."""

    @abstractmethod
    def read(self, text: str) -> dict[str, Value]:
        """As Dialect.read."""

    @abstractmethod
    def put(self, text: str, key: str, value: Value) -> str:
        """Return the text with a key set."""

    @abstractmethod
    def drop(self, text: str, key: str) -> str:
        """Return the text without a key."""

    def actual(self, text: str, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """The values of the wanted keys that are there."""
        found = self.read(text)
        return {key: found[key] for key in wanted if key in found}

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """The text with the keys set or removed."""
        for key, value in changes.items():
            text = self.drop(text, key) if value is None else self.put(text, key, value)
        return text
