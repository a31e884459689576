"""What environments own: their own things, by the generations that made them."""

from __future__ import annotations

import pytest

from envwright.model.resource import FileKey, compare
from envwright.resources.keys import Keys
from envwright.state.owned import Owned, Since, changed_parts, wish


def since(first: int, last: int = 0, of: str = "x") -> Since:
    """A row, whose wish is its thing."""
    return Since(first, last or first, of, f"file:/{of}")


BOTH = Owned(
    {
        "box": {"file:/a": since(1, 3, "a"), "file:/b": since(2, of="b")},
        "other": {"file:/b": since(4, of="b")},
    }
)


def test_what_is_written_is_read() -> None:
    assert Owned.read(BOTH.text()) == BOTH
    assert Owned.read("") == Owned()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "null",
        "7",
        "{}",
        '{"environments": 7}',
        '{"environments": {"a": {"b": [1]}}}',
        '{"environments": {"a": {"b": ["1", 2, "", ""]}}}',
        "[" * 50_000,
    ],
)
def test_a_damaged_file_is_known_for_damaged(text: str) -> None:
    assert Owned.read(text) == Owned(damaged=True)


def test_what_was_made_first_stays_since_then_and_an_old_name_is_followed() -> None:
    made = BOTH.made(["new", "box"], {"file:/a": since(7, of="a"), "file:/c": since(7, of="c")})
    assert made == Owned(
        {
            "other": {"file:/b": since(4, of="b")},
            "new": {
                "file:/a": since(1, 7, "a"),
                "file:/b": since(2, of="b"),
                "file:/c": since(7, of="c"),
            },
        }
    )


def test_what_goes_is_owned_no_more_by_whom_it_was_taken_from() -> None:
    assert BOTH.without({"file:/b"}, "box").by["other"] == BOTH.by["other"]
    assert BOTH.without({"file:/b"}, "box").by["box"] == {"file:/a": since(1, 3, "a")}
    assert BOTH.without({"file:/a", "file:/b"}, since=(2, 4)).by == {
        "box": {"file:/a": since(1, 3, "a")},
        "other": {},
    }


def test_what_two_want_is_shared_and_told_where_they_want_it_differently() -> None:
    assert [BOTH.is_shared(thing, ("box",)) for thing in ("file:/a", "file:/b")] == [False, True]
    assert list(BOTH.others("box", {"file:/b": "another", "file:/a": "x"})) == [
        ("file:/b", "other")
    ]
    assert list(BOTH.others("box", {"file:/b": "b"})) == []
    assert BOTH.generations() == [1, 2, 3, 4]


def test_a_key_that_was_there_is_nobodys() -> None:
    keys = Keys(path="/etc/x", dialect="goenv", keys={"A": "1", "B": "2"})
    before = {**keys.desired(), FileKey("A"): "0"}
    parts = changed_parts(keys, compare(before, keys.desired()))
    assert [*parts] == ["keys:/etc/x A"]
    assert wish(parts["keys:/etc/x A"]) != wish(keys)
    assert [*changed_parts(keys, compare(None, keys.desired()))] == [
        "keys:/etc/x A",
        "keys:/etc/x B",
    ]
