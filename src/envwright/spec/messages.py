"""Parts of messages: quoted texts, values of YAML in words, suggestions, lists of choices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

QUOTED_LIMIT = 60
"""The most characters of a quoted text; longer texts are cut."""


def quoted(text: str) -> str:
    """Return a text in quotes, on one line, with control characters escaped."""
    return repr(text if len(text) <= QUOTED_LIMIT else f"{text[: QUOTED_LIMIT - 3]}...")


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'users'?` when one of the known words is close, else ""."""
    import difflib  # noqa: PLC0415 - 1 ms that only an error needs

    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), names, n=1)
    return f"; did you mean {quoted(names[close[0]])}?" if close else ""


def value_in_words(value: Any) -> str:
    """Return a value of YAML in words: `the integer 22`, `text 'dev'`, `true`, `a list`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"the integer {value}"
    if isinstance(value, float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"text {quoted(value)}" if value else "empty text"
    return "a mapping" if isinstance(value, dict) else "a list"


def choices(options: Iterable[str], word: str = "or") -> str:
    """Return options joined as in `'a', 'b' or 'c'`."""
    *most, last = options
    return f"{', '.join(most)} {word} {last}" if most else last
