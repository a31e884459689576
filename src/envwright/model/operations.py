"""Calls of pyinfra operations as data, and the sources of the files that they upload."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


OURS = "paths"
"""The module of our own operations: envwright.portable.safepath.operations, safe where pyinfra's
`files` is not."""


@dataclass(frozen=True)
class Content:
    """The text of a file; secrets are put in when the file is uploaded."""

    text: str


@dataclass(frozen=True)
class Edited:
    """The present text of a file with some keys set (or, by None, removed) in its dialect.

    `defaults` are set, too, where the text leaves them open (envwright.portable.dialects).
    `published`: keys of which the machine fetches the line that is meant, each with its URL.
    """

    path: str
    dialect: str
    changes: Mapping[str, Any]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    published: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Key:
    """An OpenPGP key from a URL (fetched by the machine) or a text, checked by fingerprint.

    Args:
        fingerprints: the primary keys: it must hold the first, may hold the others, and no other.
        url: where apt's own helper downloads it; "" with `text`.
        text: the key itself, armored; "" with `url`.
    """

    fingerprints: tuple[str, ...]
    url: str = ""
    text: str = ""


@dataclass(frozen=True)
class Checksum:
    """The SHA-256 of a file as its publisher lists it, 64 digits and a newline.

    It is looked up when it is uploaded, by the machine: what is compiled and planned names the
    file, whose checksum is the publisher's to say.

    Args:
        url: a list that envwright.portable.checksums reads.
        file: the name that it has there.
    """

    url: str
    file: str


Source = Content | Edited | Key | Checksum


@dataclass(frozen=True)
class Changed:
    """A condition: one of these resources was changed before the operation.

    Args:
        ids: the resources; () stands for the operation just before this one.
    """

    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """A call of a pyinfra operation: `paths.put` with its arguments (JSON values, or a Source).

    Args:
        name: module and function, in pyinfra.operations or (OURS) our own.
        arguments: of the call.
        condition: in which case a deploy that was exported makes the call. Apply, which has
            compared the machine before, always makes it.
    """

    name: str
    arguments: Mapping[str, Any]
    condition: Changed | None = None

    def given(self, condition: Changed) -> Operation:
        """Return the same call with a condition."""
        return replace(self, condition=condition)


def operation(name: str, **arguments: Any) -> Operation:
    """Write an Operation as one writes the call."""
    return Operation(name, arguments)
