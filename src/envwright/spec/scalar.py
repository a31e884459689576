"""Plain scalars by the core schema of YAML 1.2 (section 10.3.2): which are not text."""

from __future__ import annotations

import re

Scalar = str | int | float | bool | None

_CONSTANTS: dict[str, Scalar] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o(?P<octal>[0-7]+)|0x(?P<hexadecimal>[0-9a-fA-F]+)")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|(?P<special>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
_FIRST = frozenset("+-.0123456789")


def resolve(text: str) -> Scalar:
    """Return what an unquoted scalar means: `yes` is text, `022` is 22, `0o17` is 15.

    Raises:
        ValueError: an integer has more digits than Python converts.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _FIRST:
        return text
    if found := _INTEGER.fullmatch(text):
        if found["octal"]:
            return int(found["octal"], 8)
        return int(found["hexadecimal"], 16) if found["hexadecimal"] else int(text)
    if found := _FLOAT.fullmatch(text):
        return float(text.replace(".", "", 1) if found["special"] else text)
    return text
