"""JSON with comments: edits keep the comments, and JavaScript reads what we read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.portable import readers
from envwright.portable.dialects import DialectError, Value, get

JSONC = get("jsonc")
SETTINGS = """\
// Settings of the team
{
    "editor.fontSize": 12, // small
    /* about files */
    "files.exclude": {
        "**/.git": true, // never
    },
    "url": "https://x.test/*", // last
}
"""


def test_a_value_is_changed_and_every_other_byte_stays() -> None:
    changes: dict[str, Value] = {"editor.fontSize": 14, "url": "//"}
    assert JSONC.edit(SETTINGS, changes) == SETTINGS.replace("12", "14").replace(
        '"https://x.test/*"', '"//"'
    )
    assert JSONC.edit(SETTINGS, {"editor.fontSize": 12}) == SETTINGS


def test_a_new_member_goes_behind_the_comment_of_the_last_one() -> None:
    after = JSONC.edit(SETTINGS, {"new": [1], "files.exclude/**~1x": False})
    assert after == SETTINGS.replace(
        "true, // never\n", 'true, // never\n        "**/x": false,\n'
    ).replace("// last\n", '// last\n    "new": [\n        1\n    ],\n')
    assert JSONC.edit('{\n  "a": 1 // one\n}', {"b": 2}) == '{\n  "a": 1, // one\n  "b": 2\n}'
    assert JSONC.edit('{"a": 1, /* x */ "b": 2, }', {"c": 3}) == '{"a": 1, /* x */ "b": 2, "c": 3 }'
    assert JSONC.edit('{"a": 1 /* x */}', {"c": 3}) == '{"a": 1, "c": 3 /* x */}'


def test_a_removed_member_takes_the_comment_on_its_line_and_no_other() -> None:
    text = '{\n  // one\n  "a": 1, // a\n  // two\n  "b": 2 // b\n}\n'
    assert JSONC.edit(text, {"a": None}) == '{\n  // one\n  // two\n  "b": 2 // b\n}\n'
    assert JSONC.edit(text, {"b": None}) == '{\n  // one\n  "a": 1 // a\n  // two\n}\n'
    assert JSONC.edit(SETTINGS, {"url": None}) == SETTINGS.replace(
        '    "url": "https://x.test/*", // last\n', ""
    )


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("", '{\n  "a": 1\n}\n'),
        ("// mine\n", '// mine\n{\n  "a": 1\n}\n'),
        ("{\n  // nothing yet\n}\n", '{\n  // nothing yet\n  "a": 1\n}\n'),
        ("{ /* nothing */ }", '{ /* nothing */\n  "a": 1\n}'),
    ],
)
def test_a_file_without_members_gets_its_first_below_its_comments(text: str, after: str) -> None:
    assert JSONC.edit(text, {"a": 1}) == after


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{\n"a": 1,\n"a": 2}', "line 3: the name 'a' is twice, remove one of them"),
        ('{"a": 1,, }', "line 1: not JSON: a comma before the closing bracket, remove it"),
        ("[1]", "line 1: not a JSON object"),
        ("{'a': 1}", "line 1: not JSON: Expecting property name enclosed in double quotes"),
    ],
)
def test_what_an_editor_would_read_otherwise_is_refused_by_its_line(text: str, told: str) -> None:
    with pytest.raises(DialectError) as caught:
        JSONC.edit(text, {"a": 1})
    assert str(caught.value) == told


NOTES = st.sampled_from(["", " // n", " /* n, } */", '\n  // "a": 1,'])
VALUES = st.sampled_from(['"// no"', "[1, 2,]", '{"x": 1, // in\n }', '"a,}"', "1e3", '"\\"/*"'])
MEMBERS = st.lists(st.tuples(st.sampled_from("abcd"), VALUES, NOTES), unique_by=lambda m: m[0])
CHANGES: st.SearchStrategy[Value] = st.sampled_from([None, 5, "//", [1], {"k": "v"}])


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, str, Value]:
    """A text, a key, and what becomes of it."""
    members = draw(MEMBERS)
    last, ending = draw(st.sampled_from(["", ","])), draw(st.sampled_from(["\n", "\r\n"]))
    rows = [
        f'  "{name}": {value}{"," if name != members[-1][0] else last}{note}'
        for name, value, note in members
    ]
    text = "\n".join(["{", *rows, "}", ""]).replace("\n", ending)
    return text, draw(st.sampled_from("abcde")), draw(CHANGES)


def comments(text: str) -> list[str]:
    found = re.findall(r'"(?:[^"\\]|\\.)*"|(//[^\r\n]*|/\*.*?\*/)', text)
    return [comment for comment in found if comment]


@pytest.mark.skipif(not shutil.which("node"), reason="there is no node")
@settings(max_examples=10, deadline=None)
@given(st.lists(edits(), min_size=20, max_size=20))
def test_javascript_reads_what_we_read_before_and_after_an_edit(
    cases: list[tuple[str, str, Value]],
) -> None:
    after = [JSONC.edit(text, {key: value}) for text, key, value in cases]
    texts = [*(text for text, _, _ in cases), *after]
    program = "console.log(JSON.stringify(JSON.parse(process.argv[1]).map(t => eval(`(${t})`))))"
    argv = ["node", "-e", program.replace("eval(`(${t})`)", "eval('('+t+')')"), json.dumps(texts)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    seen = json.loads(done.stdout)
    for (text, key, value), new, old, now in zip(
        cases, after, seen[: len(cases)], seen[len(cases) :], strict=True
    ):
        expected = {k: v for k, v in {**old, key: value}.items() if v is not None}
        assert now == expected
        assert readers.jsonc(new, key) == value
        if key not in old:
            assert comments(new) == comments(text)
