"""The shape of the values that a model accepts, read from its JSON Schema, also in words."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from envwright.spec.messages import choices, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

_NOUNS = {
    "string": ("text", "text"),
    "integer": ("an integer", "integers"),
    "number": ("a number", "numbers"),
    "boolean": ("true or false", "true or false"),
    "null": ("null", "null"),
    "array": ("a list", "lists"),
    "object": ("a mapping", "mappings"),
}
"""The names of types, in the singular and in the plural."""

_FORMATS = {
    "uri": "a URL",
    "path": "a path",
    "file-path": "a path of a file",
    "directory-path": "a path of a directory",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
    "ipvanyaddress": "an IP address",
    "ipvanynetwork": "an IP network",
    "date": "a date such as 2026-01-31",
    "date-time": "a date and time such as 2026-01-31T12:00:00Z",
    "duration": "a duration such as PT30S",
    "email": "a mail address",
    "regex": "a regular expression",
    "uuid": "a UUID",
}
"""The names of texts with a format of JSON Schema or of pydantic."""


@functools.cache
def shape_of(model: type[BaseModel]) -> Shape:
    """Return the shape of the values that a model accepts."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return Shape(schema, schema.get("$defs", {}))


@dataclass(frozen=True)
class Shape:
    """A part of a JSON Schema (draft 2020-12, as pydantic writes it) and its definitions.

    Some keywords are our own, set by `json_schema_extra`. `words` completes the sentence "it must
    be ..." for a text with a pattern. `short` of a model names a key: a value that is no mapping
    is short for a mapping with this key alone. `layers` of a list says what the list of a layer
    does with the list below it: `replace`, or `add` to it, where `identity` tells which items are
    the same.
    """

    schema: Mapping[str, Any]
    definitions: Mapping[str, Any] = field(repr=False)

    def _of(self, schema: Any) -> Shape:
        """Return a part with its reference followed; keywords beside the reference win."""
        part = schema if isinstance(schema, dict) else {}
        while "$ref" in part:
            concurrent = {key: value for key, value in part.items() if key != "$ref"}
            part = self.definitions[part["$ref"].rpartition("/")[2]] | concurrent
        return Shape(part, self.definitions)

    @property
    def resolved(self) -> Shape:
        """The shape, with its reference followed."""
        return self._of(self.schema)

    @property
    def branches(self) -> tuple[Shape, ...]:
        """The shapes of a union, without null; the shape itself where it is no union."""
        whole = self.resolved
        parts = whole.schema.get("anyOf") or whole.schema.get("oneOf")
        if not parts:
            return (whole,)
        found = [inner for part in parts for inner in self._of(part).branches]
        return tuple(part for part in found if part.schema.get("type") != "null")

    @property
    def tag(self) -> str:
        """The key whose value selects a branch of a tagged union; "" for other unions."""
        discriminator = self.resolved.schema.get("discriminator", {})
        return str(discriminator.get("propertyName", ""))

    def tagged(self, value: Any) -> Shape:
        """Return the branch of a tagged union that a value of `tag` selects."""
        mapping = self.resolved.schema["discriminator"].get("mapping", {})
        return self._of({"$ref": mapping[value]}) if value in mapping else self

    @property
    def tags(self) -> tuple[str, ...]:
        """The values of `tag`."""
        return tuple(self.resolved.schema["discriminator"].get("mapping", {}))

    @property
    def kinds(self) -> frozenset[str]:
        """The types of JSON that the shape accepts."""
        parts = self.branches
        if len(parts) > 1:
            return frozenset().union(*(part.kinds for part in parts))
        schema = parts[0].schema if parts else {}
        options = schema.get("enum", [schema["const"]] if "const" in schema else [])
        return frozenset({str(schema.get("type", "string" if options else ""))})

    @property
    def properties(self) -> dict[str, Shape]:
        """The keys with fixed names, of all branches."""
        found: dict[str, Shape] = {}
        for part in self.branches:
            for key, schema in part.schema.get("properties", {}).items():
                found.setdefault(key, self._of(schema))
        return found

    @property
    def short(self) -> str:
        """The key for which a value that is no mapping is short; "" for none."""
        return next((part.schema["short"] for part in self.branches if "short" in part.schema), "")

    @property
    def adds(self) -> str | None:
        """The identity of the items of a list that adds to the list of lower layers.

        A key for items that are mappings, a regular expression for texts, "" for the whole item;
        None where the list replaces the list of lower layers.
        """
        for part in self.branches:
            if part.schema.get("layers") == "add":
                return str(part.schema.get("identity", ""))
        return None

    @property
    def required(self) -> frozenset[str]:
        """The keys that every branch must have."""
        needed = [frozenset(part.schema.get("required", ())) for part in self.branches]
        return frozenset.intersection(*needed) if needed else frozenset()

    @property
    def key(self) -> Shape:
        """The shape of the keys of a free table."""
        return self._of(self.resolved.schema.get("propertyNames", {"type": "string"}))

    def step(self, key: str | int) -> Shape:
        """Return the shape at a key or list index, as far as the schema says."""
        found = [
            self._of(inner)
            for part in self.branches
            if (inner := _inner(part.schema, key)) is not None
        ]
        if len(found) == 1:
            return found[0]
        return self._of({"anyOf": [part.schema for part in found]} if found else {})

    # --- In words ----------------------------------------------------------------------------

    @property
    def words(self) -> str:
        """Complete the sentence `it must be ...`: `a list of text`, `'a' or 'b'`."""
        parts = self.branches
        if len(parts) != 1:
            return choices(dict.fromkeys(part.words for part in parts)) if parts else "null"
        schema = parts[0].schema
        if said := schema.get("words"):
            return str(said)
        if short := schema.get("short"):
            return f"a mapping, or {parts[0].properties[short].words} for its key {quoted(short)}"
        if "const" in schema or "enum" in schema:
            options = schema.get("enum") or [schema["const"]]
            return choices(quoted(o) if isinstance(o, str) else json.dumps(o) for o in options)
        return f"{parts[0].noun}{_bounds(schema)}"

    @property
    def noun(self) -> str:
        """The words without limits such as `of at least 1`."""
        schema = self.schema
        noun = _NOUNS.get(schema.get("type", ""), ("any value", ""))[0]
        if schema.get("type") == "array":
            empty = schema.get("minItems", 0) == 0 or "maxItems" in schema
            noun = "a list" if empty else "a non-empty list"
            return f"{noun} of {many}" if (many := self._many()) else noun
        if schema.get("type") == "object" and (many := self._many()):
            return f"a mapping of text to {many}"
        return _FORMATS.get(schema.get("format", ""), noun)

    @property
    def element(self) -> Shape | None:
        """The shape of the items of a list, or of the values of a free table."""
        for part in self.branches:
            inner = part.schema.get("items") or _value(part.schema)
            if isinstance(inner, dict):
                return self._of(inner)
        return None

    def _many(self) -> str:
        """Return the plural for the items of a list or mapping; "" when they can be anything."""
        names = []
        for part in self.element.branches if self.element else ():
            noun = _NOUNS.get(part.schema.get("type", ""), ("", ""))[1]
            names.append(part.words if "enum" in part.schema else noun)
        return choices(dict.fromkeys(names)) if names and all(names) else ""


def _inner(schema: Mapping[str, Any], key: str | int) -> Any:
    if isinstance(key, int):
        first = schema.get("prefixItems", [])
        return first[key] if key < len(first) else schema.get("items")
    if key in schema.get("properties", {}):
        return schema["properties"][key]
    # A table has at most one pattern for its keys; a key that does not match is an error itself.
    return _value(schema)


def _value(schema: Mapping[str, Any]) -> Any:
    """Return the schema of the values of a free table; None where there is none."""
    for more in (*schema.get("patternProperties", {}).values(), schema.get("additionalProperties")):
        if isinstance(more, dict):
            return more
    return None


def _bounds(schema: Mapping[str, Any]) -> str:
    """Return the limits of a schema in words; "" for none."""
    if "pattern" in schema:
        return f" that matches {schema['pattern']}"
    if schema.get("minLength") == 1 and "maxLength" not in schema:
        return " that is not empty"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    said = [f"{words} {schema[key]}{unit}" for key, words, unit in _BOUNDS if key in schema]
    return f" {' and '.join(said)}" if said else ""


_BOUNDS = (
    ("minimum", "of at least", ""),
    ("maximum", "of at most", ""),
    ("exclusiveMinimum", "above", ""),
    ("exclusiveMaximum", "below", ""),
    ("multipleOf", "that is a multiple of", ""),
    ("minLength", "of at least", " characters"),
    ("maxLength", "of at most", " characters"),
    ("maxItems", "of at most", " items"),
)
