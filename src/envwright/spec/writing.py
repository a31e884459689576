"""Writes plain data as the text of an environment, with comments; reading it gives the data back.

No text is a template: braces that would begin one are written as templates that give the braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from envwright.model.secrets import is_broken, is_mentioned
from envwright.portable.visible import visible_line
from envwright.spec.scalar import objection, resolve
from envwright.spec.scope import is_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PLAIN = re.compile(r"[A-Za-z0-9/~._+][A-Za-z0-9/~._+=@-]*")
_OPENING = re.compile(r"\{[{%#]|\r")
_KEY_LIMIT = 1000
"""A key of YAML has at most 1024 characters, with its quotes and escapes (YAML 1.2, 7.4.2)."""
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


@dataclass(frozen=True)
class Comments:
    """Comments by the path of the value that they stand above; `end` stands below all."""

    above: Mapping[tuple[str | int, ...], Sequence[str]] = field(default_factory=dict)
    end: Sequence[str] = ()


def unwritable(value: Any) -> str:
    """Return why an environment cannot hold plain data; "" where it can."""
    if isinstance(value, Mapping):
        if any(len(_flow(literal(key))) > _KEY_LIMIT for key in value):
            return "a key has too many characters"
        return next(filter(None, (unwritable(v) for pair in value.items() for v in pair)), "")
    if isinstance(value, (list, tuple)):
        return next(filter(None, map(unwritable, value)), "")
    if isinstance(value, str) and (is_mentioned(value) or is_broken(value)):
        return "this text holds the marks ⟦ or ⟧, which stand for secrets"
    return objection(value)


def literal(text: str) -> str:
    """Return a text that the language reads as the given text, and as no template."""
    if not is_template(text):
        return text
    return _OPENING.sub(lambda found: f"{{{{ '{_quoted_opening(found[0])}' }}}}", text)


def _quoted_opening(text: str) -> str:
    # Outside of an expression the language would read a carriage return as a line feed.
    return "\\r" if text == "\r" else text


def written(data: Mapping[str, Any], comments: Comments) -> str:
    """Return the text of a mapping, in block style, with its comments."""
    lines = [*_mapping(data, (), comments), *_comment(comments.end, 0)]
    return "".join(f"{line}\n" for line in lines)


def _comment(texts: Sequence[str], depth: int) -> Iterator[str]:
    for text in texts:
        yield f"{'  ' * depth}# {visible_line(text)}".rstrip() if text else ""


def _mapping(
    data: Mapping[str, Any], path: tuple[str | int, ...], comments: Comments
) -> Iterator[str]:
    depth = len(path)
    for key, value in data.items():
        yield from _comment(comments.above.get((*path, key), ()), depth)
        yield from _value(f"{'  ' * depth}{_flow(literal(key))}:", value, (*path, key), comments)


def _value(head: str, value: Any, path: tuple[str | int, ...], comments: Comments) -> Iterator[str]:
    """Yield the lines of a value behind its key or the sign of its entry."""
    if isinstance(value, Mapping) and value:
        yield head
        yield from _mapping(value, path, comments)
    elif isinstance(value, (list, tuple)) and value:
        yield head
        for index, item in enumerate(value):
            inner = (*path, index)
            yield from _comment(comments.above.get(inner, ()), len(path))
            yield from _value(f"{'  ' * len(path)}-", item, inner, comments)
    elif isinstance(value, str) and is_block(text := literal(value)):
        yield f"{head} |{'' if text.endswith(chr(10)) else '-'}"
        indent = "  " * len(path)
        lines = text.removesuffix("\n").split("\n")
        yield from (f"{indent}{line}" if line else "" for line in lines)
    else:
        yield f"{head} {_scalar(value)}"


def is_block(text: str) -> bool:
    """Tell whether a text is written as a block of lines: its first line begins with no blank."""
    if text[:1] in {"", "\n"} or "\n" not in text or text.endswith("\n\n"):
        return False
    lines = text.removesuffix("\n").split("\n")
    sound = all(not line or (line.strip() and _is_visible(line)) for line in lines)
    return sound and not text[0].isspace()


def _is_visible(line: str) -> bool:
    return line.replace("\t", "").isprintable()


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _flow(literal(value))
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (Mapping, list, tuple)):
        return "{}" if isinstance(value, Mapping) else "[]"
    return repr(value)


def is_plain(text: str) -> bool:
    """Tell whether a text without quotes can only be read as this text."""
    return bool(_PLAIN.fullmatch(text)) and resolve(text) == text


def _flow(text: str) -> str:
    """Return a text on one line: as it is where it can only be read as text, else in quotes."""
    if is_plain(text):
        return text
    return '"' + "".join(map(_character, text)) + '"'


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number < 1 << 16 else f"\\U{number:08x}"
