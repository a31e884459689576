"""Where a script of sh holds a text in such a way that the shell acts on it: outside of quotes."""

from __future__ import annotations

import re

_HEREDOC = re.compile(r"<<(?!<)(-?)[ \t]*(['\"\\]?)([\w.]+)")


def exposed(script: str, text: str) -> list[str]:
    """Return the lines on which the text stands, but for those where single quotes hold it.

    A comment, a here-document whose end is quoted, and a character behind a backslash are safe,
    too. Double quotes are not: the shell runs $(...) in them.
    """
    reader = _Reader(script)
    reader.code(0)
    starts = [found.start() for found in re.finditer(re.escape(text), script)]
    return [
        script[script.rfind("\n", 0, start) + 1 :].split("\n", 1)[0]
        for start in starts
        if not all(reader.safe[start : start + len(text)])
    ]


class _Reader:
    """Reads a script as sh does (dash(1), Quoting); `safe` says which characters are only text."""

    def __init__(self, script: str) -> None:
        self.safe = bytearray(len(script))
        self._script = script
        self._documents: list[re.Match[str]] = []

    def code(self, at: int, *, within: bool = False) -> int:
        """Read commands; `within` parentheses, up to the one that closes; return where they end."""
        script, depth = self._script, 1
        while at < len(script):
            char = script[at]
            if char == "\\":
                at = self._text(at, at + 2)
            elif char == "'":
                at = self._text(at, script.find("'", at + 1) + 1 or len(script))
            elif char == '"':
                at = self._double(at + 1)
            elif char == "#" and (at == 0 or script[at - 1] in " \t\n;(&|"):
                end = script.find("\n", at)
                at = self._text(at, len(script) if end < 0 else end)
            elif found := _HEREDOC.match(script, at):
                self._documents.append(found)
                at = found.end()
            elif char == "\n" and self._documents:
                at = self._document(at + 1)
            else:
                depth += (char == "(") - (char == ")")
                at += 1
                if within and depth == 0:
                    break
        return at

    def _text(self, start: int, end: int) -> int:
        self.safe[start:end] = b"\1" * (min(end, len(self._script)) - start)
        return end

    def _double(self, at: int) -> int:
        while at < len(self._script):
            if self._script.startswith("$(", at):
                at = self.code(at + 2, within=True)
            elif self._script[at] == '"':
                return at + 1
            else:
                at += 2 if self._script[at] == "\\" else 1
        return at

    def _document(self, start: int) -> int:
        dash, quoted, end = self._documents.pop(0).groups()
        tabs = r"\t*" if dash else ""
        last = re.compile(rf"^{tabs}{re.escape(end)}$", re.MULTILINE)
        found = last.search(self._script, start)
        stop = found.end() if found else len(self._script)
        return self._text(start, stop) if quoted else stop
