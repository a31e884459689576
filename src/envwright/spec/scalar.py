"""Scalars: their values by the core schema of YAML 1.2 (section 10.3.2), and their limits."""

from __future__ import annotations

import math
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
_DIGITS = 100
"""An integer that is written with more digits is not even converted: Python would refuse it."""
_UNWANTED = re.compile("[\0\ud800-\udfff]")
"""NUL ends texts everywhere on a machine; halves of surrogate pairs are not Unicode."""

NUMBER_LIMIT = 64
"""An integer has at most this many bits: JSON, Go and systemd read none that is larger."""


def resolve(text: str) -> Scalar:
    """Return the value of an unquoted scalar: `yes` is text, `022` is 22, `0o17` is 15.

    Raises:
        ValueError: an integer has more digits than `objection` would let pass.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _FIRST:
        return text
    if found := _INTEGER.fullmatch(text):
        if len(text) > _DIGITS:
            raise ValueError("an integer has too many digits")
        if found["octal"]:
            return int(found["octal"], 8)
        return int(found["hexadecimal"], 16) if found["hexadecimal"] else int(text)
    if found := _FLOAT.fullmatch(text):
        return float(text.replace(".", "", 1) if found["special"] else text)
    return text


def objection(value: Scalar) -> str:
    """Return what keeps a scalar from being a value of an environment; "" where nothing does.

    No format that a machine reads has infinite numbers, and no text of a machine a NUL.
    """
    if isinstance(value, str):
        found = _UNWANTED.search(value)
        code = f"U+{ord(found[0]):04X}" if found else ""
        return code and f"this text holds the character {code}, which no text can hold"
    if isinstance(value, float) and not math.isfinite(value):
        return "this number is not finite"
    if isinstance(value, int) and value.bit_length() > NUMBER_LIMIT:
        return f"this number has more than {NUMBER_LIMIT} bits"
    return ""
