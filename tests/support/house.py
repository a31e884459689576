"""What the modules of a source tree import and name, read from their text; nothing is run."""

from __future__ import annotations

import ast
import functools
import graphlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

HOUSE = Path(__file__).parents[2]
SOURCE = HOUSE / "src" / "envwright"
PACKAGE = "envwright"

_NAME_IN_TEXT = re.compile(rf"(?<![\w.-]){PACKAGE}(?:\.[A-Za-z_]\w*)+")


@dataclass(frozen=True)
class Module:
    """A module of the package: its full name, its file and what stands in it."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        """The part of the package that the module belongs to; `__init__` is the package itself."""
        return room_of(self.name)

    def imports(self) -> Iterator[str]:
        """Yield the full name of all that it imports."""
        is_package = self.path.name == "__init__.py"
        return imports(self.tree, self.name if is_package else self.name.rpartition(".")[0])


@functools.cache
def parse(path: Path) -> ast.Module:
    """Return what stands in a file of Python."""
    return ast.parse(path.read_text("utf-8"), str(path))


def python_files(*folders: str) -> list[Path]:
    """Return the files of Python in folders of this checkout."""
    return sorted(path for folder in folders for path in (HOUSE / folder).rglob("*.py"))


def modules(source: Path) -> dict[str, Module]:
    """Return the modules of the package in a folder, by their full names."""
    found = {}
    for path in sorted(source.rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        name = ".".join([PACKAGE, *(parts[:-1] if parts[-1] == "__init__" else parts)])
        found[name] = Module(name, path, parse(path))
    return found


def room_of(name: str) -> str:
    """Return the room of a module of the package, by its full name."""
    return name.split(".")[1] if "." in name else "__init__"


def imports(tree: ast.AST, package: str = "") -> Iterator[str]:
    """Yield the full name of all that a module imports, wherever in it and for whatever reason.

    Imports inside functions and those for typing count. So do the names of modules in strings:
    importlib, `python -m` and preload lists import by these.

    Args:
        tree: what stands in the module.
        package: the full name of the package that relative imports start from.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: 1 - node.level or None] if node.level else []
            origin = [*above, *([node.module] if node.module else [])]
            yield from (".".join([*origin, alias.name]) for alias in node.names)
    for text in strings(tree):
        yield from _NAME_IN_TEXT.findall(text)


def strings(tree: ast.AST) -> Iterator[str]:
    """Yield the strings of a module that are no docstrings, those of f-strings among them."""
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in statements:
                yield text


def arrows(source: Path) -> dict[str, set[str]]:
    """Return which modules of the package each module of it imports."""
    known = modules(source)
    found = {
        name: {target for text in module.imports() if (target := _module_in(text, known))}
        for name, module in known.items()
    }
    return {name: targets - {name} for name, targets in found.items()}


def _module_in(name: str, known: Collection[str]) -> str:
    """Return the module of the package that a name lies in, as a function lies in its module."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name


# --- The laws: each returns what breaks it ----------------------------------------------------


def upward(source: Path, floors: Mapping[str, int]) -> list[str]:
    """Return the imports of a room that is not below the room that imports it."""
    return [
        f"{name} imports {target}"
        for name, targets in arrows(source).items()
        for target in sorted(targets)
        if room_of(name) != room_of(target) and floors[room_of(target)] >= floors[room_of(name)]
    ]


def circle(source: Path) -> list[str]:
    """Return modules of which each imports the one before it and the first is the last, if any."""
    try:
        graphlib.TopologicalSorter(arrows(source)).prepare()
    except graphlib.CycleError as error:
        names: list[str] = error.args[1]
        return names
    return []


def importers(source: Path, room: str) -> set[str]:
    """Return the rooms that import a room."""
    return {
        room_of(name)
        for name, targets in arrows(source).items()
        if room in {room_of(target) for target in targets}
    } - {room}


def computed(source: Path) -> list[str]:
    """Return where a module is imported by a name of which the room is computed."""
    return [
        f"{name}:{node.lineno}"
        for name, module in modules(source).items()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.JoinedStr)
        and any(part.endswith(f"{PACKAGE}.") for part in map(_constant, node.values[:-1]))
    ]


def _constant(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else ""


def named(source: Path, words: Collection[str]) -> set[tuple[str, str]]:
    """Return which rooms name which of some words, each a string of its own."""
    return {
        (module.room, text)
        for module in modules(source).values()
        for text in strings(module.tree)
        if text in words
    }


def words_named(source: Path, words: Collection[str]) -> set[tuple[str, str]]:
    """Return which rooms name which words of the vocabulary: whole, or at the head of an id."""
    return {
        (module.room, word)
        for module in modules(source).values()
        if module.room != "resources"
        for text in strings(module.tree)
        if (word := text.partition(":")[0]) in words
    }
