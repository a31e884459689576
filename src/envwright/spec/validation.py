"""What is wrong with a section, in our words: pydantic's errors, sifted and placed."""

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
"""pydantic's names for what validators of ours say themselves."""
_PREDICATES = frozenset({"must", "needs", "has", "is", "may"})
"""Words with which validators begin when they leave the subject to us."""

Path = tuple["str | int", ...]


@dataclass(frozen=True)
class Complaint:
    """A fault of a value.

    Args:
        path: the keys and list indices that lead to the value within its section.
        key: the fault is the last key of the path itself, not its value.
    """

    path: Path
    message: str
    hint: str = ""
    key: bool = False

    def error(self, section: Entry) -> LocatedError:
        """Point at the place in the file."""
        found = section.nearest(self.path)
        return (found.at if self.key else found.place).error(self.message, self.hint)


@dataclass(frozen=True)
class _Problem:
    """An error of pydantic, and what is left of its path."""

    loc: tuple[Any, ...]
    error: Any

    def deeper(self) -> _Problem:
        return _Problem(self.loc[1:], self.error)


def complaints(
    error: ValidationError, section: str, entry: Entry, shape: Shape, value: Any
) -> list[Complaint]:
    """Return what is wrong with the value of a section.

    Args:
        error: what pydantic says.
        section: its key.
        entry: where it stands.
        shape: what its model takes.
        value: what was validated.
    """
    problems = [_Problem(tuple(e["loc"]), e) for e in error.errors(include_url=False)]
    return list(_Sifter(section, entry, shape).sift(problems, shape, value, ()))


class _Sifter:
    """Walks value and shape along the paths of the errors, since these also name union branches."""

    def __init__(self, section: str, entry: Entry, shape: Shape) -> None:
        self._section = section
        self._entry = entry
        self._shape = shape

    def sift(
        self, problems: Sequence[_Problem], shape: Shape, value: Any, path: Path
    ) -> Iterator[Complaint]:
        """Yield the complaints about a value, given all problems at and below it."""
        if shape.tag and any(p.loc for p in problems):
            tag = value.get(shape.tag) if isinstance(value, dict) else None
            problems, shape = [p.deeper() if p.loc else p for p in problems], shape.tagged(tag)
        elif len(shape.branches) > 1:
            problems, shape = _most_plausible(problems, shape)
        below: dict[Any, list[_Problem]] = {}
        for problem in problems:
            if complaint := self._about(problem, shape, value, path):
                yield complaint
            else:
                below.setdefault(problem.loc[0], []).append(problem.deeper())
        for step, inner in below.items():
            if _leads(value, step):
                yield from self.sift(inner, shape.step(step), value[step], (*path, step))
            elif step in shape.properties:  # a short form, which stands for a mapping
                yield from self.sift(inner, shape.step(step), value, path)
            else:  # the label of a function or union that the schema does not show
                yield from self.sift(inner, shape, value, path)

    def _about(self, problem: _Problem, shape: Shape, value: Any, path: Path) -> Complaint | None:
        """Return the complaint of a problem that is right here; None of one further down."""
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

    def _about_value(self, problem: _Problem, shape: Shape, value: Any, path: Path) -> Complaint:
        kind = problem.error["type"]
        if said := _said(problem):
            return Complaint(path, _sentence(self._name(path), said))
        if kind == "union_tag_not_found":
            return self._missing(shape.tag, path)
        if kind == "union_tag_invalid":
            words = choices(map(quoted, shape.tags))
            path, value = (*path, shape.tag), value[shape.tag]
            return Complaint(path, self._must_be(words, value, path))
        hint = _hint(shape, value, self._entry.nearest(path).place.rest)
        return Complaint(path, self._must_be(shape.words, value, path), hint)

    def _must_be(self, words: str, value: Any, path: Path) -> str:
        return f"{self._name(path)} must be {words}, not {value_in_words(value)}"

    def _about_key(self, problem: _Problem, shape: Shape, path: Path) -> Complaint:
        name = f"the key {quoted(str(path[-1]))} of {self._name(path[:-1])}"
        said = _said(problem) or f"must be {shape.key.words}"
        return Complaint(path, _sentence(name, said), key=True)

    def _missing(self, key: str, path: Path) -> Complaint:
        return Complaint(path, f"{self._name(path)} needs the key {quoted(key)}", self._keys(path))

    def _unknown(self, key: str, shape: Shape, path: Path) -> Complaint:
        near = suggestion(str(key), shape.properties)
        message = f"{self._name(path)} has no key {quoted(str(key))}{near}"
        return Complaint((*path, key), message, self._keys(path), key=True)

    def _name(self, path: Path) -> str:
        """Write a path as people do: `docker.users[1]`."""
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
        return self._section + "".join(steps)

    def _keys(self, path: Path) -> str:
        # explain knows keys that have names, not list indices and the keys of free tables.
        if "." in self._section:
            return f"its keys are {choices(map(quoted, self._shape.properties), 'and')}"
        shape, topic = self._shape, [self._section]
        for step in path:
            if step in shape.properties:
                topic.append(str(step))
            shape = shape.step(step)
        return f"envwright explain {'.'.join(topic)} lists its keys"


def _said(problem: _Problem) -> str:
    """Return what a validator of ours said; "" for what pydantic found."""
    if problem.error["type"] in _SAID:
        return str(problem.error["ctx"]["error"])
    return "" if problem.error["type"] in _KNOWN else str(problem.error["msg"])


def _sentence(name: str, said: str) -> str:
    """Put a name before what is said of it, unless that is a sentence already."""
    return f"{name} {said}" if said.partition(" ")[0] in _PREDICATES else said


def _leads(value: Any, step: Any) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and step < len(value)


def _most_plausible(problems: Sequence[_Problem], shape: Shape) -> tuple[Sequence[_Problem], Shape]:
    """Choose, of a union's branches, the one that was most likely meant.

    Each branch says its own problems, under a label. The branch of the right type with the fewest
    is meant; where none has the right type, one problem says what all of them take.
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
    """Tell whether a branch says that the value is not even of its type."""
    kinds = {problem.error["type"] for problem in problems if not problem.loc}
    return any(kind.endswith("_type") or kind in {"literal_error", "enum"} for kind in kinds)


# --- What is likely meant --------------------------------------------------------------------

_SLIPS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def _hint(shape: Shape, value: Any, written: str) -> str:
    """Guess how a value that does not fit came about, from its text in the file."""
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
