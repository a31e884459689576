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


def test_the_password_of_a_login_is_replaced_and_all_else_of_its_entry_stays() -> None:
    after = NETRC.edit(TEXT, {"b.test": "login you password new"})
    assert after == TEXT.replace("password p2", "password new")


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


QUOTED = """\
machine nexus.test login dev password "correct horse"
machine pypi.test login dev password x
"""


def test_a_password_in_quotes_is_one_word_and_keeps_its_machine_and_the_others() -> None:
    assert NETRC.read(QUOTED) == {
        "nexus.test": "login dev password correct horse",
        "pypi.test": "login dev password x",
    }
    after = NETRC.edit(QUOTED, {"git.test": "login dev password s3cret"})
    assert after == f"{QUOTED}machine git.test login dev password s3cret\n"


def test_a_quoted_password_is_replaced_whole() -> None:
    after = NETRC.edit(QUOTED, {"nexus.test": "login dev password new"})
    assert after == QUOTED.replace('"correct horse"', "new")


def test_quotes_hold_what_would_be_keywords_comments_line_ends_and_escapes() -> None:
    text = 'machine a login "machine b" password "p\\"q\n# \\n"\nMACHINE c Login d PASSWORD e\n'
    assert NETRC.read(text) == {
        "a": 'login machine b password p"q\n# \n',
        "c": "login d password e",
    }


def test_a_quote_that_is_not_closed_is_told_by_its_line() -> None:
    with pytest.raises(DialectError) as caught:
        NETRC.edit('machine a login b\npassword "c\n', {"x": "login y password z"})
    assert str(caught.value) == "line 2: a quote is not closed"


TWO = """\
machine git.test login robot password r0bot
machine git.test login dev password old
default login anonymous password mail
machine late.test login dev password p
"""


def test_another_login_of_a_machine_stays_and_the_wanted_one_comes_to_count() -> None:
    after = NETRC.edit(TWO, {"git.test": "login dev password new"})
    assert after == (
        "machine git.test login dev password new\n"
        "machine git.test login robot password r0bot\n"
        "default login anonymous password mail\n"
        "machine late.test login dev password p\n"
    )
    assert NETRC.read(after)["git.test"] == "login dev password new"


def test_a_file_with_two_logins_gets_a_third_before_them() -> None:
    after = NETRC.edit(TWO, {"git.test": "login me password mine"})
    assert after == f"machine git.test login me password mine\n{TWO}"


def test_an_entry_behind_the_default_does_not_count_and_is_moved_before_it() -> None:
    assert NETRC.actual(TWO, {"late.test": "login dev password p"}) == {}
    after = NETRC.edit(TWO, {"late.test": "login dev password p"})
    *first, default, late = TWO.splitlines(keepends=True)
    assert after == "".join([*first, late, default])
    assert NETRC.problems(TWO) == [Problem(4, "stands behind `default`, where no reader looks")]


def test_entries_on_one_line_stay_on_it() -> None:
    text = "machine a login x password y machine b login x password y\n"
    after = NETRC.edit(text, {"b": "login z password w"})
    assert after == (
        "machine a login x password y machine b login z password w machine b login x password y\n"
    )


@pytest.mark.parametrize("word", ["#x", '"x'])
def test_a_word_that_readers_disagree_on_is_refused_without_telling_it(word: str) -> None:
    with pytest.raises(DialectError) as caught:
        NETRC.edit("", {"a.test": f"login x password {word}"})
    assert str(caught.value) == (
        'a.test: no reader takes a word that begins with `"` or `#` for one'
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
