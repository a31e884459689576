"""Reads an inventory in YAML: groups by name, each with its machines and data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from envwright.host.inventory import Group
from envwright.spec.document import read_document
from envwright.spec.messages import quoted, suggestion, value_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envwright.spec.tree import Entry

SUFFIXES = (".yaml", ".yml")
"""The ends of the names of inventories in YAML; others are Python, as pyinfra reads it."""
DATA = ("environment", "vars", "extends")
"""The keys of the data of a group or machine."""


def read_groups(path: str) -> list[Group]:
    """Read an inventory in YAML.

    The file is a mapping of groups. The key `hosts` of a group is a list of machines, or a mapping
    of machines to their own data; its other keys are the data of the group.

    Raises:
        SpecError, SpecErrors: the file cannot be read, or is no inventory.
    """
    root = read_document(path)
    if not isinstance(root.value, Mapping):
        actual = value_in_words(root.plain())
        raise root.at.error(f"an inventory is a mapping of groups, not {actual}")
    return [_group(name, entry) for name, entry in root.value.items()]


def _group(name: str, entry: Entry) -> Group:
    keys = _mapping(entry, f"the group {quoted(name)}")
    hosts = keys.pop("hosts", None)
    if hosts is None:
        hint = "hosts: ['@ssh/dev@laptop', ...]"
        raise entry.place.error(f"the group {quoted(name)} needs the key 'hosts'", hint)
    return Group(name, _data(keys, f"the group {quoted(name)}", "hosts"), list(_members(hosts)))


def _members(hosts: Entry) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(hosts.node.value, Mapping):
        for name, entry in hosts.node.value.items():
            empty = entry.node.value is None
            yield name, {} if empty else _data(_mapping(entry, quoted(name)), quoted(name))
        return
    for item in hosts.node.value if isinstance(hosts.node.value, tuple) else (hosts.node,):
        if not isinstance(item.value, str):
            actual = value_in_words(item.plain())
            raise item.at.error(f"a host is named by text, not by {actual}")
        yield item.value, {}


def _mapping(entry: Entry, whose: str) -> dict[str, Entry]:
    if not isinstance(entry.node.value, Mapping):
        actual = value_in_words(entry.node.plain())
        raise entry.place.error(f"{whose} must be a mapping, not {actual}")
    return dict(entry.node.value)


def _data(keys: Mapping[str, Entry], whose: str, *more: str) -> dict[str, Any]:
    for key, entry in keys.items():
        if key not in DATA:
            near = suggestion(key, (*DATA, *more))
            hint = f"its keys are {', '.join((*DATA, *more))}"
            raise entry.at.error(f"{whose} has no key {quoted(key)}{near}", hint)
    return {key: entry.node.plain() for key, entry in keys.items()}
