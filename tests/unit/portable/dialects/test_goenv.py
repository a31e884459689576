"""Go's environment file holds raw values."""

from __future__ import annotations

import pytest

from envwright.portable.dialects import DialectError, Problem, Value, get

GOENV = get("goenv")


def test_everything_behind_the_equals_sign_is_the_value() -> None:
    text = '# c\nGOFLAGS=-mod=mod "x" # y \nGOPROXY=\n GOBIN=/x\nlower=1\nGOARCH=a\r\n'
    assert GOENV.read(text) == {
        "GOFLAGS": '-mod=mod "x" # y ',
        "GOPROXY": "",
        "GOARCH": "a\r",
    }


def test_a_value_is_written_raw() -> None:
    text = "GOPROXY=a\n# c\nGOFLAGS=b"
    changes: dict[str, Value] = {"GOPROXY": "https://p, 'direct'", "GOBIN": "/go bin"}
    after = "GOPROXY=https://p, 'direct'\n# c\nGOFLAGS=b\nGOBIN=/go bin"
    assert GOENV.edit(text, changes) == after


def test_a_new_value_gets_no_carriage_return_whatever_ends_the_other_lines() -> None:
    after = GOENV.edit("# c\r\nGOPROXY=a\r\n", {"GOPROXY": "b", "GOBIN": "/b"})
    assert after == "# c\r\nGOPROXY=b\nGOBIN=/b\n"
    assert GOENV.read(after) == {"GOPROXY": "b", "GOBIN": "/b"}


def test_of_a_key_that_is_set_twice_the_last_counts() -> None:
    text = "GOOS=a\nGOARCH=b\nGOOS=c\n"
    assert GOENV.read(text) == {"GOOS": "c", "GOARCH": "b"}
    assert GOENV.edit(text, {"GOOS": "x"}) == "GOOS=a\nGOARCH=b\nGOOS=x\n"
    assert GOENV.edit(text, {"GOOS": None}) == "GOARCH=b\n"


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("goos", "x", "'goos' is no name of a Go setting"),
        ("GO=OS", "x", "'GO=OS' is no name of a Go setting"),
        ("GOOS", 1, "GOOS: a Go setting is a string"),
        ("GOOS", "a\nb", "'a\\nb' cannot be written: it contains '\\n'"),
        ("GOOS", "a\r", "'a\\r' cannot be written: it contains '\\r'"),
    ],
)
def test_what_go_could_not_read_back_is_refused(key: str, value: Value, reason: str) -> None:
    with pytest.raises(DialectError) as caught:
        GOENV.edit("", {key: value})
    assert str(caught.value) == reason


def test_lines_that_go_ignores_or_misreads_are_reported() -> None:
    assert GOENV.problems("# c\n\nGOOS=x\n GOARCH=y\njunk\nGOBIN=z\r\n") == [
        Problem(4, "Go ignores it: expected KEY=value from column 1 on"),
        Problem(5, "Go ignores it: expected KEY=value from column 1 on"),
        Problem(6, "Go takes the carriage return into the value"),
    ]
