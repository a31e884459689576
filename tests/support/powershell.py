"""PowerShell, parsed: the commands of a script, and what its literals stand for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

if TYPE_CHECKING:
    from collections.abc import Iterator

PARSER = Parser(Language(tree_sitter_powershell.language()))


def nodes(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the text."""
    yield node
    for child in node.children:
        yield from nodes(child)


def parse(text: str) -> Node:
    """Parse a script; what is no PowerShell is an assertion that fails, with its place."""
    root = PARSER.parse(text.encode()).root_node
    faults = [
        f"line {node.start_point.row + 1}: {words(node)}"
        for node in nodes(root)
        if node.is_error or node.is_missing
    ]
    assert faults == []
    return root


def words(node: Node) -> str:
    """The text of a node."""
    return (node.text or b"").decode()


def commands(root: Node) -> set[str]:
    """The names of all commands that are called."""
    return {words(node) for node in nodes(root) if node.type == "command_name"}


def literals(root: Node) -> list[str]:
    """What the single-quoted literals of a script stand for, as PowerShell reads them."""
    found = [words(node) for node in nodes(root) if node.type == "verbatim_string_characters"]
    return [re.sub("(['\u2018\u2019\u201a\u201b])\\1", r"\1", text[1:-1]) for text in found]
