"""Logins of ~/.netrc, whatever the lines are broken like."""

from __future__ import annotations

import pytest

from envwright.portable.dialects import DialectError, Problem, get

NETRC = get("netrc")
TEXT = """\
# machine old login x password y
machine a.test login me password p1
machine b.test
    login you
    account q
    password p2
macdef init
machine not.one login a password b

machine a.test login late password p3
default login anonymous password mail
"""


def test_logins_are_read_over_lines_and_the_first_counts() -> None:
    assert NETRC.read(TEXT) == {
        "a.test": "login me password p1",
        "b.test": "login you password p2",
    }


def test_words_are_taken_in_pairs_so_a_password_can_be_any_word() -> None:
    assert NETRC.read("machine a password machine login default") == {
        "a": "login default password machine"
    }


def test_an_entry_is_replaced_where_it_stands() -> None:
    after = NETRC.edit(TEXT, {"b.test": "login you password new"})
    old = "machine b.test\n    login you\n    account q\n    password p2"
    assert after == TEXT.replace(old, "machine b.test login you password new")


def test_a_new_machine_goes_before_the_default() -> None:
    after = NETRC.edit(TEXT, {"c.test": "login x password y"})
    assert after == TEXT.replace("default", "machine c.test login x password y\ndefault")


def test_a_new_machine_does_not_fall_into_a_macro() -> None:
    after = NETRC.edit("macdef init\ncd /\n", {"c": "login x password y"})
    assert after == "macdef init\ncd /\n\nmachine c login x password y\n"


def test_every_entry_of_a_machine_is_removed() -> None:
    after = NETRC.edit(TEXT, {"a.test": None})
    assert after == "".join(
        line for line in TEXT.splitlines(keepends=True) if not line.startswith("machine a.test")
    )


@pytest.mark.parametrize("value", ["login a password b c", "login a", "s3cret", 5])
def test_a_refusal_does_not_tell_the_password(value: object) -> None:
    with pytest.raises(DialectError) as caught:
        NETRC.edit("", {"a.test": value})  # type: ignore[dict-item]
    assert str(caught.value) == "a.test: a login and its password are words without blanks"


def test_entries_without_a_password_are_reported() -> None:
    assert NETRC.problems("machine a login x\n\nmachine b login x password y\n") == [
        Problem(1, "has no login, or no password")
    ]
