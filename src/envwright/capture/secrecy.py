"""What looks like a secret in a value of a machine, whatever section the value is for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

REASON = "it seems to hold a secret: declare that in `secrets`, and write the value by hand"
_SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b(gh[opsu]_|github_pat_|glpat-|xox[abp]-|AKIA|npm_)[A-Za-z0-9_]{10}"
    r"|://[^/\s:@]+:[^/\s:@]+@"
    r"|(?i:(?<!NO)(password|passwd|secret|token|api_?key)[\"']?\s*[=:]\s*[\"']?[^\s\"'$({<]{6})"
)
"""What a secret looks like: a key, a token of a known service, a password in an address or a
setting. One too many is told and left out; one too few would be written down."""


def seems_secret(value: Any) -> bool:
    """Tell whether plain data holds what looks like a secret."""
    if isinstance(value, Mapping):
        return any(
            seems_secret(f"{key}={inner}" if isinstance(inner, str) else inner)
            for key, inner in value.items()
        )
    if isinstance(value, (list, tuple)):
        return any(map(seems_secret, value))
    return isinstance(value, str) and _SECRET.search(value) is not None
