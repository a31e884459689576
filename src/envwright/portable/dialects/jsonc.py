r"""JSON with comments (`jsonc`): settings of editors, tsconfig.json, devcontainer.json.

The grammar is that of the parser `jsonc-parser` as Visual Studio Code uses it for its settings:
JSON, `//` and `/* */` comments, and a comma before a closing bracket. The text without these is
JSON: they are blanked out, so that every offset stays, and the JSON dialect reads the rest.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import DialectError
from .jsonfile import JsonDialect, Style, line_indent
from .text import line_ending

if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import Dialect, Value
    from .jsonspans import Member, Node

_TOKEN = re.compile(r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"|(?P<comment>//[^\r\n]*|/\*.*?\*/)', re.DOTALL)
_LAST_COMMA = re.compile(r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"|(?P<comma>,)(?=[ \t\r\n]*[}\]])', re.DOTALL)
_REST = re.compile(r"[ \t]*(?P<comma>,)?[ \t]*(?://[^\r\n]*|/\*[^\r\n]*?\*/)?[ \t]*(?=\r?\n)")
"""What stands behind a value on its line: a comma, a comment."""


class JsoncDialect(JsonDialect):
    """As the JSON dialect; comments and commas before a closing bracket stay where they are.

    A new member goes behind the comment that stands on the last member's line. A member that is
    removed takes the comment on its own line with it.
    """

    name = "jsonc"

    def plain(self, text: str) -> str:
        """The text with blanks in the place of comments and last commas."""
        without = self._without_comments(text)
        return _LAST_COMMA.sub(lambda m: " " if m["comma"] else m[0], without)

    def edit(self, text: str, changes: Mapping[str, Value]) -> str:
        """As the JSON dialect; what would not be read back as it should be is not written."""
        after = super().edit(text, changes)
        for key, value in changes.items():
            wanted = {} if value is None else {key: value}
            if self.actual(after, {key: value}) != wanted:
                raise DialectError(f"{key} cannot be set without harm to a comment beside it")
        return after

    def _without_comments(self, text: str) -> str:
        return _TOKEN.sub(lambda m: _blank(m[0]) if m["comment"] else m[0], text)

    def added(self, text: str, node: Node, name: str, value: Value, style: Style) -> str:
        """The text with a new last member."""
        if not node.members:
            return _into_empty(text, node, name, value, style)
        end = node.members[-1].node.end
        rest = _REST.match(text, end)
        if rest is None:
            # The closing bracket stands on the same line.
            behind = self._without_comments(text)[end:]
            if behind.lstrip(" \t\r\n").startswith(","):
                cut = end + behind.index(",")
                return self.added(text[:cut] + text[cut + 1 :], node, name, value, style)
            return style.add(text, node, name, value)
        comma = bool(rest["comma"])
        start = node.members[-1].start
        newline = line_ending(text)
        indent = line_indent(text, start)
        member = f"{newline}{indent}{style.member(name, value, indent)}"
        first = text[:end] + ("" if comma else ",")
        return first + text[end : rest.end()] + member + ("," if comma else "") + text[rest.end() :]

    def removed(self, text: str, parent: Node, member: Member) -> str:
        """The text without a member."""
        before = text[: member.start].rstrip(" \t")
        rest = _REST.match(text, member.node.end)
        own_line = before.endswith("\n") and rest is not None
        if rest is None or not own_line:
            return super().removed(text, parent, member)
        end = text.index("\n", rest.end()) + 1
        cut = before + text[end:]
        index = (parent.members or ()).index(member)
        if rest["comma"] or not index:
            return cut
        # The member before it keeps no comma, where this one had none.
        behind = (parent.members or ())[index - 1].node.end
        comma = behind + self.plain(text)[behind:].index(",")
        return cut[:comma] + cut[comma + 1 :]


def _blank(comment: str) -> str:
    return re.sub(r"[^\r\n]", " ", comment)


def _into_empty(text: str, node: Node, name: str, value: Value, style: Style) -> str:
    """The text with a first member; a comment in the braces stays above it."""
    inside = text[node.start + 1 : node.end - 1]
    if not inside.strip(" \t\r\n"):
        return style.add(text, node, name, value)
    newline, outer = line_ending(text), line_indent(text, node.start)
    indent = outer + (style.unit or "  ")
    member = f"{newline}{indent}{style.member(name, value, indent)}{newline}{outer}"
    kept = inside.rstrip(" \t\r\n")
    return f"{text[: node.start + 1]}{kept}{member}{text[node.end - 1 :]}"


DIALECTS: Mapping[str, Dialect] = {"jsonc": JsoncDialect()}
