"""Renders templates in values, in jinja2's sandbox, with limits of time and memory."""

from __future__ import annotations

import contextlib
import functools
import time
from typing import TYPE_CHECKING, Any, TypeVar

import jinja2
from jinja2 import meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer

from envwright.errors import EnvwrightError
from envwright.spec.messages import quoted, suggestion, value_in_words
from envwright.spec.scalar import NUMBER_LIMIT, Scalar, objection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

TEXT_LIMIT = 1 << 20
"""The most characters of a rendered value."""
LIST_LIMIT = 10_000
"""The most items of a rendered list, and the most steps of a loop with the loops in it."""
SECONDS = 3.0
"""The most seconds that all templates of an environment take together."""
CHARACTERS = 8 * TEXT_LIMIT
"""The most characters that all templates of an environment make together."""

Value = TypeVar("Value", bound=Scalar)

RAW = "write {% raw %}{{ }}{% endraw %} for literal braces"

# fmt: off
_FILTERS = (
    "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "int", "items",
    "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse",
    "round", "select", "selectattr", "sort", "string", "sum", "title", "tojson", "trim",
    "truncate", "unique", "upper",
)
_METHODS = frozenset((
    "capitalize", "count", "endswith", "find", "get", "index", "items", "keys", "lower", "lstrip",
    "partition", "removeprefix", "removesuffix", "rpartition", "rsplit", "rstrip", "split",
    "splitlines", "startswith", "strip", "title", "upper", "values",
))
# fmt: on
_STATEMENTS = (nodes.Template, nodes.Output, nodes.If, nodes.For)


class Budget:
    """The time and the characters that the templates of one environment have left."""

    def __init__(self) -> None:
        self._end = time.monotonic() + SECONDS
        self._characters = CHARACTERS

    def spend(self, characters: int = 0) -> None:
        """Count a step, and the characters that the step made.

        Raises:
            SecurityError: the time or the characters are used up.
        """
        self._characters -= characters
        if self._characters < 0:
            raise SecurityError(f"all templates make more than {CHARACTERS} characters")
        if time.monotonic() > self._end:
            raise SecurityError(f"all templates take more than {SECONDS:g} s")


class TemplateError(EnvwrightError):
    """A template cannot be rendered; the caller adds the place in the file."""


def render(template: str, names: Mapping[str, Any], budget: Budget) -> Any:
    """Render one value; a template that is exactly one expression keeps that value's type.

    Args:
        template: the text; loops are `{% for %}`, choices are `{% if %}`.
        names: the names of expressions, with their values; `.key` reads a mapping.
        budget: the time and the characters that the environment's templates have left.

    Raises:
        TemplateError: the template does not parse, uses an unknown name, fails, or makes too much.
    """
    with _explained(names):
        language = _Language(budget)
        tree = language.read(template)
        if not _is_expression(tree):
            return _sound(language.join(language.from_string(template).generate(**names)))
        inner = template.strip()[2:-2].removeprefix("-").removesuffix("-").strip()
        return _checked(language.compile_expression(inner, undefined_to_none=False)(**names))


def render_text(template: str, names: Mapping[str, Any], budget: Budget) -> str:
    """Render a whole text as `render` does, but always return text."""
    with _explained(names):
        language = _Language(budget)
        language.read(template)
        return _sound(language.join(language.from_string(template).generate(**names)))


def names_in(template: str) -> set[str]:
    """Return the names that a template uses, those of a group with it: `secret.token`."""
    try:
        tree = _Language(Budget()).read(template)
    except (jinja2.TemplateError, TemplateError, RecursionError):
        return set()
    members = {
        f"{node.node.name}.{node.attr}"
        for node in tree.find_all(nodes.Getattr)
        if isinstance(node.node, nodes.Name)
    }
    return meta.find_undeclared_variables(tree) | members


@contextlib.contextmanager
def _explained(names: Mapping[str, Any]) -> Iterator[None]:
    """Turn exceptions of jinja2 and of its expressions into TemplateError."""
    try:
        yield
    except UndefinedName as error:
        raise error.explain(names) from None
    except SecurityError as error:
        raise TemplateError(f"the template is refused: {error.message}") from None
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"the template cannot be read: {_words(error)}", hint=RAW) from None
    except (RecursionError, MemoryError, SyntaxError):
        raise TemplateError("the template is nested too deep") from None
    except (jinja2.TemplateError, ArithmeticError, TypeError, ValueError, LookupError) as error:
        raise TemplateError(f"the template fails: {_words(error)}") from None


def _words(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".")


def _is_expression(tree: nodes.Template) -> bool:
    match tree.body:
        case [nodes.Output(nodes=[nodes.Expr() as only])]:
            return not isinstance(only, nodes.TemplateData)
    return False


def _checked(value: Any) -> Any:
    """Return a rendered value, if it is a value of YAML, too."""
    if isinstance(value, jinja2.Undefined):
        return str(value)  # raises, but for an `if` without `else`, which is empty text
    if value is None or isinstance(value, (bool, int, float)):
        return _sound(value)
    if isinstance(value, str):
        return _sound(_join([value]))
    if isinstance(value, (list, tuple)):
        return [_checked(item) for item in _bounded(value)]
    raise TemplateError(
        f"the template gives a {type(value).__name__}, which is no value of YAML",
        hint="make it a list by `| list`, or text by `| string`",
    )


def _sound(value: Value) -> Value:
    """Return a scalar that can be a value of an environment."""
    if fault := objection(value):
        raise TemplateError(f"the template gives what no value can be: {fault}")
    return value


def _bounded(items: Sequence[Any]) -> Sequence[Any]:
    if len(items) > LIST_LIMIT:
        raise SecurityError(f"it makes more than {LIST_LIMIT} items")
    return items


def _join(pieces: Iterable[Any]) -> str:
    parts, size = [], 0
    for piece in pieces:
        parts.append(str(piece))
        size += len(parts[-1])
        if size > TEXT_LIMIT:
            raise SecurityError(f"it makes more than {TEXT_LIMIT} characters")
    return "".join(parts)


# --- Unknown names ---------------------------------------------------------------------------


class UndefinedName(jinja2.UndefinedError):
    """A template uses an unknown name, or an unknown key of a value."""

    def __init__(self, name: Any, owner: Any, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.owner = owner

    def explain(self, names: Mapping[str, Any]) -> TemplateError:
        """Return the error for the person, with the known name that is closest."""
        if not isinstance(self.name, str):
            return TemplateError(f"the template fails: {self.message}")
        if self.owner is missing:
            return TemplateError(
                f"there is no name {quoted(self.name)}{suggestion(self.name, names)}",
                hint=f"names here: {', '.join(sorted(names))}; {RAW}",
            )
        if isinstance(self.owner, Names):
            return TemplateError(
                f"there is no {self.owner.kind} {quoted(self.name)}"
                f"{suggestion(self.name, self.owner.values)}",
                hint=self.owner.hint(),
            )
        return TemplateError(f"{value_in_words(self.owner)} has no {quoted(self.name)}")


class Names:
    """A group of names (`secret.NAME`) in templates, without methods or other attributes."""

    def __init__(self, kind: str, values: Mapping[str, str]) -> None:
        self.kind = kind
        self.values = values

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def hint(self) -> str:
        """Return a hint that lists the names."""
        if not self.values:
            return f"this environment declares no {self.kind}"
        return f"declared: {', '.join(self.values)}"


class _Undefined(jinja2.StrictUndefined):
    """Remembers the unknown name and its owner; jinja2's own class keeps only a message."""

    def __init__(
        self, hint: str | None = None, obj: Any = missing, name: Any = None, exc: Any = None
    ) -> None:
        del exc
        raising: Any = functools.partial(UndefinedName, name, obj)
        super().__init__(hint, obj, name, raising)


# --- Limits ----------------------------------------------------------------------------------


class _Bounding(NodeTransformer):
    """Sends each expression that can make much of little through a filter that counts."""

    def visit_For(self, node: Any) -> Any:  # noqa: N802 - jinja2's name for it
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "counted", [], [], None, None)
        return node

    def visit_Concat(self, node: Any) -> Any:  # noqa: N802 - jinja2's name
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(parts, "join", [], [], None, None, lineno=node.lineno)


class _Language(SandboxedEnvironment):
    """The language of expressions; made anew for each value, since it counts the steps of one."""

    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def __init__(self, budget: Budget) -> None:
        # Without `optimized`: what jinja2 computes beforehand it writes as Python, where `inf` and
        # `nan` are names that are not there.
        super().__init__(
            undefined=_Undefined, keep_trailing_newline=True, autoescape=False, optimized=False
        )
        self.globals = {}
        known = self.filters
        self.filters = {name: known[name] for name in _FILTERS}
        self.filters |= {"join": _join_filter, "replace": _replace, "counted": self._counted}
        self.filters = {name: self._spending(each) for name, each in self.filters.items()}
        self._steps = 0
        self._budget = budget

    def join(self, pieces: Iterable[Any]) -> str:
        """Join the pieces of a template, within the limits."""
        text = _join(self._counting(pieces))
        self._budget.spend(len(text))
        return text

    def _counting(self, pieces: Iterable[Any]) -> Iterator[Any]:
        for piece in pieces:
            self._budget.spend()
            yield piece

    def _spending(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a filter that counts the characters of its result."""

        @functools.wraps(function)
        def spending(*args: Any, **options: Any) -> Any:
            made = function(*args, **options)
            self._budget.spend(len(made) if isinstance(made, (str, list)) else 0)
            return made

        return spending

    def call(self, context: Any, obj: Any, *args: Any, **options: Any) -> Any:
        """Call a method of a value, and count the characters of its result."""
        made = super().call(context, obj, *args, **options)
        self._budget.spend(len(made) if isinstance(made, (str, list)) else 0)
        return made

    def read(self, template: str) -> nodes.Template:
        """Parse a template; refuse statements and filters that the language does not have."""
        tree = self.parse(template)
        for statement in tree.find_all(nodes.Stmt):
            if not isinstance(statement, _STATEMENTS):
                raise SecurityError("the only statements in values are 'if' and 'for'")
        for constant in tree.find_all(nodes.Const):
            _sound(constant.value)
        filters = sorted(set(self.filters) - {"counted"})
        for node in tree.find_all(nodes.Filter):
            if node.name not in filters:
                raise TemplateError(
                    f"there is no filter {quoted(node.name)}{suggestion(node.name, filters)}",
                    hint=f"filters: {', '.join(filters)}",
                )
        if any(loop.recursive for loop in tree.find_all(nodes.For)):
            raise SecurityError("loops are not recursive")
        return tree

    def _generate(self, source: nodes.Template, *args: Any, **options: Any) -> Any:
        return super()._generate(_Bounding().visit(source), *args, **options)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return super().is_safe_attribute(obj, attr, value) and (
            not callable(value) or attr in _METHODS
        )

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Limit the four operators that can make much of little."""
        numbers = isinstance(left, (int, float)) and isinstance(right, (int, float))
        if operator == "**" or (operator in {"*", "%"} and not numbers):
            raise SecurityError(f"templates have no operator {operator!r} for these values")
        result = super().call_binop(context, operator, left, right)
        if isinstance(result, int) and result.bit_length() > NUMBER_LIMIT:
            raise SecurityError(f"a number has more than {NUMBER_LIMIT} bits")
        return _checked(result) if isinstance(result, (str, list)) else result

    def _counted(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self._steps += 1
            self._budget.spend()
            if self._steps > LIST_LIMIT:
                raise SecurityError(f"its loops make more than {LIST_LIMIT} steps")
            yield item


def _join_filter(items: Iterable[Any], separator: str = "") -> str:
    def pieces() -> Iterator[Any]:
        for number, item in enumerate(items):
            if number:
                yield separator
            yield item

    return _join(pieces())


def _replace(text: Any, old: str, new: str) -> str:
    whole = str(text)
    size = len(whole) + whole.count(old) * (len(new) - len(old))
    if size > TEXT_LIMIT:
        raise SecurityError(f"it makes more than {TEXT_LIMIT} characters")
    return whole.replace(old, new)
