"""YAML files are edited in place, and the reader of ruamel.yaml finds what we meant."""

from __future__ import annotations

import pytest

from envwright.portable import readers
from envwright.portable.dialects import DialectError, Problem, Value, get

YAML = get("yaml")
FILE = """\
%YAML 1.2
---
# The team's defaults
editor: vim   # kept
on: yes
gui:
    theme:
        # colours
        lightTheme: false
        selected: [green, bold]  # last
    fonts:
    - Mono   # first
    - Sans

services: {web: {image: nginx}, db: {}}
script: |
    echo 'a: b'
    # no comment
anchored: &base
  size: 1
copy:
  <<: *base
8080: port
nothing:
...
"""


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"editor": "nano"}, "vim   #", "nano   #"),
        ({"editor": "a: 'b' #c\n"}, "vim   #", "\"a: 'b' #c\\n\"   #"),
        ({"on": True}, "on: yes", "on: true"),
        ({"on": "no"}, "on: yes", 'on: "no"'),
        ({"gui/theme/lightTheme": True}, "lightTheme: false", "lightTheme: true"),
        ({"gui/theme/new": 1.5}, "# last\n", "# last\n        new: 1.5\n"),
        ({"gui/keys/quit": "q"}, "- Sans\n", "- Sans\n    keys:\n      quit: q\n"),
        ({"gui/fonts": ["A b"]}, "fonts:\n    - Mono   # first\n    - Sans\n", 'fonts: ["A b"]\n'),
        ({"gui/fonts": None}, "    fonts:\n    - Mono   # first\n    - Sans\n", ""),
        ({"services/web/image": "caddy:2"}, "image: nginx", 'image: "caddy:2"'),
        ({"services/db/image": "x"}, "db: {}", "db: {image: x}"),
        ({"services/cache": {"a": None}}, "db: {}}", "db: {}, cache: {a: null}}"),
        ({"services/web": None}, "{web: {image: nginx}, db: {}}", "{db: {}}"),
        ({"services/db": None}, "{image: nginx}, db: {}}", "{image: nginx}}"),
        ({"services/web/image": None}, "web: {image: nginx}", "web: {}"),
        ({"script": "x"}, "|\n    echo 'a: b'\n    # no comment\n", "x\n"),
        ({"8080": "http"}, "8080: port", "8080: http"),
        ({"nothing": 1}, "nothing:\n", "nothing: 1\n"),
        ({"nothing/a/b": 1}, "nothing:\n", "nothing: {a: {b: 1}}\n"),
        ({"last": "\u2028"}, "nothing:\n", 'nothing:\nlast: "\\u2028"\n'),
    ],
)
def test_one_value_changes_and_every_other_byte_stays(
    changes: dict[str, Value], old: str, new: str
) -> None:
    after = YAML.edit(FILE, changes)
    assert after == FILE.replace(old, new)
    for key, value in changes.items():
        assert readers.yaml(after, key) == value


TAGGED = """\
theme: !ENV [NAME, "x"]  # mkdocs
wifi: !secret wifi
object: !!python/object:os.x {}
list:
  - &a x
  - y
  - *a
again: *a
inside: [*a, 1]
last:
- 1
- *a
"""


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"theme": "plain"}, '!ENV [NAME, "x"]', "plain"),
        ({"wifi": "wifi"}, "!secret wifi", "wifi"),
        ({"object": None}, "object: !!python/object:os.x {}\n", ""),
        ({"again": "z"}, "again: *a", "again: z"),
        ({"again": None}, "again: *a\n", ""),
        ({"inside": [1]}, "[*a, 1]", "[1]"),
        ({"last": "z"}, "last:\n- 1\n- *a\n", "last: z\n"),
        ({"new": 1}, "- 1\n- *a\n", "- 1\n- *a\nnew: 1\n"),
    ],
)
def test_tags_of_programs_and_aliases_stay_where_they_are_not_replaced(
    changes: dict[str, Value], old: str, new: str
) -> None:
    after = YAML.edit(TAGGED, changes)
    assert after == TAGGED.replace(old, new)
    for key, value in changes.items():
        assert readers.yaml(after, key) == value


def test_a_file_of_nothing_gets_its_first_keys_and_keeps_its_line_ends() -> None:
    assert YAML.edit("", {"a/b": 1}) == "a:\n  b: 1\n"
    assert YAML.edit("# mine\r\n", {"a": "x"}) == "# mine\r\na: x\r\n"
    assert YAML.edit("---\n", {"a": 1}) == "---\na: 1\n"
    assert YAML.edit("---\n...\n", {"a": 1}) == "---\na: 1\n...\n"
    assert YAML.edit("a: 1", {"b": 2}) == "a: 1\nb: 2\n"
    assert YAML.edit("\ufeffa: 1\n", {"a": 2}) == "\ufeffa: 2\n"


@pytest.mark.parametrize(
    ("text", "key", "value", "told"),
    [
        ("a: [1\n", "a", 1, "line 2: not YAML: expected ',' or ']', but got '<stream end>'"),
        ("a:\n\tb: 1\n", "a", 1, None),
        (
            "a: 1\na: 2\n",
            "a",
            1,
            'line 2: not YAML: found duplicate key "a" with value "2" (original value: "1")',
        ),
        ("- 1\n", "a", 1, "is not a mapping of keys"),
        ("a: 1\n---\na: 2\n", "a", 1, "line 2: not YAML: but found another document"),
        ("a: 1\n", "a/b", 1, "a/b cannot be: a is not a mapping"),
        ("a: [{b: 1}]\n", "a/b", 1, "a/b cannot be: a is not a mapping"),
        (
            "a: &x 1\nb: *x\n",
            "a",
            2,
            "a cannot be edited without harm to what stands around it",
        ),
        (
            "a: &x {c: 1}\nb: *x\n",
            "b/c",
            2,
            "b/c cannot be edited without harm to what stands around it",
        ),
        ("{a: 1, # why\n b: 2}\n", "a", None, "line 1: a stands by a comment"),
        ("a: !x\n  b: 1\n", "a/b", 2, "a/b cannot be edited without harm to what stands around it"),
        ("a: &x\n  b: *x\n", "c", 1, "has more than 100000 values, with those that aliases repeat"),
    ],
)
def test_what_cannot_be_edited_without_loss_is_refused(
    text: str, key: str, value: Value, told: str | None
) -> None:
    with pytest.raises(DialectError) as caught:
        YAML.edit(text, {key: value})
    assert told is None or str(caught.value) == told


def test_aliases_that_repeat_each_other_without_measure_are_refused_at_once() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    told = "has more than 100000 values, with those that aliases repeat"
    assert YAML.problems("\n".join(rows)) == [Problem(1, told)]


def test_values_are_compared_by_their_meaning() -> None:
    text = "a: 0x10\nb: 'x'\nc: {b: 1, a: 2}\nd: >\n  one\n  two\n"
    wanted: dict[str, Value] = {"a": 16, "b": "x", "c": {"a": 2, "b": 1}, "d": "one two\n"}
    assert YAML.actual(text, wanted) == wanted
    assert YAML.edit(text, wanted) == text


@pytest.mark.parametrize("word", ["yes", "Off", "y", "NULL", "~", "1", "1e3", "0x1", "12:30", ""])
def test_a_text_that_some_reader_takes_for_something_else_gets_quotes(word: str) -> None:
    assert YAML.edit("", {"a": word}) == f'a: "{word}"\n'
