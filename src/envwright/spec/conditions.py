"""Conditions: expressions that say for which machines a part of an environment is.

The grammar is a part of Python's: names, texts, numbers, lists, `==` `!=` `<` `<=` `>` `>=`, `in`,
`and`, `or`, `not`, parentheses. A text is compared with a number, or by its order, as a version:
`release >= 24.04`. There are no calls and no attributes, so that a condition has no side effects.
"""

from __future__ import annotations

import ast
import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from envwright.errors import EnvwrightError
from envwright.spec.messages import quoted, suggestion, value_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LENGTH_LIMIT = 1000
"""The most characters of a condition."""
EXAMPLE = "a condition is like: wsl and release >= 24.04"

_CONSTANTS = {"true": True, "false": False}
_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class ConditionError(EnvwrightError):
    """A condition cannot be read, or cannot be compared; the caller adds the place in the file."""


@dataclass(frozen=True)
class _Number:
    """A number as it is written: `24.10` is a version, too, in which the last zero counts."""

    value: int | float
    text: str


def holds(condition: str, names: Mapping[str, Any]) -> bool:
    """Tell whether a condition is true.

    Args:
        condition: the expression.
        names: the facts and variables that the expression may name, with their values.

    Raises:
        ConditionError: it is no condition, names something unknown, or is neither true nor false.
    """
    if len(condition) > LENGTH_LIMIT:
        raise ConditionError(f"a condition has at most {LENGTH_LIMIT} characters")
    text = condition.strip()
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ConditionError(f"{quoted(text)} is no condition", hint=EXAMPLE) from None
    return _Reader(text, names).truth(tree.body)


def names_in(condition: str) -> set[str]:
    """Return the names that a condition uses; none of a text that is no condition."""
    try:
        tree = ast.parse(condition.strip()[:LENGTH_LIMIT], mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def version(text: str) -> tuple[int, ...]:
    """Return the numbers of a version without zeros at the end; () of a text without numbers."""
    found = [int(number) for number in re.findall(r"\d+", text)]
    while len(found) > 1 and not found[-1]:
        found.pop()
    return tuple(found)


class _Reader:
    """Reads one condition; see `holds`."""

    def __init__(self, text: str, names: Mapping[str, Any]) -> None:
        self._text = text
        self._names = names

    def truth(self, node: ast.expr) -> bool:
        """Return the value of an expression that must be true or false."""
        value = self._value(node)
        if not isinstance(value, bool):
            raise ConditionError(
                f"{quoted(self._written(node))} is {_in_words(value)}, neither true nor false",
                hint=EXAMPLE,
            )
        return value

    def _value(self, node: ast.expr) -> Any:
        value: Any
        match node:
            case ast.BoolOp(op=word, values=values):
                # All are read, so that a mistake is told on every machine.
                truths = [self.truth(value) for value in values]
                value = all(truths) if isinstance(word, ast.And) else any(truths)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                value = not self.truth(operand)
            case ast.Compare():
                value = self._compared(node)
            case ast.Name(id=name):
                value = self._named(name)
            case ast.Constant(value=bool() | str() as value):
                pass
            case ast.Constant(value=int() | float() as number):
                value = _Number(number, self._written(node))
            case ast.List(elts=items) | ast.Tuple(elts=items):
                value = [self._value(item) for item in items]
            case _:
                written = quoted(self._written(node))
                raise ConditionError(f"{written} cannot stand in a condition", hint=EXAMPLE)
        return value

    def _named(self, name: str) -> Any:
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if name not in self._names:
            raise ConditionError(
                f"there is no name {quoted(name)}{suggestion(name, self._names)}",
                hint=f"names here: {', '.join(sorted(self._names))}",
            )
        value = self._names[name]
        return _Number(value, str(value)) if type(value) in {int, float} else value

    def _compared(self, node: ast.Compare) -> bool:
        sides = [self._value(side) for side in (node.left, *node.comparators)]
        results = [
            self._pair(left, sign, right, node)
            for left, sign, right in zip(sides, node.ops, sides[1:], strict=False)
        ]
        return all(results)

    def _pair(self, left: Any, sign: ast.cmpop, right: Any, node: ast.Compare) -> bool:
        match sign:
            case ast.Eq():
                return self._equal(left, right, node)
            case ast.NotEq():
                return not self._equal(left, right, node)
            case ast.In() | ast.NotIn() if isinstance(right, list):
                found = [self._equal(left, item, node) for item in right]
                return any(found) == isinstance(sign, ast.In)
        for kind, compare in _ORDER.items():
            if isinstance(sign, kind):
                if isinstance(left, _Number) and isinstance(right, _Number):
                    return compare(left.value, right.value)
                return compare(self._version(left, node), self._version(right, node))
        raise self._misfit(left, right, node)

    def _equal(self, left: Any, right: Any, node: ast.Compare) -> bool:
        if isinstance(left, _Number) and isinstance(right, _Number):
            return left.value == right.value
        if isinstance(left, _Number) or isinstance(right, _Number):
            return self._version(left, node) == self._version(right, node)
        if type(left) is not type(right) or isinstance(left, list):
            raise self._misfit(left, right, node)
        return bool(left == right)

    def _version(self, value: Any, node: ast.Compare) -> tuple[int, ...]:
        """Return the numbers of a version: `24.04` is (24, 4)."""
        text = value.text if isinstance(value, _Number) else value
        found = version(text) if isinstance(text, str) else ()
        if not found:
            message = f"{_in_words(value)} is no version, in {quoted(self._written(node))}"
            raise ConditionError(message, hint=EXAMPLE)
        return found

    def _misfit(self, left: Any, right: Any, node: ast.Compare) -> ConditionError:
        both = f"{_in_words(left)} and {_in_words(right)}"
        return ConditionError(f"{quoted(self._written(node))} compares {both}", hint=EXAMPLE)

    def _written(self, node: ast.expr) -> str:
        return ast.get_source_segment(self._text, node) or self._text


def _in_words(value: Any) -> str:
    return value_in_words(value.value if isinstance(value, _Number) else value)
