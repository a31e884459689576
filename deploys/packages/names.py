"""The names of packages in an environment, and what is said of texts that are none."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

_NAME = r"[a-z0-9][a-z0-9+.-]+"
# Debian policy 5.6.1 and 5.6.12; apt matches any rest of a version by `*` at its end.
_VERSION = r"[0-9][A-Za-z0-9.+:~-]*\*?"


_HINTS = {
    ":": "packages are of the machine's own architecture: '{}'",
    "/": "a version pins, as in '{}=1.2.*', and an entry of `sources` adds a suite",
    "=": "a version begins with a digit and may end in `*`, as in '{}=1.2.*'",
    **dict.fromkeys("*?[|", "each package is named by itself, without an expression"),
    "^": "the packages of a task are named one by one",
}
"""Hints, by the first character of the text that no package's name can have."""


def _hint(text: str) -> str:
    """Return `; ` and a hint for an expression that only apt takes; "" where none is known."""
    name = re.match(_NAME, text)
    if name and name.end() < len(text):
        hint = _HINTS.get(text[name.end()], "")
        return f"; {hint.format(name[0])}" if hint else ""
    lower = text.lower()
    return f"; did you mean '{lower}'?" if re.fullmatch(f"{_NAME}(={_VERSION})?", lower) else ""


def _exact(text: str, pattern: str, words: str) -> str:
    if not re.fullmatch(pattern, text):
        raise ValueError(f"must be {words}{_hint(text)}")
    return text


def package_name(text: str) -> str:
    """Return a package's name; raise ValueError for any other text, such as apt's expressions."""
    words = "a package's name: two or more small letters, digits, `+`, `-`, `.`"
    return _exact(text, _NAME, words)


def package_spec(text: str) -> str:
    """Return a package's name with or without a version; raise ValueError for any other text."""
    words = "a package's name, with `=VERSION` or `=14.*` behind it to pin"
    return _exact(text, f"{_NAME}(={_VERSION})?", words)


def parted(spec: str) -> tuple[str, str]:
    """Return the name of a package and its version; "" for any version."""
    name, _, version = spec.partition("=")
    return name, version


PackageName = Annotated[
    str,
    AfterValidator(package_name),
    Field(json_schema_extra={"pattern": f"^{_NAME}$", "words": "a package's name"}),
]
PackageSpec = Annotated[
    str,
    AfterValidator(package_spec),
    Field(
        json_schema_extra={
            "pattern": f"^{_NAME}(={_VERSION})?$",
            "words": "a package's name, with `=VERSION` or `=14.*` behind it to pin",
        },
    ),
]
