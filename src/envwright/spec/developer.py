"""The developer whose environment it is, and the accounts that are the developer's by default."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, RootModel

from envwright.model.values import DEVELOPER
from envwright.spec.choice import WHEN, mentions
from envwright.spec.tree import Entry, Node

if TYPE_CHECKING:
    from typing import TypeGuard

    from envwright.model.capability import Section


def name(sections: Mapping[str, Entry], known: Mapping[str, type[Section]]) -> Node | None:
    """Return the developer's name, as the environment writes it; None where none is named."""
    for key in section(sections, known):
        value = sections[key].node.value
        named = value.get(known[key].developer) if isinstance(value, Mapping) else None
        return named.node if named else None
    return None


def section(sections: Mapping[str, Entry], known: Mapping[str, type[Section]]) -> tuple[str, ...]:
    """Return the section of an environment that names the developer, if it has one."""
    return tuple(key for key in sections if key in known and known[key].developer)[:1]


def is_conditional(sections: Mapping[str, Entry], known: Mapping[str, type[Section]]) -> bool:
    """Tell whether conditions decide who the developer is."""
    return any(mentions(sections[key].node, WHEN) for key in section(sections, known))


def filled(node: Node, model: type[BaseModel], developer: Node) -> Node:
    """Return a section in which the developer stands wherever an account is left out.

    Args:
        node: the section.
        model: the model of the section; its fields say which accounts are the developer's.
        developer: the developer's name. What is filled in has its place, so that `explain` and
            errors name the line that the account is from.
    """
    if not isinstance(node.value, Mapping):
        return node
    entries = dict(node.value)
    for field_name, field in model.model_fields.items():
        key = field.alias or field_name
        marks = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        if DEVELOPER in marks:
            account = Node((developer,), developer.at) if "layers" in marks else developer
            entries.setdefault(key, Entry(developer.at, account))
        elif issubclass(model, RootModel):
            return _table(node, field.annotation, developer)
        elif _is_model(field.annotation):
            given = entries.get(key) or Entry(node.at, Node(MappingProxyType({}), node.at))
            part = filled(given.node, field.annotation, developer)
            if part.value:
                entries[key] = Entry(given.at, part)
    return Node(MappingProxyType(entries), node.at)


def _table(node: Node, annotation: Any, developer: Node) -> Node:
    """Return a table with each entry filled, where its entries are models."""
    part = next(iter(get_args(annotation)[1:]), None)
    if not isinstance(node.value, Mapping) or not _is_model(part):
        return node
    entries = {
        key: Entry(entry.at, filled(entry.node, part, developer))
        for key, entry in node.value.items()
    }
    return Node(MappingProxyType(entries), node.at)


def _is_model(annotation: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
