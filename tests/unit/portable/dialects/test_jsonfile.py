"""JSON files keep their formatting, whatever is set or removed in them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.portable.dialects import DialectError, Problem, Value, get

JSON = get("json")
DAEMON = """{
    "log-driver": "local",
    "log-opts": { "max-size": "10m" },

    "hosts": [ "unix://",
               "tcp://" ],
    "debug" : false
}
"""


def test_leaves_are_read_by_their_pointers_in_file_order() -> None:
    text = '{"b": {"x/y": 1, "~": {}}, "a": [1, {"c": 2}], "n": null}'
    assert list(JSON.read(text).items()) == [
        ("b/x~1y", 1),
        ("b/~0", {}),
        ("a", [1, {"c": 2}]),
        ("n", None),
    ]


@pytest.mark.parametrize("text", ["", " \r\n\t", "{}"])
def test_a_text_without_members_has_no_keys(text: str) -> None:
    assert JSON.read(text) == {}
    assert JSON.edit(text, {"a": None, "b/c": None}) == text
    assert JSON.problems(text) == []


def test_an_object_is_looked_up_as_a_whole() -> None:
    wanted: dict[str, Value] = {"log-opts": {"max-size": "10m"}, "hosts": [], "none": 1}
    assert JSON.actual(DAEMON, wanted) == {
        "log-opts": {"max-size": "10m"},
        "hosts": ["unix://", "tcp://"],
    }


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[1]", 1, "not a JSON object"),
        ("\n5", 2, "not a JSON object"),
        ('{\n"a": {"b": 1,\n"b": 2}}', 3, "the name 'b' is twice, remove one of them"),
        ('{"a": [{"\\u0062": 1, "b": 2}]}', 1, "the name 'b' is twice, remove one of them"),
        ('{\n"a": 1\n"b": 2}', 3, "not JSON: Expecting ',' delimiter"),
        ('{"a": 1} x', 1, "not JSON: Extra data"),
        ('{"a": NaN}', None, "not JSON: NaN is no JSON number"),
        ('{\n// why\n"a": 1}', 2, "not JSON: it has no comments, remove this one"),
        ('{"a": 1 /* why */}', 1, "not JSON: it has no comments, remove this one"),
        ('{\n"a": 1,\n}', 3, "not JSON: a comma before the closing bracket, remove it"),
        ('{"a": [1,]}', 1, "not JSON: a comma before the closing bracket, remove it"),
        ("[" * 100_000, None, "nested too deeply"),
    ],
)
def test_a_text_that_is_no_object_of_single_names_is_refused(
    text: str, line: int | None, reason: str
) -> None:
    with pytest.raises(DialectError) as read:
        JSON.read(text)
    with pytest.raises(DialectError) as edit:
        JSON.edit(text, {"a": 1})
    assert (read.value.line, read.value.reason) == (line, reason)
    assert (edit.value.line, edit.value.reason) == (line, reason)
    assert JSON.problems(text) == [Problem(line or 1, reason)]


def test_a_new_file_is_pretty_and_keeps_the_order_of_the_keys() -> None:
    changes: dict[str, Value] = {"z": True, "log/max": "1", "a": [1], "log/min": {"x": {}}}
    assert JSON.edit("", changes) == (
        '{\n  "z": true,\n  "log": {\n    "max": "1",\n    "min": {\n      "x": {}\n    }\n  },\n'
        '  "a": [\n    1\n  ]\n}\n'
    )


def test_a_value_is_replaced_and_nothing_else_touched() -> None:
    assert JSON.edit(DAEMON, {"debug": True}) == DAEMON.replace("false", "true")
    assert JSON.edit(DAEMON, {"log-opts/max-size": "1m"}) == DAEMON.replace("10m", "1m")


def test_a_new_member_follows_the_last_one_as_the_file_is_laid_out() -> None:
    assert JSON.edit(DAEMON, {"runtimes/nvidia/path": "n"}) == DAEMON.replace(
        "false\n",
        'false,\n    "runtimes" : {\n        "nvidia" : {\n            "path" : "n"\n'
        "        }\n    }\n",
    )


def test_a_new_member_of_an_object_on_one_line_stays_on_it() -> None:
    assert JSON.edit(DAEMON, {"log-opts/max-file": {"n": [1]}}) == DAEMON.replace(
        '"10m" }', '"10m", "max-file": {"n": [1]} }'
    )


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ('{"a":1}', '{"a":1,"b":{"c":[1,2]}}'),
        ('{"a": 1}\n', '{"a": 1, "b": {"c": [1, 2]}}\n'),
        (
            '{\r\n\t"a": 1\r\n}',
            '{\r\n\t"a": 1,\r\n\t"b": {\r\n\t\t"c": [\r\n\t\t\t1,\r\n\t\t\t2\r\n\t\t]\r\n\t}\r\n}',
        ),
        ('{ "b": {} }', '{ "b": {"c": [1, 2]} }'),
    ],
)
def test_the_file_s_own_indentation_is_used(text: str, after: str) -> None:
    assert JSON.edit(text, {"b/c": [1, 2]}) == after


@pytest.mark.parametrize(
    ("key", "after"),
    [
        ("a", '{\n  "b": {"c": 1, "d": 2},\n  "e": {"f": {"g": 1}}\n}'),
        ("b/c", '{\n  "a": 0,\n  "b": {"d": 2},\n  "e": {"f": {"g": 1}}\n}'),
        ("b/d", '{\n  "a": 0,\n  "b": {"c": 1},\n  "e": {"f": {"g": 1}}\n}'),
        ("e/f/g", '{\n  "a": 0,\n  "b": {"c": 1, "d": 2}\n}'),
        ("e", '{\n  "a": 0,\n  "b": {"c": 1, "d": 2}\n}'),
    ],
)
def test_a_member_goes_with_its_comma_and_the_objects_that_it_leaves_empty(
    key: str, after: str
) -> None:
    text = '{\n  "a": 0,\n  "b": {"c": 1, "d": 2},\n  "e": {"f": {"g": 1}}\n}'
    assert JSON.edit(text, {key: None}) == after


def test_the_root_stays_when_its_last_member_goes() -> None:
    assert JSON.edit('{\n  "a": {"b": 1}\n}\n', {"a/b": None}) == "{}\n"


def test_an_object_that_was_empty_before_stays() -> None:
    assert JSON.edit('{"a": {}, "b": 1}', {"b": None}) == '{"a": {}}'


@pytest.mark.parametrize(
    ("text", "value"),
    [('{"k": "\\u00e9\\/"}', "é/"), ('{"k": {"b" :1, "a":[ ]}}', {"a": [], "b": 1})],
)
def test_a_value_that_the_file_spells_otherwise_changes_no_byte(text: str, value: Value) -> None:
    assert JSON.edit(text, {"k": value}) == text
    assert JSON.actual(text, {"k": value}) == {"k": value}


@pytest.mark.parametrize(("text", "value"), [("1", True), ("0", False), ("1.0", 1), ('"1"', 1)])
def test_values_of_different_types_are_never_equal(text: str, value: Value) -> None:
    assert JSON.edit(f'{{"k": {text}}}', {"k": value}) == f'{{"k": {json.dumps(value)}}}'


@pytest.mark.parametrize("value", [1, None])
def test_a_key_below_something_that_is_no_object_is_refused(value: Value) -> None:
    with pytest.raises(DialectError) as caught:
        JSON.edit('{"a": {"b": [1]}}', {"a/b/c": value})
    assert str(caught.value) == "a/b/c cannot be: a/b is not an object"


def test_a_key_and_a_part_of_it_cannot_be_changed_at_once() -> None:
    with pytest.raises(DialectError) as caught:
        JSON.edit("{}", {"a": {"x": 1}, "a/b": 1})
    assert str(caught.value) == "a is to be changed twice: a/b is part of it"


def test_a_tilde_that_stands_for_nothing_is_refused() -> None:
    with pytest.raises(DialectError) as caught:
        JSON.edit("{}", {"a~b": 1})
    assert str(caught.value) == "'a~b' is no JSON pointer: '~' in a name is written '~0'"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, (1,), b"x"])
def test_a_value_that_json_does_not_have_is_refused(value: Value) -> None:
    with pytest.raises(DialectError) as caught:
        JSON.edit('{"k": 1}', {"k": value})
    assert str(caught.value).startswith(f"{value!r} is no JSON value")


def test_what_no_utf8_file_can_hold_is_escaped() -> None:
    assert JSON.edit("", {"k": "\ud800é"}) == '{\n  "k": "\\ud800é"\n}\n'


names = st.sampled_from(["a", "b", "c/d", "~"])
trees: st.SearchStrategy[Value] = st.recursive(
    st.one_of(st.booleans(), st.integers(-3, 3), st.text(max_size=3), st.just([{"a": 1}])),
    lambda inner: st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)


def with_value(tree: Value, path: list[str], value: Value) -> Value:
    """What an edit should make of a tree, by plain dictionaries."""
    if not path:
        return value
    assert isinstance(tree, dict)
    inner = with_value(tree.get(path[0], {}), path[1:], value)
    return {**tree, path[0]: inner}


@given(
    tree=st.dictionaries(names, trees, max_size=4),
    path=st.lists(names, min_size=1, max_size=3),
    value=trees,
    indent=st.sampled_from([None, 1, 3, "\t"]),
)
@settings(max_examples=100, deadline=None)
def test_json_loads_sees_the_edited_tree_laid_out_as_before(
    tree: dict[str, Value], path: list[str], value: Value, indent: int | str | None
) -> None:
    text = json.dumps(tree, indent=indent, ensure_ascii=False)
    key = "/".join(name.replace("~", "~0").replace("/", "~1") for name in path)
    try:
        expected = with_value(tree, path, value)
    except AssertionError:
        with pytest.raises(DialectError):
            JSON.edit(text, {key: value})
    else:
        after = JSON.edit(text, {key: value})
        assert json.dumps(json.loads(after)) == json.dumps(expected)
        if after != text and tree and indent is not None:
            assert after == json.dumps(expected, indent=indent, ensure_ascii=False)
