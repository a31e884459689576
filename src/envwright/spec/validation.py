"""Turns pydantic's errors about a section into faults with a path, a message and a hint."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from pydantic_core.core_schema import ErrorType

from envwright.spec.messages import choices, quoted, suggestion, value_in_words
from envwright.spec.scalar import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import ValidationError

    from envwright.errors import LocatedError
    from envwright.spec.shape import Shape
    from envwright.spec.tree import Entry

_KNOWN = frozenset(get_args(ErrorType))
_SAID = frozenset({"value_error", "assertion_error"})
"""pydantic's types of errors whose messages come from our own validators."""
_PREDICATES = frozenset({"must", "needs", "has", "is", "may"})
"""First words of a validator's message that lacks its subject, which is added in front of it."""

Path = tuple["str | int", ...]
EXTRA = "extra"
"""The key below which a section takes keys that it does not know."""
_DEEPEST = 4
"""How many keys deep a key is looked for that stands in the wrong part of its section."""


@dataclass(frozen=True)
class Fault:
    """A fault of a value.

    Args:
        path: the keys and list indices that lead to the value within its section.
        key: the last key of the path is the fault, not its value.
    """

    path: Path
    message: str
    hint: str = ""
    key: bool = False

    def error(self, section: Entry) -> LocatedError:
        """Return the fault as an error at its place in the file."""
        found = section.nearest(self.path)
        return (found.at if self.key else found.place).error(self.message, self.hint)


@dataclass(frozen=True)
class _Problem:
    """An error of pydantic, and the rest of its path below the value at hand."""

    loc: tuple[Any, ...]
    error: Any

    def deeper(self) -> _Problem:
        return _Problem(self.loc[1:], self.error)


def faults(
    error: ValidationError, section: str, entry: Entry, shape: Shape, value: Any
) -> list[Fault]:
    """Return the faults of the value of a section.

    Args:
        error: pydantic's errors.
        section: the key of the section.
        entry: the section in the file.
        shape: the shape of the section's model.
        value: the value that was validated.
    """
    problems = [_Problem(tuple(e["loc"]), e) for e in error.errors(include_url=False)]
    return list(_Sifter(section, entry, shape).sift(problems, shape, value, ()))


class _Sifter:
    """Walks value and shape along the paths of errors: the paths also name branches of unions."""

    def __init__(self, section: str, entry: Entry, shape: Shape) -> None:
        self._section = section
        self._entry = entry
        self._shape = shape

    def sift(
        self, problems: Sequence[_Problem], shape: Shape, value: Any, path: Path
    ) -> Iterator[Fault]:
        """Yield the faults about a value, given all problems at and below it."""
        if shape.tag and any(p.loc for p in problems):
            tag = value.get(shape.tag) if isinstance(value, dict) else None
            problems, shape = [p.deeper() if p.loc else p for p in problems], shape.tagged(tag)
        elif len(shape.branches) > 1:
            problems, shape = _most_plausible(problems, shape)
        below: dict[Any, list[_Problem]] = {}
        for problem in problems:
            if fault := self._about(problem, shape, value, path):
                yield fault
            else:
                below.setdefault(problem.loc[0], []).append(problem.deeper())
        for step, inner in below.items():
            if _leads(value, step):
                yield from self.sift(inner, shape.step(step), value[step], (*path, step))
            elif step in shape.properties:  # the value is the short form of a mapping
                yield from self.sift(inner, shape.step(step), value, path)
            else:  # the label of a function or union that the schema does not show
                yield from self.sift(inner, shape, value, path)

    def _about(self, problem: _Problem, shape: Shape, value: Any, path: Path) -> Fault | None:
        """Return the fault of a problem that is right here; None of one further down."""
        match problem.loc, problem.error["type"]:
            case (), _:
                return self._about_value(problem, shape, value, path)
            case (key, "[key]"), _:
                return self._about_key(problem, shape, (*path, key))
            case (key,), "missing":
                return self._missing(key, path)
            case (key,), "extra_forbidden":
                return self._unknown(key, shape, path)
        return None

    def _about_value(self, problem: _Problem, shape: Shape, value: Any, path: Path) -> Fault:
        kind = problem.error["type"]
        if said := _said(problem):
            return Fault(path, _sentence(self._name(path), said))
        if kind == "union_tag_not_found":
            return self._missing(shape.tag, path)
        if kind == "union_tag_invalid":
            expected = choices(map(quoted, shape.tags))
            path, value = (*path, shape.tag), value[shape.tag]
            return Fault(path, self._must_be(expected, value, path))
        hint = _hint(shape, value, self._entry.nearest(path).place.rest)
        return Fault(path, self._must_be(shape.words, value, path), hint)

    def _must_be(self, expected: str, value: Any, path: Path) -> str:
        return f"{self._name(path)} must be {expected}, not {value_in_words(value)}"

    def _about_key(self, problem: _Problem, shape: Shape, path: Path) -> Fault:
        name = f"the key {quoted(str(path[-1]))} of {self._name(path[:-1])}"
        said = _said(problem) or f"must be {shape.key.words}"
        return Fault(path, _sentence(name, said), key=True)

    def _missing(self, key: str, path: Path) -> Fault:
        return Fault(path, f"{self._name(path)} needs the key {quoted(key)}", self._keys(path))

    def _unknown(self, key: str, shape: Shape, path: Path) -> Fault:
        near = self._elsewhere(str(key), path) or suggestion(str(key), shape.properties)
        message = f"{self._name(path)} has no key {quoted(str(key))}{near}"
        return Fault((*path, key), message, f"{self._keys(path)}{self._extra(path)}", key=True)

    def _extra(self, path: Path) -> str:
        """Return where a key goes that is meant although it is not known; "" for nowhere."""
        above = [
            place
            for place, shape in _parts(self._shape)
            if place == path[: len(place)] and EXTRA in shape.properties
        ]
        name = self._name((*above[-1], EXTRA)) if above else ""
        return f"; a key that the program knows nevertheless goes below {name}" if name else ""

    def _elsewhere(self, key: str, path: Path) -> str:
        """Return `; docker.daemon has it` where another part of the section has the key."""
        for place, shape in _parts(self._shape):
            if place != path and key in shape.properties:
                return f"; {self._name(place)} has it"
        return ""

    def _name(self, path: Path) -> str:
        """Return a path as people write it: `docker.users[1]`."""
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
        return self._section + "".join(steps)

    def _keys(self, path: Path) -> str:
        # `explain` has topics for keys with fixed names alone, not for indices or free tables.
        if "." in self._section:
            return f"its keys are {choices(map(quoted, self._shape.properties), 'and')}"
        shape, topic = self._shape, [self._section]
        for step in path:
            if step in shape.properties:
                topic.append(str(step))
            shape = shape.step(step)
        return f"envwright explain {'.'.join(topic)} lists its keys"


def _parts(shape: Shape, path: Path = ()) -> Iterator[tuple[Path, Shape]]:
    """Yield the parts of a section that have keys with fixed names, each with its path."""
    if shape.properties and len(path) < _DEEPEST:
        yield path, shape
        for key, inner in shape.properties.items():
            yield from _parts(inner, (*path, key))


def _said(problem: _Problem) -> str:
    """Return the message of a validator of ours; "" for an error that pydantic itself found."""
    if problem.error["type"] in _SAID:
        return str(problem.error["ctx"]["error"])
    return "" if problem.error["type"] in _KNOWN else str(problem.error["msg"])


def _sentence(name: str, said: str) -> str:
    """Return a message with its subject in front, unless the message is a whole sentence."""
    return f"{name} {said}" if said.partition(" ")[0] in _PREDICATES else said


def _leads(value: Any, step: Any) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and step < len(value)


def _most_plausible(problems: Sequence[_Problem], shape: Shape) -> tuple[Sequence[_Problem], Shape]:
    """Choose the branch of a union that the person most likely meant.

    pydantic lists the problems of each branch under a label. The person meant the branch of the
    right type with the fewest problems. Where no branch has the right type, one problem is enough,
    since its message lists the types of all branches.
    """
    groups: dict[Any, list[_Problem]] = {}
    for problem in problems:
        if not problem.loc:
            return problems, shape
        groups.setdefault(problem.loc[0], []).append(problem.deeper())
    order = list(groups.values())
    best = min(range(len(order)), key=lambda index: (_is_misfit(order[index]), len(order[index])))
    if _is_misfit(order[best]):
        return order[best][:1], shape
    same = len(order) == len(shape.branches)
    return order[best], shape.branches[best] if same else shape


def _is_misfit(problems: Sequence[_Problem]) -> bool:
    """Tell whether the problems of a branch say that the value has another type."""
    kinds = {problem.error["type"] for problem in problems if not problem.loc}
    return any(kind.endswith("_type") or kind in {"literal_error", "enum"} for kind in kinds)


# --- What is likely meant --------------------------------------------------------------------

_SLIPS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def _hint(shape: Shape, value: Any, written: str) -> str:
    """Return a hint for a value of the wrong type, guessed from its text in the file."""
    kinds = shape.kinds
    found = re.match(r"[^\s,\[\]{}#\"']+", written)
    word = found[0] if found else ""
    if isinstance(value, (bool, int, float)) and "string" in kinds and word:
        if re.match(r"0\d", word):
            return f'without quotes {word} is {value_in_words(value)}; write "{word}"'
        return f'put it in quotes: "{word}"'
    if isinstance(value, str):
        return _hint_for_text(kinds, value)
    if value is None:
        return "write {} to take its defaults" if "object" in kinds else "write a value behind it"
    if isinstance(value, dict) and "string" in kinds:
        return "put text that holds ': ' in quotes"
    return ""


def _hint_for_text(kinds: frozenset[str], value: str) -> str:
    if "boolean" in kinds and value.lower() in _SLIPS:
        return f"in YAML 1.2 {value} is text; write {_SLIPS[value.lower()]}"
    if kinds & {"integer", "number"} and value[:1].isdigit():
        number = value.replace("_", "")
        with contextlib.suppress(ValueError):  # more digits than a number has
            if isinstance(resolve(number), int):
                return f"write {number} without quotes" if number == value else f"write {number}"
    if "array" in kinds and re.fullmatch(r"[\w./@+-]+", value):
        return f"write [{value}]"
    return ""
