"""Layers: lists add, replace or are taken from; merging is associative, and idempotent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_environments import complaint, read

from envwright.spec.document import parse
from envwright.spec.merging import merge, settle
from envwright.spec.shape import Shape
from envwright.spec.source import Source

if TYPE_CHECKING:
    from envwright.spec.tree import Node

TEXTS = {"type": "array", "layers": "add", "identity": "[^=]+", "items": {"type": "string"}}
ROWS = {"type": "array", "layers": "add", "identity": "name", "items": {"type": "object"}}
STEPS = {"type": "array", "layers": "replace", "items": {"type": "string"}}
TABLE: dict[str, Any] = {
    "type": "object",
    "properties": {"texts": TEXTS, "rows": ROWS, "steps": STEPS},
    "additionalProperties": {"type": "string"},
}
TREE = Shape({"type": "object", "additionalProperties": TABLE | {"short": "texts"}}, {})


def tree(text: str) -> Node:
    return parse(Source("layer.yaml", text))


def merged(*layers: str) -> Any:
    """Merge layers, the lowest first; the plain value."""
    node = tree(layers[0])
    for layer in layers[1:]:
        node = merge(node, tree(layer), TREE)
    return settle(node).plain()


@pytest.mark.parametrize(
    ("layers", "value"),
    [
        (("a: {texts: [git, jq]}", "a: {texts: [curl, git]}"), {"texts": ["git", "jq", "curl"]}),
        (("a: {texts: [git, x=1]}", "a: {texts: [x=2, y]}"), {"texts": ["git", "x=2", "y"]}),
        (("a: [git]", "a: {texts: [jq]}"), {"texts": ["git", "jq"]}),
        (("a: {texts: [git]}", "a: [jq]"), {"texts": ["git", "jq"]}),
        (("a: {texts: [git]}", "a: {texts: !replace [jq]}"), {"texts": ["jq"]}),
        (("a: {texts: [git, x=1]}", "a: {texts: !remove [x]}"), {"texts": ["git"]}),
        (("a: {steps: [one]}", "a: {steps: [two]}"), {"steps": ["two"]}),
        (("a: {steps: [one]}", "a: {steps: !append [two]}"), {"steps": ["one", "two"]}),
        (("a: {steps: [one, two]}", "a: {steps: !remove [one]}"), {"steps": ["two"]}),
        (
            ("a: {rows: [{name: x, v: 1}, {name: y}]}", "a: {rows: [{name: x, v: 2}]}"),
            {"rows": [{"name": "x", "v": 2}, {"name": "y"}]},
        ),
        (("a: {x: one, y: two}", "a: !replace {z: three}"), {"z": "three"}),
        (("a: {x: one, y: two}", "a: {x: null}"), {"y": "two"}),
        (("a: {x: one}", "a: null", "a: {y: two}"), {"y": "two"}),
    ],
)
def test_a_layer_adds_replaces_or_removes(layers: tuple[str, ...], value: Any) -> None:
    assert merged(*layers) == {"a": value}


def test_a_null_that_removes_a_key_leaves_no_key() -> None:
    assert merged("a: {x: one}\nb: {}", "a: null") == {"b": {}}
    assert merged("b: {}", "a: null") == {"a": None, "b": {}}


ITEM = st.sampled_from(["a", "b", "c", "a=1", "b=2"])
ROW = st.builds("{{name: {}, v: {}}}".format, st.sampled_from("xyz"), st.integers(0, 2))


def listed(items: st.SearchStrategy[str], tags: tuple[str, ...]) -> st.SearchStrategy[str]:
    parts = st.lists(items, max_size=3, unique_by=lambda item: item.partition("=")[0][:9])
    return st.builds("{} [{}]".format, st.sampled_from(tags), parts.map(", ".join))


def layer(tags: tuple[str, ...], step_tags: tuple[str, ...]) -> st.SearchStrategy[str]:
    values = {
        "texts": listed(ITEM, tags),
        "rows": listed(ROW, tags),
        "steps": listed(st.sampled_from("abc"), step_tags),
        "k": st.sampled_from(["one", "null", "two"]),
    }
    lines = {key: value.map(f"{key}: {{}}".format) for key, value in values.items()}
    table = st.lists(st.sampled_from(sorted(lines)), unique=True).flatmap(
        lambda keys: st.tuples(*(lines[key] for key in keys))
    )
    mapping = table.map(lambda parts: "{" + ", ".join(parts) + "}")
    tagged = st.builds("{} {}".format, st.sampled_from(["", "", "!replace"]), mapping)
    value = st.one_of(tagged, st.just("null"), listed(ITEM, tags))
    return st.builds("s: {}\nt: {}".format, value, value)


ALL = ("", "!append", "!remove", "!replace")


@given(st.tuples(*[layer(ALL, ALL)] * 4))
def test_it_makes_no_difference_which_neighbours_are_merged_first(layers: tuple[str, ...]) -> None:
    lowest, low, high, highest = map(tree, layers)
    left = merge(merge(merge(lowest, low, TREE), high, TREE), highest, TREE)
    right = merge(lowest, merge(low, merge(high, highest, TREE), TREE), TREE)
    middle = merge(lowest, merge(merge(low, high, TREE), highest, TREE), TREE)
    assert settle(left).plain() == settle(right).plain() == settle(middle).plain()


@given(layer(ALL, ALL), layer(("", "!append", "!replace"), ("", "!replace")))
def test_a_layer_that_is_merged_twice_is_as_good_as_once(below: str, over: str) -> None:
    once = merge(tree(below), tree(over), TREE)
    assert settle(merge(once, tree(over), TREE)).plain() == settle(once).plain()


def test_a_file_that_two_files_extend_lies_below_both() -> None:
    Path("base.yaml").write_text("sysctl: {a.b: 1}\npackages: [git, jq]\n", encoding="utf-8")
    for name, more in (("one", "sysctl: {a.b: 2}\npackages: !remove [jq]\n"), ("two", "")):
        text = f"extends: base.yaml\n{more or 'packages: [curl]'}"
        Path(f"{name}.yaml").write_text(text, encoding="utf-8")
    packages, sysctl = read("name: x\nextends: [one.yaml, two.yaml]\n").sections
    assert packages.model_dump() == {"install": ["git", "curl"]}
    assert sysctl.model_dump() == {"a.b": 2}


def test_other_tags_and_tags_that_do_not_fit_are_told() -> None:
    told = "x.yaml:2:11: the tag '{}' does not fit here"
    assert complaint("name: x\npackages: !add [git]\n")[0] == told.format("!add")
    assert complaint("name: x\npackages: !remove git\n")[0] == told.format("!remove")
    assert complaint("name: x\npackages: !append {install: []}\n")[0] == told.format("!append")
