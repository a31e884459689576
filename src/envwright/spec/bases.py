"""Reads the key `extends` of a file: the layers that it names, and whose signatures these need."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from envwright.portable.openpgp import OpenPGPError, fingerprints
from envwright.spec.messages import quoted, suggestion, value_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.spec.source import Position
    from envwright.spec.tree import Entry, Node

KEY = "extends"
LAYER, SIGNERS = "layer", "signers"
ARMOR = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
"""How a signer begins that is an OpenPGP key; all others are those of SSH."""
_SIGNER = re.compile(r"[^\s#][ -~]* \S+")
_HINT = (
    "alice@example.com ssh-ed25519 AAAA..., as ssh-keygen(1) has it for ALLOWED SIGNERS; or an "
    "OpenPGP key, as gpg --armor --export prints it"
)


class Base(NamedTuple):
    """A layer as `extends` names it.

    Args:
        name: a path or an address.
        at: where that stands.
        signers: the signers of whom one must have signed it, as lines of SSH's allowed signers or
            armored OpenPGP keys; empty where it needs no signature.
    """

    name: str
    at: Position
    signers: tuple[str, ...] = ()


def bases(root: Node) -> Iterator[Base]:
    """Yield the layers that a file names, the lowest first.

    Raises:
        LocatedError: an item names none.
    """
    entry = root.value.get(KEY) if isinstance(root.value, Mapping) else None
    if entry is None:
        return
    for node in entry.node.value if isinstance(entry.node.value, tuple) else (entry.node,):
        if isinstance(node.value, Mapping):
            yield _signed(node)
        elif isinstance(node.value, str) and node.value:
            yield Base(node.value, node.at)
        else:
            at = node.at if node.value else entry.at
            actual = value_in_words(node.plain())
            raise at.error(f"extends must be a path or a list of paths, not {actual}")


def _signed(node: Node) -> Base:
    entries: dict[str, Entry] = dict(node.value) if isinstance(node.value, Mapping) else {}
    for key, entry in entries.items():
        if key not in {LAYER, SIGNERS}:
            near = suggestion(key, (LAYER, SIGNERS))
            hint = f"its keys are {LAYER} and {SIGNERS}"
            raise entry.at.error(f"an item of extends has no key {quoted(key)}{near}", hint)
    for key in (LAYER, SIGNERS):
        if key not in entries:
            hint = f"{LAYER} is the address, {SIGNERS} a list: {_HINT}"
            raise node.at.error(f"an item of extends with keys needs the key {key!r}", hint)
    layer, signers = entries[LAYER], entries[SIGNERS]
    if not isinstance(layer.node.value, str) or not layer.node.value:
        actual = value_in_words(layer.node.plain())
        raise layer.place.error(f"{LAYER} must be an address of git, not {actual}")
    return Base(layer.node.value, layer.place, tuple(_signers(signers)))


def _signers(entry: Entry) -> Iterator[str]:
    items = entry.node.value if isinstance(entry.node.value, tuple) else ()
    if not items:
        raise entry.place.error(f"{SIGNERS} must be a list of signers", _HINT)
    for item in items:
        if isinstance(item.value, str) and item.value.startswith(ARMOR):
            try:
                fingerprints(item.value.encode())
            except OpenPGPError as error:
                raise item.at.error(f"this is no OpenPGP public key: {error}") from None
        elif not isinstance(item.value, str) or not _SIGNER.fullmatch(item.value):
            actual = value_in_words(item.plain())
            raise item.at.error(f"a signer is a name and a public key of SSH, not {actual}", _HINT)
        yield item.value
