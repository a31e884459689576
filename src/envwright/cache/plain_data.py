"""Compiled environments as JSON and back: an entry of the cache is data and can do nothing.

Text, numbers, lists, tuples and mappings, and the types of ours that a compiled environment is made
of: frozen dataclasses and enumerations of a few modules. A type is named in an entry by its module
and name; any other name is refused, before anything is imported, and so is a field that the type
does not have, lacks, or declares with another type. No constructor but that of a dataclass is run.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import importlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WORDS = "envwright.resources."
"""The package of the vocabulary: each module in it may give its types."""
MODULES = (
    "envwright.model.operations",
    "envwright.model.origin",
    "envwright.model.proof",
    "envwright.model.resource",
    "envwright.spec.compiler",
    "envwright.spec.reach",
)
"""The other modules whose types may be named."""


class EntryError(ValueError):
    """A value cannot be an entry, or an entry is none that was written here."""


def encode(value: object) -> bytes:
    """Return a value as JSON.

    Raises:
        EntryError: it holds something that an entry cannot have.
    """
    types: dict[type, int] = {}
    body = _encoded(value, types)
    named = [[kind.__module__, kind.__qualname__, *_fields(kind)] for kind in types]
    return json.dumps([named, body], separators=(",", ":")).encode()


def decode(data: bytes) -> Any:
    """Return what was encoded.

    Raises:
        EntryError: it is nothing that `encode` wrote by this state of our types.
    """
    try:
        named, body = json.loads(data)
        types = [_type(*words) for words in named]
        return _decoded(body, types)
    except EntryError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise EntryError(f"it is of another form: {error}") from None


# A value is itself where JSON has it; all else is a list that begins with a letter:
# t: a tuple, l: a list, d: a mapping (keys and values in turn), e: an enumeration's member (the
# number of its type, its name), o: a dataclass (the number of its type, its fields in their order).

_SCALARS = (str, int, float, bool, type(None))


def _encoded(value: Any, types: dict[type, int]) -> Any:
    kind: type = type(value)
    if kind in _SCALARS:
        return value
    if isinstance(value, tuple) and kind is tuple:
        return ["t", *(_encoded(each, types) for each in value)]
    if isinstance(value, list) and kind is list:
        return ["l", *(_encoded(each, types) for each in value)]
    if isinstance(value, dict) and kind is dict:
        return ["d", *(_encoded(each, types) for pair in value.items() for each in pair)]
    if not _is_known(kind.__module__):
        raise EntryError(f"{kind.__module__}.{kind.__qualname__} has no place in an entry")
    number = types.setdefault(kind, len(types))
    if isinstance(value, enum.Enum):
        return ["e", number, value.name]
    return ["o", number, *(_encoded(getattr(value, name), types) for name in _fields(kind))]


def _decoded(data: Any, types: list[type]) -> Any:
    if type(data) is not list:
        if type(data) in _SCALARS:
            return data
        raise EntryError("a value is of another form")
    letter, *rest = data
    if letter == "o":
        kind = types[rest[0]]
        return _build(kind, [_decoded(each, types) for each in rest[1:]])
    if letter == "e":
        number, name = rest
        return _member(types[number], name)
    values = [_decoded(each, types) for each in rest]
    if letter == "t":
        return tuple(values)
    if letter == "l":
        return values
    if letter == "d":
        return dict(zip(values[::2], values[1::2], strict=True))
    raise EntryError("a value is of another form")


def _build(kind: type, values: list[Any]) -> Any:
    checks = _checks(kind)
    fields = dict(zip(checks, values, strict=True))
    for name, value in fields.items():
        if not checks[name](value):
            raise EntryError(f"{kind.__name__}.{name} is of another type")
    return kind(**fields)


def _member(kind: type, name: object) -> Any:
    if not issubclass(kind, enum.Enum):
        raise EntryError(f"{kind.__name__} is no enumeration")
    return kind.__members__[str(name)]


# --- The types that may be named ---------------------------------------------------------------


def _is_known(module: str) -> bool:
    return module in MODULES or module.startswith(WORDS)


def _type(module: str, name: str, *fields: str) -> type:
    """Return a type of ours whose fields are those that an entry has of it."""
    if not _is_known(module):
        raise EntryError(f"{module} has no place in an entry")
    try:
        kind = vars(importlib.import_module(module))[name]
    except ImportError:
        raise EntryError(f"there is no {module}") from None
    # What a module imported from elsewhere is not its own.
    if not isinstance(kind, type) or kind.__module__ != module or [*_fields(kind)] != [*fields]:
        raise EntryError(f"{module}.{name} is of another form")
    return kind


@functools.cache
def _fields(kind: Any) -> dict[str, str]:
    """Return the fields of a frozen dataclass, with their annotations; of an enumeration, none."""
    if issubclass(kind, enum.Enum):
        return {}
    # dataclasses has no public word for `frozen`; this attribute is how it knows itself.
    parameters = getattr(kind, "__dataclass_params__", None)
    if parameters is None or not parameters.frozen:
        raise EntryError(f"{kind.__name__} is no frozen dataclass")
    return {field.name: str(field.type) for field in dataclasses.fields(kind) if field.init}


# --- What a field may hold ---------------------------------------------------------------------


@functools.cache
def _checks(kind: type) -> dict[str, Callable[[Any], bool]]:
    """Return what tells, for each field of a dataclass, whether a value is of its declared type."""
    return {name: _check(annotation) for name, annotation in _fields(kind).items()}


@functools.cache
def _check(annotation: str) -> Callable[[Any], bool]:
    """Return what tells whether a value fits an annotation, as our modules write them.

    The annotations are text (PEP 563). Those that say nothing of plain values, as `Any` and
    `Literal`, let every value pass: it is plain data all the same.
    """
    alternatives = list(_alternatives(annotation))
    if len(alternatives) > 1:
        checks = [_check(alternative) for alternative in alternatives]
        return lambda value: any(fits(value) for fits in checks)
    head, _, inner = annotation.removesuffix("]").partition("[")
    if head == "tuple" and inner.endswith(", ..."):
        each = _check(inner.removesuffix(", ..."))
        return lambda value: type(value) is tuple and all(map(each, value))
    if head == "Mapping":
        key, item = map(_check, inner.split(", ", 1))
        return lambda value: (
            type(value) is dict and all(map(key, value)) and all(map(item, value.values()))
        )
    if head == "None":
        return lambda value: value is None
    if inner or head in {"Any", "Value"}:
        return lambda _: True
    return lambda value: any(base.__name__ == head for base in type(value).__mro__)


def _alternatives(annotation: str) -> Iterator[str]:
    """Yield what stands between the bars of a union that stand in no brackets."""
    depth, start = 0, 0
    for at, character in enumerate(annotation):
        depth += {"[": 1, "]": -1}.get(character, 0)
        if character == "|" and not depth:
            yield annotation[start:at].strip()
            start = at + 1
    yield annotation[start:].strip()
