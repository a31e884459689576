"""A value is replaced in every form in which programs write it."""

from __future__ import annotations

import base64
import html
import json
import shlex
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envwright.model.masking import Mask, mask_values

VALUE = 's3cr?t"ü/+&'
HIDDEN = "⟦token⟧"


def mask(value: str, text: str) -> str:
    made = Mask("⟦kept⟧")
    made.add(value, HIDDEN)
    return made(text)


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        base64.b64encode(VALUE.encode()).decode(),
        base64.b64encode(VALUE.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(VALUE.encode()).decode(),
        base64.b64encode(f"{VALUE}\n".encode()).decode(),
        VALUE.encode().hex(),
        VALUE.encode().hex().upper(),
        urllib.parse.quote(VALUE),
        urllib.parse.quote(VALUE, safe=""),
        urllib.parse.quote_plus(VALUE),
        json.dumps(VALUE)[1:-1],
        json.dumps(VALUE, ensure_ascii=False)[1:-1],
        html.escape(VALUE),
        shlex.quote(VALUE),
        repr(VALUE)[1:-1],
        ascii(VALUE)[1:-1],
        VALUE.encode("unicode_escape").decode(),
    ],
)
def test_every_form_of_a_value_is_masked(form: str) -> None:
    assert mask(VALUE, f"<{form}>") == f"<{HIDDEN}>"


@pytest.mark.parametrize("user", ["u", "me", "dev", "root", "someone"])
@pytest.mark.parametrize("after", ["", "\n", "@host"])
def test_a_password_in_the_base64_of_a_login_is_masked(user: str, after: str) -> None:
    sent = base64.b64encode(f"{user}:correct-horse{after}".encode()).decode()
    left = mask("correct-horse", f"Authorization: Basic {sent}")
    assert HIDDEN in left
    # What is left is of the user and of what follows, but for a character at either end.
    before, _, rest = left.removeprefix("Authorization: Basic ").partition(HIDDEN)
    assert len(before) <= len(f"{user}:") * 4 / 3 + 2
    assert len(rest) <= len(after) * 4 / 3 + 4


def test_lines_of_a_value_are_masked_but_short_ones_are_not() -> None:
    value = "-----BEGIN\nMIIEpA\nabc"
    assert mask(value, "MIIEpA\nabc\n-----BEGIN") == f"{HIDDEN}\nabc\n{HIDDEN}"
    assert mask(value, value) == HIDDEN


def test_the_longest_value_is_found_first_and_kept_texts_stay() -> None:
    made = Mask("⟦kept⟧")
    made.add("secret", "A")
    made.add("secret-of-kept", "B")
    assert made("secret-of-kept secret ⟦kept⟧") == "B A ⟦kept⟧"


def test_nothing_is_masked_before_a_value_is_known() -> None:
    assert Mask("x")("text") == "text"


@given(st.text(min_size=4), st.text(), st.text())
def test_no_masked_text_holds_a_value(value: str, before: str, after: str) -> None:
    rest = mask(value, before + value + after).replace(HIDDEN, "\0")
    assert value not in rest


@given(st.text(min_size=8), st.text(), st.text())
def test_no_masked_text_holds_the_base64_of_a_value_within_another(
    value: str, before: str, after: str
) -> None:
    whole = base64.b64encode((before + value + after).encode()).decode()
    assert HIDDEN in mask(value, whole)


def test_each_text_of_a_json_value_is_masked_and_all_else_stays() -> None:
    made = Mask("⟦kept⟧")
    made.add(VALUE, HIDDEN)
    value = {VALUE: [VALUE, 1, None, True, {"a": (f"is {VALUE}", 0.5)}]}
    assert mask_values(value, made) == {
        HIDDEN: [HIDDEN, 1, None, True, {"a": [f"is {HIDDEN}", 0.5]}]
    }
