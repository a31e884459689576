"""A set of lines: what is ours comes and goes, the rest stays."""

from __future__ import annotations

import pytest

from envwright.portable.dialects import DialectError, Value, get

LINES = get("lines")
KEYS = "# mine\nssh-ed25519 AAAA me\r\n\n  # theirs\nssh-rsa BBBB you "


def test_every_line_but_blank_ones_and_comments_is_a_key() -> None:
    assert LINES.read(KEYS) == {"ssh-ed25519 AAAA me": True, "ssh-rsa BBBB you ": True}
    assert LINES.problems(KEYS) == []


def test_a_missing_line_is_added_at_the_end_as_the_last_one_ends() -> None:
    assert LINES.edit(KEYS, {"new": True}) == f"{KEYS}\nnew"
    assert LINES.edit("a\r\n", {"b": True, "c": True}) == "a\r\nb\r\nc\r\n"
    assert LINES.edit("", {"a": True}) == "a\n"


def test_a_line_that_is_there_changes_no_byte() -> None:
    assert LINES.edit(KEYS, {"ssh-ed25519 AAAA me": True}) == KEYS
    assert LINES.actual(KEYS, {"ssh-ed25519 AAAA me": True, "new": True}) == {
        "ssh-ed25519 AAAA me": True
    }


def test_only_the_exact_line_is_removed_but_every_time_it_stands() -> None:
    text = "a\n a\na\nab\n# a\n"
    assert LINES.edit(text, {"a": None, "gone": None}) == " a\nab\n# a\n"


@pytest.mark.parametrize("key", ["# mine", "", "  "])
def test_comments_and_blank_lines_are_never_touched(key: str) -> None:
    text = "# mine\n\n  \n"
    assert LINES.edit(text, {key: None}) == text
    with pytest.raises(DialectError) as caught:
        LINES.edit(text, {key: True})
    assert str(caught.value) == f"{key!r} cannot be a line of its own: it is blank or a comment"


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("a\nb", True, "'a\\nb' cannot be written: it contains '\\n'"),
        ("a\r", True, "'a\\r' cannot be written: it contains '\\r'"),
        ("a", False, "'a': a line is there (true) or not, it has no value"),
        ("a", "x", "'a': a line is there (true) or not, it has no value"),
    ],
)
def test_what_is_no_line_is_refused(key: str, value: Value, reason: str) -> None:
    with pytest.raises(DialectError) as caught:
        LINES.edit("", {key: value})
    assert str(caught.value) == reason
