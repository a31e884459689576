"""The JSON Schema of environments, for editors: made from the models, with templates allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from envwright.model.catalogue import discover
from envwright.model.values import DEVELOPER
from envwright.spec.bases import LAYER, SIGNERS
from envwright.spec.choice import DEFAULTS, ELSE, THEN, WHEN
from envwright.spec.declaration import Declaration
from envwright.spec.environment import NAME, PRUNE
from envwright.spec.layers import POLICY
from envwright.spec.policy import Policy
from envwright.spec.scope import VARIABLE
from envwright.spec.shape import shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic import BaseModel

    from envwright.model.capability import Section

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TEMPLATE = {"$ref": "#/$defs/template"}
_TEMPLATE_PATTERN = r"\{\{|\{%"
_NULL = {"type": "null"}
_WHEN = {
    "description": "A condition, like `wsl and release >= 24.04`: see docs/language.md.",
    "anyOf": [{"type": "string"}, {"type": "boolean"}],
}
_CHOICE = {"$ref": "#/$defs/choice"}
_LAYER = {
    "anyOf": [
        {"type": "string"},
        {
            "description": "A layer of git that one of the signers must have signed.",
            "type": "object",
            "properties": {
                LAYER: {"type": "string"},
                SIGNERS: {"type": "array", "minItems": 1, "items": {"type": "string"}},
            },
            "required": [LAYER, SIGNERS],
            "additionalProperties": False,
        },
    ]
}
_ABOUT = ("description", "default")
_BOUNDS = ("pattern", "format", "enum", "minLength", "maxLength")
_SCALAR = {"type": ["string", "number", "boolean", "null"]}
_OURS = ("title", "words", "short", "discriminator", "layers", "identity", DEVELOPER)
"""Keywords of the models' schemas that no editor understands."""


def json_schema(capabilities: Mapping[str, type[Section]] | None = None) -> dict[str, Any]:
    """Return the schema of a whole file (draft 2020-12).

    A file that extends another file may leave out keys of the other file, and remove keys by null.
    For such files there is a second, lenient set of definitions, `layer.*`.
    """
    known = discover() if capabilities is None else capabilities
    models: dict[str, type[BaseModel]] = {**known, "secret": Declaration}
    definitions = {name: part for key, m in models.items() for name, part in _definitions(key, m)}
    layers = {key: {"anyOf": [{"$ref": f"#/$defs/layer.{key}"}, _NULL]} for key in known}
    wholes = {key: {"$ref": f"#/$defs/{key}"} for key in known}
    sections = {key: {"description": _line(model)} for key, model in known.items()}
    rules = _bare(Policy.model_json_schema(ref_template="#/$defs/policy.{model}"))
    policies = {f"policy.{name}": part for name, part in rules.pop("$defs").items()}
    return {
        "$schema": DIALECT,
        "title": "An environment of envwright",
        "type": "object",
        "properties": _head() | {POLICY: rules} | sections,
        "additionalProperties": False,
        "if": {"required": ["extends"]},
        "then": {"properties": layers},
        "else": {"required": ["name"], "properties": wholes},
        "$defs": {
            "template": {
                "description": "A template: `{{ name }}`",
                "type": "string",
                "pattern": _TEMPLATE_PATTERN,
            },
            "choice": {
                "description": "A value that a condition chooses: `when`, `then`, `else`.",
                "type": "object",
                "properties": {WHEN: _WHEN, THEN: {}, ELSE: {}},
                "required": [WHEN],
                "minProperties": 2,
                "additionalProperties": False,
            },
            **definitions,
            **policies,
        },
    }


def _bare(schema: Any) -> Any:
    """Return a schema without what no editor understands; a policy holds no templates."""
    if isinstance(schema, dict):
        return {key: _bare(part) for key, part in schema.items() if key not in _OURS}
    return [_bare(part) for part in schema] if isinstance(schema, list) else schema


_OWNERSHIP: dict[str, Any] = {
    "was": {
        "description": "Earlier names of the environment: what it made by these is still its own.",
        "anyOf": [
            {"type": "string", "pattern": f"^{NAME}$"},
            {"type": "array", "items": {"type": "string", "pattern": f"^{NAME}$"}},
        ],
    },
    "prune": {
        "description": "Whether apply removes what the environment made on a machine and no "
        "longer names. With `ask` apply asks; access (keys, rights, accounts, services) goes "
        "without a question.",
        "enum": [*PRUNE],
        "default": PRUNE[0],
    },
}
"""The keys that say what of a machine is the environment's own."""


def _head() -> dict[str, Any]:
    """Return the keys of an environment that are not sections."""
    variable = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}
    return {
        "name": {
            "description": "The name of the environment.",
            "type": "string",
            "pattern": f"^{NAME}$",
        },
        "description": {
            "description": "The purpose of the environment, in a sentence.",
            "type": "string",
        },
        **_OWNERSHIP,
        "extends": {
            "description": "Layers below this file: paths, presets, addresses of git or https. "
            "`envwright explain extends` shows the forms.",
            "anyOf": [_LAYER, {"type": "array", "items": _LAYER}],
        },
        "when": _WHEN,
        "vars": {
            "description": "Variables for templates; `--var NAME=VALUE` overrides them.",
            "type": "object",
            "propertyNames": {"pattern": f"^{VARIABLE}$"},
            "additionalProperties": variable,
        },
        "secrets": {
            "description": "Secrets and their sources; `{{ secret.NAME }}` puts one into a text.",
            "type": "object",
            "propertyNames": {"pattern": f"^{VARIABLE}$"},
            "additionalProperties": {"$ref": "#/$defs/secret"},
        },
    }


def _line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().partition("\n")[0]


def _definitions(key: str, model: type[BaseModel]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the definitions of a section, each for a whole file and for a layer."""
    schema = dict(shape_of(model).schema)
    parts = {f"{key}.{name}": part for name, part in schema.pop("$defs", {}).items()}
    for name, part in {key: schema, **parts}.items():
        yield name, _Adapter(key, layer=False).adapt(part)
        yield f"layer.{name}", _Adapter(key, layer=True).adapt(part)


class _Adapter:
    """Turns the schema of a value into the schema of its text: also a template, or in a layer."""

    def __init__(self, section: str, *, layer: bool) -> None:
        self._section = section
        self._layer = layer
        self._keywords: dict[str, Callable[[Any], Any]] = {
            "$ref": self._reference,
            "properties": self._values,
            "patternProperties": self._patterns,
            "additionalProperties": self._value,
            "propertyNames": self.adapt,
            "items": self._item,
            "prefixItems": self._items,
            "anyOf": self._branches,
            "oneOf": self._branches,
            "default": self._default,
        }

    def adapt(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of a value, or of a template in its place."""
        adapted = self._plain(schema)
        return _or(adapted, _TEMPLATE) if _may_be_template(adapted) else adapted

    def _plain(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema with its parts adapted, without a template in its own place."""
        found = {name: self._keyword(name, part) for name, part in schema.items()}
        if "oneOf" in found:
            # A template could fit several branches, so `oneOf` would refuse it.
            found["anyOf"] = found.pop("oneOf")
        if "patternProperties" in found:
            found.setdefault("additionalProperties", False)
        dropped = (*_OURS, "required") if self._layer else _OURS
        plain = {name: part for name, part in found.items() if name not in dropped}
        if "required" in plain:
            properties = schema.get("properties", {})
            plain["required"] = [
                key for key in plain["required"] if DEVELOPER not in properties.get(key, {})
            ]
        if "properties" in plain:
            plain["properties"] = {WHEN: _WHEN, **plain["properties"]}
        elif defaults := self._defaults(schema):
            plain["properties"] = {DEFAULTS: defaults}
            if "propertyNames" in plain:
                plain["propertyNames"] = _or(plain["propertyNames"], {"const": DEFAULTS})
        if "short" in schema:
            return {"anyOf": [plain, plain["properties"][schema["short"]]]}
        return plain

    def _defaults(self, schema: dict[str, Any]) -> dict[str, Any] | None:
        """Return the schema of the key `defaults` of a table of models; None for other values."""
        tables = (*schema.get("patternProperties", {}).values(), schema.get("additionalProperties"))
        models = [part for part in tables if isinstance(part, dict) and "$ref" in part]
        return _Adapter(self._section, layer=True).adapt(models[0]) if models else None

    def _keyword(self, name: str, part: Any) -> Any:
        """Adapt the value of a keyword of JSON Schema."""
        # `additionalProperties: false` and similar keywords have no parts.
        return self._keywords[name](part) if name in self._keywords and part is not False else part

    def _reference(self, target: str) -> str:
        layer = "layer." if self._layer else ""
        return f"#/$defs/{layer}{self._section}.{target.rpartition('/')[2]}"

    def _values(self, parts: dict[str, Any]) -> dict[str, Any]:
        return {key: self._value(part) for key, part in parts.items()}

    def _patterns(self, parts: dict[str, Any]) -> dict[str, Any]:
        """Adapt the values of a free table; a key may be a template, too."""
        values = self._values(parts)
        return {**values, _TEMPLATE_PATTERN: next(iter(values.values()))}

    def _item(self, part: dict[str, Any]) -> dict[str, Any]:
        # Layers merge mappings by key but replace lists, so the items of a list are complete.
        return _choosable(_Adapter(self._section, layer=False).adapt(part))

    def _items(self, parts: list[Any]) -> list[Any]:
        return [self._item(part) for part in parts]

    def _branches(self, parts: list[Any]) -> list[Any]:
        return [self._plain(part) for part in parts]

    @staticmethod
    def _default(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: inner for key, inner in value.items() if inner is not None}
        return value

    def _value(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema of a key's value; in a layer null removes the key."""
        adapted = _choosable(self.adapt(schema))
        return _or(adapted, _NULL) if self._layer else adapted


def _choosable(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a value, or of a choice in its place; free JSON has no choices."""
    return _or(schema, _CHOICE) if set(schema) - set(_ABOUT) else schema


def _or(schema: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with an alternative; description and default stay outside, for editors."""
    about = {name: schema[name] for name in _ABOUT if name in schema}
    rest = {name: part for name, part in schema.items() if name not in _ABOUT}
    options = rest["anyOf"] if set(rest) == {"anyOf"} else [rest]
    return about | {"anyOf": options if other in options else [*options, other]}


def _may_be_template(schema: dict[str, Any]) -> bool:
    """Tell whether a schema needs an alternative for templates: whether it refuses some text."""
    if "anyOf" in schema:
        return any(map(_may_be_template, schema["anyOf"]))
    bound = any(name in schema for name in _BOUNDS)
    return schema.get("type") in {"integer", "number", "boolean", "array"} or bound
