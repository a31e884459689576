"""Environments made at random from the JSON Schema: texts made to be run, odd numbers, odd YAML."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from hostile import GOOD, TEXTS, good_at
from mutations import mutated

from envwright.model.catalogue import discover
from envwright.spec.document import parse
from envwright.spec.schema import json_schema
from envwright.spec.source import Source

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    Schema = Mapping[str, Any]

FULL = os.environ.get("ENVWRIGHT_FUZZ") == "full"
"""Whether tests that try much at random try as much as shows something: minutes, not seconds."""
ODD_TEXTS = (
    "",
    " ",
    "a\0b",
    "\ud800",
    "\u202etxt.exe",
    "\x1b]52;c;QQ==\x07",
    "\ufeff",
    "²",
    "{{",
    "{{ '\\x00' }}",
    "{{ 1e999 }}",
    "{{ home }}",
    "{{ secret.token }}",
    "{% for a in 'x' %}{% endfor %}",
    "{{ " + "[" * 200 + " }}",
    "x" * 5000,
    "/" + "d/" * 3000,
    "../../etc/shadow",
    "/dev/zero",
    "%s%n",
    "-rf",
    "a=b\nc",
)
RAW = (
    "9" * 5000,
    "0x" + "f" * 5000,
    "18446744073709551616",
    "-9223372036854775809",
    "1e999",
    ".inf",
    "-.inf",
    ".nan",
    "0o17",
    "1e-400",
    "-0.0",
    "!!float 1",
    "!!int x",
    "!!binary QQ==",
    "&a 1",
    "*a",
    "2026-99-99",
    "? a",
    "[" * 100 + "]" * 100,
    '"\\ud800"',
    '"\\x00"',
    "<<",
    "~",
)
"""What is written into the YAML as it stands."""
_HOLE = "\ue000"
"""Stands where a piece of RAW comes."""


def rounds(usual: int, full: int) -> int:
    """How often to try, by the setting ENVWRIGHT_FUZZ."""
    return full if FULL else usual


class Made(NamedTuple):
    """A document, and how it was made."""

    text: bytes
    number: int


CONDITIONS = ("true", "not wsl", "release >= 13", "distro in ['debian', 'ubuntu']", "exit()")


class Fuzz:
    """Makes documents; the same ones for the same source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._schema = json_schema()
        self._examples = {
            name: parse(Source("example", model.example)).plain()
            for name, model in discover().items()
        }
        self._wild = 0.0

    def document(self) -> bytes:
        """Make a document: mostly right, wrong in one place, in many, or no YAML any more."""
        self._wild = self._chance.choice((0.0, 0.0, 0.02, 0.2))
        names = self._chance.sample(sorted(self._examples), self._chance.choice((1, 1, 2, 3)))
        whole: dict[str, Any] = {"name": "fuzz", "secrets": {"token": {"env": "TOKEN"}}}
        for name in names:
            whole[name] = self._value(self._schema["$defs"][name], name, 0)
        if self._chance.random() < self._wild:
            whole["vars"] = {"a": self._text({}, "vars"), "b": "{{ a }}{{ a }}"}
        written = json.dumps(whole, ensure_ascii=self._chance.random() < 0.3)
        written = re.sub(f'"{_HOLE}"|{_HOLE}', lambda _: self._chance.choice(RAW), written)
        data = written.encode("utf-8", "surrogatepass")
        if self._chance.random() < 0.1:
            data = next(mutated(data, 1, self._chance.randrange(1 << 30)))
        return data

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._schema["$defs"][schema["$ref"].rpartition("/")[2]]
        return schema

    def _value(self, schema: Schema, key: str, depth: int) -> Any:
        schema = self._resolved(schema)
        if self._chance.random() < self._wild:
            return self._chance.choice((_HOLE, self._text({}, key), [], {}, None, [[]], True, -1))
        if options := schema.get("anyOf") or schema.get("oneOf"):
            # There are enough templates and choices in all.
            rare = ({"$ref": "#/$defs/template"}, {"$ref": "#/$defs/choice"})
            usual = [one for one in options if one not in rare or self._chance.random() < 0.03]
            return self._value(self._chance.choice(usual or options), key, depth)
        if "enum" in schema or "const" in schema:
            return self._chance.choice(schema.get("enum", [schema.get("const")]))
        if schema.get("type") == "object":
            return self._mapping(schema, key, depth)
        if schema.get("type") == "array":
            few = self._chance.choice((1, 1, 2, 4)) if depth < 8 else 0
            return [self._value(schema.get("items", {}), key, depth + 1) for _ in range(few)]
        return self._scalar(schema, key)

    def _scalar(self, schema: Schema, key: str) -> Any:
        low, high = schema.get("minimum", 0), schema.get("maximum", 1 << 40)
        numbers = {
            "integer": (low, high, low + 1),
            "number": (0.5, 1),
            "boolean": (True, False),
            "null": (None,),
        }
        kind = schema.get("type", "")
        return self._chance.choice(numbers[kind]) if kind in numbers else self._text(schema, key)

    def _mapping(self, schema: Schema, key: str, depth: int) -> dict[str, Any]:
        made = {}
        properties = schema.get("properties", {})
        required = set(schema.get("required", ()))
        wanted = self._chance.randint(0, 3)
        rare = {"when", "defaults"} if self._chance.random() < 0.9 else set()
        optional = [name for name in properties if name not in required | rare]
        self._chance.shuffle(optional)
        for name in (*required, *optional[:wanted]):
            made[name] = self._value(properties[name], name, depth + 1)
        tables = list(schema.get("patternProperties", {}).items())
        if isinstance(schema.get("additionalProperties"), dict):
            tables.append(("", schema["additionalProperties"]))
        for pattern, inner in tables:
            shape = {"pattern": pattern} if pattern else schema.get("propertyNames", {})
            for _ in range(self._chance.choice((1, 1, 2)) if depth < 8 else 0):
                name = self._text(shape, f"{key}.KEY")
                made[name] = self._value(inner, key, depth + 1)
        return made

    def _text(self, schema: Schema, key: str) -> str:
        """A text that the schema takes, made to be run where there is such a one."""
        if key == "when":
            return self._chance.choice(CONDITIONS)
        pattern = schema.get("pattern", "")
        shown = _shown(key)
        known = [*shown, *(one for one in GOOD if isinstance(one, str))]
        bad = [text for text in TEXTS if text.startswith("/")] if _are_paths(shown) else TEXTS
        for _ in range(8):
            pool = self._chance.choice((bad, bad, bad, known, ODD_TEXTS if self._wild else known))
            text: str = self._chance.choice(pool)
            if not pattern or re.search(pattern, text):
                return text
        fitting = [text for text in known if re.search(pattern, text)]
        return self._chance.choice(fitting) if fitting else self._chance.choice(TEXTS)


def _shown(key: str) -> list[str]:
    """The texts that a key, or the keys of a table (`files.KEY`), have in examples."""
    table, _, which = key.partition(".")
    values = good_at(table)
    if which:
        values = [name for value in values if isinstance(value, dict) for name in value]
    return [value for value in values if isinstance(value, str)]


def _are_paths(texts: list[str]) -> bool:
    return bool(texts) and all(text.startswith("/") for text in texts)
