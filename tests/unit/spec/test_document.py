"""A document is read as YAML 1.2, and every node knows its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from envwright.spec.document import DEPTH_LIMIT, parse, read_document
from envwright.spec.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.spec.tree import Node


def plain(text: str) -> Any:
    return parse(Source("x.yaml", text)).plain()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("022", 22),
        ("0o17", 15),
        ("0x1F", 31),
        ("-3", -3),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("3.10", 3.1),
        ("-1e3", -1000.0),
        (".5", 0.5),
        ("-9223372036854775808", -(1 << 63)),
        ("0xffffffffffffffff", (1 << 64) - 1),
        ("1.2.3", "1.2.3"),
        ("12:30", "12:30"),
        ("2026-01-31", "2026-01-31"),
        ("=", "="),
        ('"022"', "022"),
        ("! 22", "22"),
        ("!!str 22", "22"),
        ("!!float 22", 22.0),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_scalars_are_those_of_the_core_schema(text: str, value: object) -> None:
    got = plain(f"key: {text}")["key"]
    assert (type(got), got) == (type(value), value)


def test_every_node_knows_its_line_and_column() -> None:
    root = parse(Source("x.yaml", "name: dev\ndocker:\n  users: [a,\n          b]\n"))
    found: list[tuple[object, int, int]] = []

    def walk(node: Node) -> None:
        if isinstance(node.value, tuple):
            for item in node.value:
                walk(item)
        elif isinstance(node.value, Mapping):
            for key, entry in node.value.items():
                found.append((key, entry.at.line, entry.at.column))
                walk(entry.node)
        else:
            found.append((node.value, node.at.line, node.at.column))

    walk(root)
    assert found == [
        ("name", 1, 1),
        ("dev", 1, 7),
        ("docker", 2, 1),
        ("users", 3, 3),
        ("a", 3, 11),
        ("b", 4, 11),
    ]


def test_aliases_and_merge_keys_are_followed() -> None:
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {<<: [{x: 4}, *a]}\nd: [*a]\n"
    assert plain(text) == {
        "a": {"x": 1, "y": 2},
        "b": {"y": 3, "x": 1},
        "c": {"x": 4, "y": 2},
        "d": [{"x": 1, "y": 2}],
    }


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xef\xbb\xbfname: dev\r\ndocker: {}\r\n")
    assert read_document(tmp_path / "x.yaml").plain() == {"name": "dev", "docker": {}}


def test_values_may_be_nested_to_the_limit() -> None:
    text = "[" * (DEPTH_LIMIT - 1) + "1" + "]" * (DEPTH_LIMIT - 1)
    value = plain(text)
    for _ in range(DEPTH_LIMIT - 1):
        (value,) = value
    assert value == 1
