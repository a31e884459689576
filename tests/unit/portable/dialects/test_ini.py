"""INI files are edited where their readers agree, and refused by line where they do not."""

from __future__ import annotations

import configparser

import pytest

from envwright.portable import readers
from envwright.portable.dialects import DialectError, Problem, Value, get

INI = get("ini")
FILE = "root = true\n\n; first\n[one]\nA=1\n# about b\nb = x y\n\n[two x]\n"


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"one/a": 2}, "A=1", "A=2"),
        ({"one/b": None}, "b = x y\n", ""),
        ({"one/c": True}, "x y\n", "x y\nc = true\n"),
        ({"two x/d": "e=f"}, "[two x]\n", "[two x]\nd = e=f\n"),
        ({"more": "z"}, "true\n", "true\nmore = z\n"),
        ({"three/a": ""}, "[two x]\n", "[two x]\n\n[three]\na = \n"),
    ],
)
def test_one_line_changes_and_every_other_byte_stays(
    changes: dict[str, Value], old: str, new: str
) -> None:
    assert INI.edit(FILE, changes) == FILE.replace(old, new)


def test_python_reads_what_was_written() -> None:
    after = INI.edit("[one]\na: 1\n", {"one/b": "x # y".replace(" #", "#"), "two/c": 5})
    parser = configparser.RawConfigParser()
    parser.read_string(after)
    assert {name: dict(parser[name]) for name in parser.sections()} == {
        "one": {"a": "1", "b": "x# y"},
        "two": {"c": "5"},
    }
    assert [readers.ini(FILE, key) for key in ("root", "one/a", "one/z")] == ["true", "1", None]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[s]\na=1\nA=2\n", "line 3: the key 'a' is here a second time"),
        ("[s]\na=1\n  more\n", "line 3: readers of INI files do not agree on an indented line"),
        ("[s]\n\ta = 1\n", "line 2: readers of INI files do not agree on an indented line"),
        (
            "[s]\na = 1 ; why\n",
            "line 2: some readers take the end of '1 ; why' for a comment: give it its own line",
        ),
    ],
)
def test_where_readers_differ_the_file_is_refused_by_its_line(text: str, told: str) -> None:
    with pytest.raises(DialectError) as caught:
        INI.edit(text, {"s/a": "2"})
    assert str(caught.value) == told
    assert (
        INI.edit(text, {"other/a": "2"}) == f"{text}\n[other]\na{'=' if 'a=' in text else ' = '}2\n"
    )


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("a/b/c", 1, "a/b/c: an INI file has sections and keys, and nothing below these"),
        ("a/b=c", 1, "'a/b=c' is no name of a key in an INI file"),
        ("a/b", [1], "a/b: a value in an INI file is one line of text"),
        ("a/b", "x\ny", "'x\\ny' cannot be written: it contains '\\n'"),
        ("a/b", "x ; y", "a/b: the readers of INI files do not agree on the value 'x ; y'"),
    ],
)
def test_what_no_ini_file_can_say_is_refused(key: str, value: Value, told: str) -> None:
    with pytest.raises(DialectError) as caught:
        INI.edit("", {key: value})
    assert str(caught.value) == told


def test_a_line_that_says_nothing_is_a_problem() -> None:
    told = "this line is neither a section, a key nor a comment"
    assert INI.problems("[s]\na = 1\nwhat\n") == [Problem(3, told)]
