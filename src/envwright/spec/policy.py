"""The policy of a layer: the keys that it locks, and the bounds that it sets for values."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple

from pydantic import Field, ValidationError, model_validator
from pydantic_core import SchemaError, SchemaValidator, core_schema

from envwright.model.capability import Settings
from envwright.model.values import OneLine  # noqa: TC001 - pydantic looks it up
from envwright.spec.declaration import Declaration
from envwright.spec.layers import POLICY
from envwright.spec.paths import PathError, resolved, written
from envwright.spec.shape import Shape, shape_of
from envwright.spec.validation import faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pydantic import BaseModel
    from typing_extensions import Self

    from envwright.errors import LocatedError, SpecError
    from envwright.spec.paths import Keys
    from envwright.spec.source import Position
    from envwright.spec.tree import Entry, Node

VARS, SECRETS = "vars", "secrets"
"""The tables beside the sections whose keys a policy may name."""

Scalar = str | int | float | bool
Limit = str | int | float
Items = Annotated[list[Scalar], Field(min_length=1)]


class Ruling(Settings):
    """What every rule says beside its demand."""

    reason: Annotated[OneLine, Field(min_length=1)]
    """Why, in words for the people whose layers the rule stops."""
    until: dt.date | None = None
    """The last day of the rule, by the clock of UTC; afterwards the rule is void, and `check` says
    so."""


class Lock(Ruling):
    """A key that higher layers, `--var` and inventories must leave alone."""


class Bound(Ruling):
    """What the values at a key must be, on every kind of machine."""

    one_of: Items | None = None
    """The values that are allowed; of a list, for each item."""
    at_least: Limit | None = None
    """The smallest number, size (`8GB`) or version (`1.22`) that is allowed."""
    at_most: Limit | None = None
    """The largest number, size or version that is allowed."""
    matches: str | None = None
    """A regular expression for the whole text; of a list, for each item."""
    contains: Items | None = None
    """Items that the list, or keys that the table, must have."""
    excludes: Items | None = None
    """Items that the list, or keys that the table, must not have."""
    required: bool = False
    """The key must be set: without this, a key that nobody sets breaks no bound but `contains`."""

    @model_validator(mode="after")
    def _demands(self) -> Self:
        if not self.demands() and not self.required:
            raise ValueError(f"needs one of {', '.join(map(repr, DEMANDS))}")
        if self.matches is not None:
            try:
                matches(self.matches, "")
            except SchemaError:
                raise ValueError("the text of 'matches' is no regular expression") from None
        return self

    def demands(self) -> dict[str, object]:
        """Return what is demanded of a value, by the names of the fields."""
        named = {name: getattr(self, name) for name in DEMANDS[:-1]}
        return {name: value for name, value in named.items() if value is not None}


DEMANDS = ("one_of", "at_least", "at_most", "matches", "contains", "excludes", "required")
"""The demands of a bound."""


def matches(pattern: str, text: object) -> bool:
    """Tell whether a text matches as a whole, in time linear in its length.

    Raises:
        SchemaError: the pattern is no regular expression.
    """
    whole = SchemaValidator(core_schema.str_schema(pattern=f"^(?:{pattern})$", strict=True))
    return whole.isinstance_python(text)


class Policy(Settings):
    """Rules for the layers above: keys that are locked, and bounds for values.

    The rules of all layers hold; no higher layer can lift them. docs/language.md says more.
    """

    example: ClassVar[str] = (
        "policy:\n"
        "  locked:\n"
        "    docker.daemon.mtu: {reason: the VPN drops larger packets, until: 2027-01-01}\n"
        "  bounds:\n"
        "    packages: {reason: it sends passwords in clear text, excludes: [telnet]}\n"
    )

    locked: dict[str, Lock] = Field(default={})
    """Keys whose values are final: the layers above must not set, remove or add to them, nor
    anything below them. A path to a key is as `explain FILE` writes it."""
    bounds: dict[str, Bound] = Field(default={})
    """What values must be, whichever layer they are from."""


class Rule(NamedTuple):
    """A rule, and where it is from.

    Args:
        keys: the path that the rule is for.
        at: where it stands.
        rank: the number of its layer, the lowest being 0; -1 of a policy that is no layer.
        ruling: what it says.
    """

    keys: Keys
    at: Position
    rank: int
    ruling: Lock | Bound

    @property
    def path(self) -> str:
        """The path as people write it."""
        return written(self.keys)

    @property
    def place(self) -> str:
        """The file and line of the rule."""
        return f"{self.at.source.file}:{self.at.line}"

    @property
    def noun(self) -> str:
        """What the rule is: `lock` or `bound`."""
        return "lock" if isinstance(self.ruling, Lock) else "bound"

    def concerns(self, path: Sequence[str | int]) -> bool:
        """Tell whether the rule is for the value at a path, for one above or for one below."""
        shorter = min(len(path), len(self.keys))
        return tuple(path[:shorter]) == self.keys[:shorter]

    def sentence(self) -> str:
        """Return what the rule says, for a person who asks about a value."""
        until = f" until {self.ruling.until}" if self.ruling.until else ""
        if isinstance(self.ruling, Lock):
            return f"locked by {self.place}{until}: {self.ruling.reason}"
        demands = ", ".join(
            f"{name} {json.dumps(value, ensure_ascii=False)}"
            for name, value in (self.ruling.demands() | self._required()).items()
        )
        return f"bound by {self.place}{until} ({demands}): {self.ruling.reason}"

    def _required(self) -> dict[str, object]:
        required = isinstance(self.ruling, Bound) and self.ruling.required
        return {"required": True} if required else {}

    def is_void(self, today: dt.date) -> bool:
        """Tell whether the last day of the rule is past."""
        return self.ruling.until is not None and self.ruling.until < today

    def ended(self) -> LocatedError:
        """Return the notice that the rule is void."""
        return self.at.error(
            f"the {self.noun} of {self.path} ended on {self.ruling.until}, and holds no longer",
            f"remove the {self.noun}, or give it a later date",
        )


def today() -> dt.date:
    """Return the day of today, by the clock of UTC."""
    return dt.datetime.now(dt.timezone.utc).date()


def shapes_of(known: Mapping[str, type[BaseModel]]) -> Mapping[str, Shape]:
    """Return the shapes of what a policy may name: the sections, the variables, the secrets."""
    return _Shapes(known)


class _Shapes(Mapping[str, Shape]):
    """Makes the shape of a section when somebody asks for it: each takes milliseconds."""

    def __init__(self, known: Mapping[str, type[BaseModel]]) -> None:
        self._known = known

    def __getitem__(self, key: str) -> Shape:
        if key == VARS:
            return Shape({"type": "object", "additionalProperties": {"type": "string"}}, {})
        if key == SECRETS:
            source = shape_of(Declaration).schema
            return Shape({"type": "object", "additionalProperties": source}, {})
        return shape_of(self._known[key])

    def __iter__(self) -> Iterator[str]:
        return iter((*self._known, VARS, SECRETS))

    def __len__(self) -> int:
        return len(self._known) + 2


def shape_at(keys: Keys, shapes: Mapping[str, Shape]) -> Shape:
    """Return the shape of the value at a path."""
    shape = shapes[keys[0]]
    for key in keys[1:]:
        shape = shape.step(key)
    return shape


def rules(
    roots: Sequence[Node],
    outside: int,
    shapes: Mapping[str, Shape],
    fault: Callable[[SpecError], None],
) -> tuple[Rule, ...]:
    """Return the rules of all layers, in their order.

    Args:
        roots: what each file says, the lowest first.
        outside: the number of files at the beginning that are policies and no layers.
        shapes: the shapes of what a policy may name.
        fault: is given the mistakes.
    """
    found: list[Rule] = []
    for number, root in enumerate(roots):
        entry = root.value.get(POLICY) if isinstance(root.value, Mapping) else None
        if entry is not None:
            found.extend(_rules(entry, max(number - outside, -1), shapes, fault))
    return tuple(found)


def _rules(
    entry: Entry, rank: int, shapes: Mapping[str, Shape], fault: Callable[[SpecError], None]
) -> Iterator[Rule]:
    plain = entry.node.plain()
    try:
        policy = Policy.model_validate_json(json.dumps(plain))
    except ValidationError as error:
        for each in faults(error, POLICY, entry, shape_of(Policy), plain):
            fault(each.error(entry))
        return
    for kind, table in (("locked", policy.locked), ("bounds", policy.bounds)):
        for text, ruling in table.items():
            at = entry.nearest((kind, text)).at
            try:
                yield Rule(_keys(text, ruling, shapes), at, rank, ruling)
            except PathError as error:
                fault(at.error(error.message, error.hint))


def _keys(text: str, ruling: Lock | Bound, shapes: Mapping[str, Shape]) -> Keys:
    """Return the path of a rule; a bound of what is short for a key is one of the key."""
    keys = resolved(text, shapes)
    if not isinstance(ruling, Bound):
        return keys
    shape = shape_at(keys, shapes)
    if shape.short:
        keys = (*keys, shape.short)
        shape = shape.step(shape.short)
    limits = (ruling.at_least, ruling.at_most)
    if any(isinstance(each, float) for each in limits) and "string" in shape.kinds:
        hint = 'YAML reads 1.20 as the number 1.2: write "1.20"'
        raise PathError(f"a version that bounds {written(keys)} must stand in quotes", hint=hint)
    single = shape.element if "array" in shape.kinds and shape.element else shape
    for name in ruling.demands():
        fits = _KINDS.get(name)
        kinds = (shape if name in {"contains", "excludes"} else single).kinds
        if fits and "" not in kinds and not fits & kinds:
            message = f"{written(keys)} is {shape.words}, which {name!r} cannot bound"
            raise PathError(message, hint=f"{name!r} is for {_WORDS[fits]}")
    return keys


_SIZED = frozenset({"integer", "number", "string"})
_MANY = frozenset({"array", "object"})
_KINDS = {
    "at_least": _SIZED,
    "at_most": _SIZED,
    "matches": frozenset({"string"}),
    "contains": _MANY,
    "excludes": _MANY,
}
"""The types of JSON that a demand can be made of."""
_WORDS = {
    _SIZED: "numbers, sizes and versions",
    _MANY: "lists and tables",
    frozenset({"string"}): "texts",
}
