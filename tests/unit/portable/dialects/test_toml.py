"""TOML files are edited in place, and Python's own reader reads what we meant."""

from __future__ import annotations

import pytest

from envwright.portable import readers
from envwright.portable.dialects import DialectError, Problem, Value, get

TOML = get("toml")
FILE = """\
# The tools of the team
title = "a # b"   # kept

[tool.ruff]
line-length = 88  # wide
select = [
    "E",  # errors
    "F",
]

[[tool.mypy.overrides]]
module = "a"
[tool.mypy.overrides.more]
x = 1

[server]
at = 2024-01-01
inline = { a = 1 }
text = \"\"\"
[not a table]
\"\"\"
"""


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"tool/ruff/line-length": 100}, "88  # wide", "100  # wide"),
        ({"title": 'x "y"\n'}, '"a # b"', r'"x \"y\"\n"'),
        ({"tool/ruff/target": "py311"}, '    "F",\n]\n', '    "F",\n]\ntarget = "py311"\n'),
        ({"new": True}, "# kept\n", "# kept\nnew = true\n"),
        ({"server/a b": [1.5, {"c": 2}]}, '\n"""\n', '\n"""\n"a b" = [1.5, { c = 2 }]\n'),
        ({"tool/ruff/select": None}, 'select = [\n    "E",  # errors\n    "F",\n]\n', ""),
        ({"server/inline": {"a": 2}}, "{ a = 1 }", "{ a = 2 }"),
    ],
)
def test_one_value_changes_and_every_other_byte_stays(
    changes: dict[str, Value], old: str, new: str
) -> None:
    after = TOML.edit(FILE, changes)
    assert after == FILE.replace(old, new)
    for key, value in changes.items():
        assert readers.toml(after, key) == value


def test_a_new_table_goes_to_the_end() -> None:
    assert TOML.edit(FILE, {"tool/black/line-length": 9}) == (
        f"{FILE}\n[tool.black]\nline-length = 9\n"
    )
    assert TOML.edit("", {"a/b": 1}) == "[a]\nb = 1\n"
    assert TOML.edit("a = 1", {"b": 2}) == "a = 1\nb = 2\n"
    assert TOML.edit("a.x = 1\r\n", {"a/y": 2}) == "a.x = 1\r\na.y = 2\r\n"


def test_an_array_of_tables_is_one_value() -> None:
    wanted: Value = [{"module": "a", "more": {"x": 1}}]
    assert TOML.edit(FILE, {"tool/mypy/overrides": wanted}) == FILE
    with pytest.raises(DialectError) as caught:
        TOML.edit(FILE, {"tool/mypy/overrides/module": "b"})
    told = "tool/mypy/overrides/module cannot be: tool/mypy/overrides is not a table"
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("text", "key", "value", "told"),
    [
        (
            FILE,
            "server/inline/a",
            2,
            "line 18: server/inline is one value here, of which no part can be set alone",
        ),
        (FILE, "server", None, "server is a table, or a part of a value: remove it by hand"),
        ("a = 1\na = 2\n", "a", 1, "line 2: not TOML: Cannot overwrite a value"),
        ("a = \n", "a", 1, "line 1: not TOML: Invalid value"),
        ("", "a", [None], "None is no value of TOML"),
    ],
)
def test_what_cannot_be_edited_without_loss_is_refused(
    text: str, key: str, value: Value, told: str
) -> None:
    with pytest.raises(DialectError) as caught:
        TOML.edit(text, {key: value})
    assert str(caught.value) == told


def test_values_are_compared_by_their_meaning() -> None:
    text = "a = 0x10\nb = 'x'\nc = {b = 1, a = 2}\n"
    wanted: dict[str, Value] = {"a": 16, "b": "x", "c": {"a": 2, "b": 1}}
    assert TOML.actual(text, wanted) == wanted
    assert TOML.edit(text, wanted) == text
    assert readers.toml(TOML.edit(text, {"a": True}), "a") is True
    assert TOML.problems("a = [") != []
    assert TOML.problems("[") == [Problem(1, TOML.problems("[")[0].reason)]
