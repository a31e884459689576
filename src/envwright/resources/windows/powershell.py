"""Texts for PowerShell."""

from __future__ import annotations

import re


def literal(text: str) -> str:
    """Return a text as a single-quoted literal of PowerShell.

    PowerShell has five single quotes: any of them ends a literal, and two of them stand for one
    (about_Quoting_Rules; CharTraits.IsSingleQuote of PowerShell/PowerShell).
    """
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", text) + "'"
