"""Plain data as an environment: whatever it is, the language reads the same data, no template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envwright.model.secrets import marker
from envwright.spec.document import parse
from envwright.spec.rendering import Budget, render
from envwright.spec.scope import is_template
from envwright.spec.source import Source
from envwright.spec.writing import Comments, literal, unwritable, written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PIECES = st.sampled_from([*"{}%#\n\r\t '\"|>-:&*!?,[]@`~\u2028\ufeff\x85\U0001f600", "null", "022"])
TEXTS = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=12).map("".join))
KEYS = TEXTS.filter(bool)
SCALARS = st.one_of(TEXTS, st.integers(-(2**63), 2**63 - 1), st.booleans(), st.none())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=8,
)


def read(text: str) -> Any:
    """What the language reads: YAML, and templates in keys and values."""
    return rendered(parse(Source("a.yaml", text)).plain())


def rendered(value: Any) -> Any:
    """Render the templates in keys and values."""
    if isinstance(value, dict):
        return {rendered(key): rendered(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rendered(item) for item in value]
    return render(value, {}, Budget()) if is_template(value) else value


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=4))
def test_what_is_written_is_read_as_it_was(data: Mapping[str, Any]) -> None:
    if not unwritable(data):
        above: dict[tuple[str | int, ...], Sequence[str]] = {(key,): (key, "why") for key in data}
        assert read(written(data, Comments(above, ("left out",)))) == data


@given(TEXTS)
def test_no_text_is_a_template(text: str) -> None:
    if not unwritable(text):
        assert rendered(literal(text)) == text


@pytest.mark.parametrize(
    "text", ["{{ secret.TOKEN }}", "{% raw %}{{ a }}{% endraw %}", "{{{{{%%}}#}\r{#"]
)
def test_braces_of_a_machine_mean_themselves(text: str) -> None:
    assert rendered(literal(text)) == text


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (["a\0"], "this text holds the character U+0000, which no text can hold"),
        ({"a": "\udcff"}, "this text holds the character U+DCFF, which no text can hold"),
        (marker("TOKEN"), "this text holds the marks ⟦ or ⟧, which stand for secrets"),
        ({"a" * 2000: 1}, "a key has too many characters"),
    ],
)
def test_what_no_environment_can_hold_is_told(value: Any, reason: str) -> None:
    assert unwritable(value) == reason


def test_an_environment_is_written_as_a_person_writes_it() -> None:
    data = {"name": "a", "list": ["x", {"k": "v"}], "text": "one\n two\n", "no": [], "n": None}
    above = {("list",): ["why", "more"], ("list", 1): ["an item"]}
    assert written(data, Comments(above, ["", "end"])).splitlines() == [
        "name: a",
        "# why",
        "# more",
        "list:",
        "  - x",
        "  # an item",
        "  -",
        "    k: v",
        "text: |",
        "  one",
        "   two",
        "no: []",
        "n: null",
        "",
        "# end",
    ]
