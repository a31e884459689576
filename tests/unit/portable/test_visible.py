r"""Text is shown so that every character can be seen for what it is."""

# ruff: noqa: RUF001 - characters that look like others are what is tested

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envwright.portable.visible import visible, visible_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain: a\tb", "plain: a\tb"),
        ("\x1b[2K\x1b[1Aok", r"\x1b[2K\x1b[1Aok"),
        ("\x1b]52;c;Y3VybA==\x07", r"\x1b]52;c;Y3VybA==\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("new\rold", r"new\rold".replace(r"\r", r"\x0d")),
        ("a\x7fb\x00", r"a\x7fb\x00"),
        ("user = \u202etoor\u202c", r"user = \u202etoor\u202c"),
        ("pass\u200bword\ufeff", r"pass\u200bword\ufeff"),
        ("a\u00adb\u2800c\U000e0041", r"a\xadb\u2800c\U000e0041"),
        ("a\u00a0b\u3000c", r"a\xa0b\u3000c"),
        ("one\u2028two\x85three\x0bfour", r"one\u2028two\x85three\x0bfour"),
        ("\udcff", r"\udcff"),
    ],
)
def test_what_moves_hides_or_turns_text_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u0441url evil", r"\u0441url evil"),
        ("https://ex\u0430mple.com", r"https://ex\u0430mple.com"),
        ("\u0440\u0430\u0441", r"\u0440\u0430\u0441"),
        ("g\u03bfogle", r"g\u03bfogle"),
        ("a\u2215b a\u2044b", r"a\u2215b a\u2044b"),
        ("rm \u2212rf", r"rm \u2212rf"),
        ("\uff52\uff4d", r"\uff52\uff4d"),
        ("a\uff1bb", r"a\uff1bb"),
        ("\U0001d5cb\U0001d5c6", r"\U0001d5cb\U0001d5c6"),
        ("a\u0336\u0336\u0336", "a\u0336\u0336" + r"\u0336"),
    ],
)
def test_what_looks_like_another_character_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Grüße, naïve café, Łódź, İstanbul, Việt Nam",
        "Привет, мир: /home/вася/файл",
        "Καλημέρα κόσμε",
        "開發者的機器，設定完成（十分鐘）。",
        "環境は新しいです！",
        "한국어 문장",
        "שלום עולם",
        "नमस्ते",
        "a – b — c … “quoted” ‘so’ 5 × 3 ≤ 20 °C, 10 µs, €",
        "🚀 done ✓",
    ],
)
def test_the_languages_of_the_world_are_shown_as_they_are(text: str) -> None:
    assert visible(text) == text


def test_line_ends_stay_or_are_escaped_where_a_text_must_be_one_line() -> None:
    assert visible("a\nb\x1b") == "a\nb\\x1b"
    assert visible_line("a\nb\x1b") == r"a\nb\x1b"


@given(st.text())
def test_nothing_that_is_shown_is_a_control_or_a_format_character(text: str) -> None:
    left = {unicodedata.category(char) for char in visible_line(text).replace("\t", "")}
    assert left & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} == set()


@given(st.text())
def test_what_is_shown_is_shown_the_same_again(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(st.text(alphabet=st.characters(max_codepoint=0x7E, min_codepoint=0x20)))
def test_ascii_is_shown_as_it_is(text: str) -> None:
    assert visible(text) == text
    assert re.fullmatch(r"[ -~]*", visible_line(text))
