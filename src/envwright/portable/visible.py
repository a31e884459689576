r"""Text as a person sees it: no part of it moves the cursor, hides, or poses as another text.

What envwright shows comes from YAML that somebody else may have written and from machines that
others use. A terminal obeys control characters: they can hide a line of a diff or write the
clipboard. Readers are deceived by characters that are invisible, that turn the direction of a line,
or that look like others. Each such character is shown as an escape of Python: `\x1b`, `\u202e`.

Sources: Unicode 15, UAX #9 (bidirectional text), UAX #44 (Default_Ignorable_Code_Point), UTS #39
(mixed scripts and confusables), of which this is the part that matters to commands and paths.
"""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0000-\U000e0fff"
)
"""Characters that show nothing, apart from those whose category says so."""

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, formats (bidirectional marks among them), surrogates, what Unicode does not know."""

_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC")
"""Scripts with letters that look alike; the first words of the names of their letters."""

_LOOKALIKES = frozenset(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u04bb\u0501\u051b\u051d"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0405\u0406\u0408"
    "\u03bf\u03bd\u03c1\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4"
    "\u03a5\u03a7"
)
"""Letters of Cyrillic and Greek that cannot be told from a Latin letter."""

_PUNCTUATION = (
    "\u01c3\u02d0\u037e\u0589\u05c3\u2010\u2011\u2024\u2044\u2212\u2215\u2223\u2236\u2571\u29f5"
    "\u29f8\ua789"
)
"""Signs that cannot be told from one of ASCII."""

# Patterns as text: `re` compiles them, for 3 ms, when the first text needs more than _PLAIN.
_FULL_WIDTH_SIGN = "[\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff5e]"
_EAST_ASIAN = "[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff]"
_ALWAYS = f"[{_INVISIBLE}{_PUNCTUATION}]"
_WORD = r"[^\W_]+"
_MARKS_IN_A_ROW = 2
"""Combining marks on one letter that some language needs; more of them hide what is above."""
_PLAIN = re.compile(r"[\t -~]*")


def visible(text: str) -> str:
    """Return a text whose every character can be seen for what it is; line ends and tabs stay.

    A text that holds the characters of an escape, such as a backslash and `x1b`, is shown as it is.
    """
    return "\n".join(map(_visible_line, text.split("\n")))


def visible_line(text: str) -> str:
    """Return a text as `visible` does, on one line: its line ends are escaped, too."""
    return r"\n".join(map(_visible_line, text.split("\n")))


def _visible_line(line: str) -> str:
    if _PLAIN.fullmatch(line):
        return line
    posing = _posing(line)
    shown = []
    marks = 0
    for at, char in enumerate(line):
        category = unicodedata.category(char)
        marks = marks + 1 if category.startswith("M") else 0
        hidden = category in _HIDDEN_CATEGORIES and char != "\t"
        blank = category == "Zs" and char != " "
        if hidden or blank or at in posing or marks > _MARKS_IN_A_ROW or re.match(_ALWAYS, char):
            shown.append(_escape(char))
        else:
            shown.append(char)
    return "".join(shown)


def _escape(char: str) -> str:
    """Return the escape of a character as Python writes it, by its number alone."""
    number = ord(char)
    if number <= 0xFF:  # noqa: PLR2004 - what two hexadecimal digits hold
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004 - four


def _posing(line: str) -> set[int]:
    """Return the places of characters that pose as others."""
    found = set()
    for word in re.finditer(_WORD, line):
        letters = [(at, line[at]) for at in range(*word.span()) if line[at].isalpha()]
        scripts = {script for _, char in letters if (script := _script(char))}
        foreign = {at for at, char in letters if _script(char) not in {"LATIN", ""}}
        if len(scripts) > 1 or all(char in _LOOKALIKES for _, char in letters):
            found |= foreign
    for at, char in enumerate(line):
        if re.match(_FULL_WIDTH_SIGN, char):
            # Chinese, Japanese and Korean text is written with these.
            if not re.search(_EAST_ASIAN, line[max(0, at - 1) : at] + line[at + 1 : at + 2]):
                found.add(at)
        elif char > "~" and _is_ascii_in_disguise(char):
            found.add(at)
    return found


def _script(char: str) -> str:
    first = unicodedata.name(char, "").partition(" ")[0]
    return first if first in _SCRIPTS else ""


def _is_ascii_in_disguise(char: str) -> bool:
    """Tell whether a character is a letter or digit of ASCII in another shape (mathematics)."""
    plain = unicodedata.normalize("NFKC", char)
    return plain.isascii() and plain.isalnum() and unicodedata.category(char) != "No"
