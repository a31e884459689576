"""The house holds: its floors, what may name what, and what everything says of itself."""

from __future__ import annotations

import ast
import functools
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envwright.capability import discover
from envwright.compiler import compile_environment
from envwright.environment import load
from envwright.samples import MACHINES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

HOUSE = Path(__file__).parents[1]
SOURCE = HOUSE / "src" / "envwright"
SCREEN = 45
"""Lines of a function, its docstring among them."""

# A room is a module or package of src/envwright. It imports from its own floor and from those
# below, never from one above; within a floor nothing goes in a circle.
FLOORS = {
    1: {
        "errors": "what a person is told, and the exit codes",
        "advice": "what is known of the words of failed commands",
        "facts": "what can be known of a machine",
        "inquiry": "many scripts as one",
        "process": "a started process",
        "shell": "one shell, framed",
        "hosts": "the way to a shell on each machine",
        "transport": "one session to a machine",
        "resource": "the protocol of a resource",
        "dialects": "keys of files, edited without loss",
        "openpgp": "fingerprints of keys",
        "checksums": "checksums of files, as they are published",
        "store": "files kept between runs",
        "timings": "where the time went",
        "views": "the same keys, read by the witness",
    },
    2: {
        "resources": "the vocabulary, one word a file",
        "probe": "all questions as one script",
        "capability": "the base of a capability, and discovery",
        "secrets": "named in an environment, shown nowhere",
        "contents": "the bytes that a file gets",
    },
    3: {
        "language": "from the text of a file to checked values, each with its place",
        "environment": "YAML to a typed Environment",
        "schema": "the JSON Schema of environments",
        "rehearsal": "what checks ask, asked at once",
        "samples": "machines to compile for where there is none",
        "inventory": "which machine has which environment",
    },
    4: {"compiler": "an Environment to ordered resources"},
    5: {
        "ahead": "what was asked then, asked at once",
        "cache": "compiled environments, kept",
        "notes": "what found nothing to do",
        "plan": "what a machine lacks",
        "stages": "what waits for a restart",
        "restart": "a restart by Windows, and its proof",
        "resume": "what goes on after it",
        "unattended": "apply, across it",
        "apply": "what differs, made so",
        "engine": "the one door to pyinfra",
        "journal": "one run at a time, and what it did",
        "verify": "the one door to testinfra",
        "pytest_plugin": "the same checks for those who call pytest",
        "export": "a deploy without envwright",
        "exported": "what that deploy takes along",
        "explain": "a capability in words",
        "docs": "the documents that are made",
        "report": "the one that prints",
        "job": "one environment on one machine, its session open",
        "pull": "a machine that follows a repository by itself",
        "fleet": "several machines at the same time",
    },
    6: {
        "arguments": "the grammar of the command line",
        "cli": "verbs",
        "resumed": "the run that goes on after a restart",
        "__main__": "python -m envwright",
        "__init__": "the version",
    },
}
FLOOR = {room: floor for floor, rooms in FLOORS.items() for room in rooms}

# Names of capabilities that stand for something else in src/envwright, by room.
OTHER_MEANINGS = {
    ("arguments", "environment"): "an argument of the command line",
    ("capability", "files"): "what is known to the validators",
    ("dialects", "wsl"): "a dialect",
    ("environment", "files"): "what is known to the validators",
    ("environment", "user"): "whose home `{{ home }}` is",
    ("engine", "user"): "an argument of pyinfra's",
    ("facts", "wsl"): "a fact of a machine",
    ("fleet", "environment"): "a key of a fleet's JSON",
    ("hosts", "docker"): "a program that leads to machines",
    ("inventory", "environment"): "a key of pyinfra's data",
    ("plan", "environment"): "a key of the plan's JSON",
    ("pull", "environment"): "an argument of the command line, and a key of its JSON",
    ("resources", "user"): "a word of the vocabulary, of pyinfra and of testinfra",
    ("resources", "wsl"): "a dialect",
    ("resume", "wsl"): "a dialect",
    ("resumed", "environment"): "a key of the outcome's JSON",
    ("language", "wsl"): "a fact of a machine",
}


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (HOUSE / folder).rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(SOURCE).with_suffix("").parts[0]


def imports(node: ast.AST) -> Iterator[str]:
    """The full names of what is imported anywhere in a tree, relative ones left out."""
    for part in ast.walk(node):
        if isinstance(part, ast.Import):
            yield from (alias.name for alias in part.names)
        elif isinstance(part, ast.ImportFrom) and part.module and not part.level:
            yield from (f"{part.module}.{alias.name}" for alias in part.names)


def rooms_imported(node: ast.AST) -> set[str]:
    names = [name.split(".") for name in imports(node) if name.startswith("envwright.")]
    return {parts[1] if parts[1] in FLOOR else "__init__" for parts in names}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_every_room_stands_on_a_floor() -> None:
    assert {room_of(path) for path in python_files("src")} - {"py"} == set(FLOOR)


def test_a_room_imports_only_from_its_own_floor_and_from_those_below() -> None:
    upward = [
        f"{path.relative_to(SOURCE)} (floor {FLOOR[room_of(path)]}) imports {room}"
        for path in python_files("src")
        for room in rooms_imported(tree(path)) - {"__init__"}
        if FLOOR[room] > FLOOR[room_of(path)]
    ]
    assert upward == []


def test_nothing_imports_in_a_circle() -> None:
    """Counted are the imports at the head of a module, as Python makes them."""
    before: dict[str, set[str]] = {room: set() for room in FLOOR}
    for path in python_files("src"):
        for node in tree(path).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                before[room_of(path)] |= rooms_imported(node) - {room_of(path), "__init__"}
    while free := [room for room, needs in before.items() if not needs & before.keys()]:
        for room in free:
            del before[room]
    assert before == {}


@pytest.mark.parametrize(("library", "room"), [("pyinfra", "engine"), ("testinfra", "verify")])
def test_a_library_comes_in_by_one_door(library: str, room: str) -> None:
    users = {
        room_of(path)
        for path in python_files("src")
        for name in imports(tree(path))
        if name.split(".")[0] == library
    }
    # The exported deploy runs inside pyinfra, and never inside envwright.
    assert users - {"exported"} == {room}


def test_only_the_report_prints() -> None:
    printing = {
        room_of(path)
        for path in python_files("src")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    }
    assert printing == {"report"}


def test_the_engine_names_no_capability() -> None:
    named = {
        (room_of(path), node.value)
        for path in python_files("src")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and node.value in discover()
    }
    assert named == set(OTHER_MEANINGS)


def test_nothing_imports_a_capability_by_name() -> None:
    named = [
        f"{path.relative_to(HOUSE)}: {name}"
        for path in python_files("src", "tests", "deploys")
        for name in imports(tree(path))
        if name.startswith("envwright.deploys") or name.split(".")[0] == "deploys"
    ]
    assert named == []


def test_a_capability_imports_only_what_describes() -> None:
    rooms = {room for path in python_files("deploys") for room in rooms_imported(tree(path))}
    assert rooms == {"capability", "facts", "resource", "resources", "secrets"}


def test_every_function_fits_on_a_screen() -> None:
    long = [
        f"{path.relative_to(HOUSE)}: {node.name} has {lines} lines"
        for path in python_files("src", "deploys", "tests")
        for node in functions(path)
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > SCREEN
    ]
    assert long == []


def test_every_file_begins_with_what_it_is() -> None:
    silent = [
        str(path.relative_to(HOUSE))
        for path in python_files("src", "deploys", "templates", "tests", "inventories")
        if not path.read_text("utf-8").startswith(('"""', 'r"""'))
        or not ast.get_docstring(tree(path))
    ]
    assert silent == []


def test_there_is_no_drawer_for_odds_and_ends() -> None:
    names = {path.stem for path in python_files("src", "deploys", "tests")}
    assert names & {"utils", "util", "helpers", "helper", "misc", "common", "tools"} == set()


def test_tests_mirror_the_house() -> None:
    tested = {
        path.relative_to(HOUSE / "tests" / "unit").with_name(path.name.removeprefix("test_"))
        for path in (HOUSE / "tests" / "unit").rglob("test_*.py")
    }
    words = {Path("resources", path.name) for path in (SOURCE / "resources").glob("[!_]*.py")}
    capabilities = {Path("deploys", path.name) for path in (HOUSE / "deploys").glob("[!_]*.py")}
    assert (words | capabilities) - tested == set()


# --- What capabilities say of themselves (law 10) ---------------------------------------------


def models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model, and those in its fields."""
    yield model
    for field in model.model_fields.values():
        for part in parts(field.annotation):
            if hasattr(part, "model_fields"):
                yield from models(part)


def parts(annotation: object) -> Iterator[type[BaseModel]]:
    """What an annotation like `dict[str, Part | None]` is made of."""
    inner = getattr(annotation, "__args__", ())
    if inner:
        yield from itertools.chain.from_iterable(map(parts, inner))
    elif isinstance(annotation, type):
        yield annotation


@pytest.mark.parametrize("name", discover())
def test_every_key_of_a_capability_is_described(name: str) -> None:
    silent = [
        f"{model.__qualname__}.{key}"
        for model in models(discover()[name])
        for key, field in model.model_fields.items()
        if key != "root" and not (field.description or "").strip()
    ]
    assert silent == []


@pytest.mark.parametrize("name", discover())
def test_every_part_of_a_capability_has_a_docstring(name: str) -> None:
    silent = [
        model.__qualname__ for model in models(discover()[name]) if "__doc__" not in vars(model)
    ]
    assert silent == []


@pytest.mark.parametrize("name", discover())
def test_every_example_is_a_section_that_does_something(name: str, tmp_path: Path) -> None:
    section = discover()[name]
    file = tmp_path / "example.yaml"
    file.write_text(f"name: example\n{section.example}")
    for machine in MACHINES:
        environment = load(file, machine)
        (read,) = environment.sections
        made = compile_environment(environment, machine)
        assert (read.section, bool(made.resources)) == (name, True)


@pytest.mark.parametrize(
    "path", sorted((HOUSE / "environments").glob("*.yaml")), ids=lambda p: p.stem
)
def test_every_environment_of_the_house_is_good_everywhere(path: Path) -> None:
    made = [compile_environment(load(path, machine), machine) for machine in MACHINES]
    assert [(one.name, bool(one.resources)) for one in made] == [(path.stem, True)] * len(MACHINES)
