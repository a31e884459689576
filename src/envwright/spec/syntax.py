"""Explains why a text is not YAML: turns errors of ruamel.yaml into messages with a repair."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.reader import ReaderError

from envwright.spec.messages import quoted
from envwright.spec.source import Position

if TYPE_CHECKING:
    from collections.abc import Callable

    from envwright.errors import LocatedError
    from envwright.spec.source import Source

_KEY_LENGTH = 1024
"""YAML looks no further for the ':' behind a key (section 7.4.2)."""
_QUOTE = "put the value in quotes"
_UNQUOTED_TEMPLATE = re.compile(r"(?:^|[\s:,\[-])\s*(\{\{.*?\}\}\S*)")


def unquoted_template(at: Position) -> LocatedError:
    """Return the error of `{{ name }}` without quotes, which YAML reads as a mapping."""
    found = re.match(r"\{\{.*?\}\}[^\s,\]}]*", at.rest)
    written = f": {_in_quotes(found[0])}" if found else ""
    return at.error("a value that begins with '{{' must be in quotes", hint=f"write it{written}")


def _in_quotes(text: str) -> str:
    return f"'{text}'" if '"' in text else f'"{text}"'


@dataclass(frozen=True)
class _ParserError:
    """An error of ruamel.yaml's scanner or parser: its place, and the start of its context."""

    context: str
    problem: str
    start: Position
    here: Position


def explain(error: Exception, source: Source, last: Position) -> LocatedError:
    """Return our error for an exception of ruamel.yaml; `last` is the last place it reached."""
    if isinstance(error, ReaderError):
        at = source.position(error.position)
        return at.error(
            f"the character U+{error.character:04X} cannot stand in YAML",
            hint=f'in double quotes write it as "\\u{error.character:04x}"',
        )
    if not isinstance(error, MarkedYAMLError):
        return last.error("YAML cannot be read from here on")
    problem_mark = error.problem_mark or error.context_mark
    here = _position(source, problem_mark, last)
    start = _position(source, error.context_mark or problem_mark, last)
    parser_error = _ParserError(
        error.context or "", error.problem or error.context or "", start, here
    )
    if found := _UNQUOTED_TEMPLATE.search(here.before):
        return unquoted_template(Position(source, here.line, found.start(1) + 1))
    for pattern, explanation in _EXPLANATIONS:
        if re.search(pattern, f"{parser_error.context}: {parser_error.problem}"):
            return explanation(parser_error)
    return here.error("this is not YAML", hint=_QUOTE)


def _position(source: Source, mark: Any, default: Position) -> Position:
    return Position(source, mark.line + 1, mark.column + 1) if mark else default


# --- The parser's errors, and what they mean -------------------------------------------------


def _character(parser_error: _ParserError) -> LocatedError:
    here = parser_error.here
    if here.rest.startswith("\t"):
        if here.before.strip():
            return here.error("a tab cannot stand here", hint="replace it by a blank")
        return here.error("a tab indents this line; YAML indents by blanks only")
    return here.error(f"{quoted(here.rest[:1])} cannot begin a value", hint=_QUOTE)


def _second_colon(parser_error: _ParserError) -> LocatedError:
    here = parser_error.here
    if re.search(r":\s", here.before):
        return here.error(
            "a second ':' in one line; a line is one 'key: value'",
            hint="put the value in quotes if the ':' belongs to it",
        )
    if here.line == 1 or len(here.before) > _KEY_LENGTH:
        return here.error(
            "this ':' stands behind no key",
            hint=f"a key has at most {_KEY_LENGTH} characters; put text that holds ':' in quotes",
        )
    first, above = _begin(here.source, here.line), _begin(here.source, here.line - 1)
    if above.column == first.column and above.rest:
        return _no_colon(above)
    return first.error(
        "bad indentation: the line above has a value already, and this line stands below it",
        hint="begin keys of one mapping in the same column",
    )


def _begin(source: Source, line: int) -> Position:
    """Return the place of the first character of a line that is not blank."""
    at = Position(source, line, 1)
    return at.shift(len(at.text) - len(at.text.lstrip()))


def _missing_colon(parser_error: _ParserError) -> LocatedError:
    return _no_colon(parser_error.start)


def _no_colon(at: Position) -> LocatedError:
    written = at.rest.strip()
    if found := re.match(r"([^\s:]+):(\S.*)", written):
        return at.error("a blank is missing behind ':'", hint=f"write `{found[1]}: {found[2]}`")
    return at.error(f"':' is missing behind {quoted(written)}")


def _block(parser_error: _ParserError) -> LocatedError:
    start, here = parser_error.start, parser_error.here
    found = parser_error.problem.partition("but found ")[2].strip("'")
    if found in {"]", "}"}:
        return here.error(f"this {quoted(found)} closes nothing")
    if here.before.strip(" -"):
        return here.error(
            "this does not belong to the value before it", hint="put the whole value in quotes"
        )
    if start.column == here.column:
        ours, theirs = ("list item", "mapping") if found == "-" else ("key", "list")
        return here.error(
            f"bad indentation: this is a {ours}, but line {start.line} began a {theirs}"
        )
    return here.error(
        "bad indentation: this line lines up with no line above it",
        hint="begin keys of one mapping, and items of one list, in the same column",
    )


def _open_bracket(parser_error: _ParserError) -> LocatedError:
    start, here = parser_error.start, parser_error.here
    bracket = start.rest[:1]
    kind, close = ("list", "]") if bracket == "[" else ("mapping", "}")
    if start.line == here.line and here.rest:
        return here.error(f"',' or '{close}' is missing here")
    return start.error(f"the {kind} that opens here is not closed", hint=f"'{close}' is missing")


def _no_value(parser_error: _ParserError) -> LocatedError:
    here = parser_error.here
    if "stream end" in parser_error.problem:
        return here.error("the file ends within a list or mapping in brackets")
    return here.error(f"a value is missing before {quoted(here.rest[:1])}")


def _escape(parser_error: _ParserError) -> LocatedError:
    # The error's place is behind the backslash or, for too few digits, behind the letter.
    backslash = parser_error.here.before.rfind("\\") + 1
    at = Position(parser_error.here.source, parser_error.here.line, backslash)
    return at.error(
        f"'{at.rest[:2]}' is no escape that YAML knows",
        hint="use single quotes, or write '\\\\' for each backslash",
    )


def _said(message: str, hint: str = "", *, start: bool = False) -> Callable[[Any], LocatedError]:
    def say(parser_error: _ParserError) -> LocatedError:
        return (parser_error.start if start else parser_error.here).error(message, hint)

    return say


_EXPLANATIONS: tuple[tuple[str, Callable[[_ParserError], LocatedError]], ...] = (
    ("cannot start any token", _character),
    ("mapping values are not allowed", _second_colon),
    ("could not find expected ':'", _missing_colon),
    ("expected <block end>", _block),
    (r"expected ',' or", _open_bracket),
    ("expected the node content", _no_value),
    ("quoted scalar: found unexpected", _said("this quote is not closed", start=True)),
    ("escape", _escape),
    (
        "sequence entries are not allowed",
        _said("a list cannot begin here", "begin it in a new line, or write it as [a, b]"),
    ),
    ("mapping keys are not allowed", _said("'?' cannot begin a value", _QUOTE)),
    ("scanning an (alias|anchor)", _said("a name is missing here", _QUOTE)),
    ("more indented", _said("this text's first line is deeper than the next", start=True)),
    ("block scalar", _said("only blanks may follow '|' or '>'", "begin the text in a new line")),
    ("incompatible YAML", _said("environments are YAML 1.2", "remove this line")),
    (
        "directive|document start|document end",
        _said("this is neither a key nor a value", "put text that begins with '%' in quotes"),
    ),
    (r"\btag\b|URI", _said("'!' begins a tag, and tags are not used here", _QUOTE, start=True)),
)
