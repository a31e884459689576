"""The house holds: its floors, what may name what, and what everything says of itself."""

from __future__ import annotations

import ast
import functools
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envwright.model.catalogue import discover
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.sample_machines import MACHINES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

HOUSE = Path(__file__).parents[1]
SOURCE = HOUSE / "src" / "envwright"
SCREEN = 45
"""Lines of a function, its docstring among them."""

# From the top floor down. A room is a module or package of src/envwright; it imports from floors
# below its own, and from no other. Imports inside functions and those for typing count, too.
FLOORS: tuple[dict[str, str], ...] = (
    {"__main__": "`python -m envwright`"},
    {"cli": "the command line: reads words and calls the rooms below"},
    {
        "after_restart": "the run that goes on after a restart",
        "fleet": "many machines at once",
        "pull": "a machine that follows a git repository",
    },
    {"restart": "a restart by Windows: what it takes, the saved run, the crossing"},
    {"report": "everything that a person or a program reads; the only room that prints"},
    {"targets": "export to other forms"},
    {"engine": "one machine: context, plan, apply, verify"},
    {"state": "what is kept on the machine"},
    {"cache": "what is kept between runs on the controller"},
    {"spec": "the language: from text to compiled resources"},
    {"resources": "the vocabulary, one word a file"},
    {"model": "protocols: resource, capability, proof, requirement, secret"},
    {"host": "a machine: session, shell, connectors, inventory, probe"},
    {"facts": "what can be asked of a machine, typed"},
    {"portable": "standard library only, copied into exports"},
    {"timings": "where the time of a run goes", "errors": "what a person is told"},
    {"__init__": "the version"},
)
FLOOR = {room: -number for number, rooms in enumerate(FLOORS) for room in rooms}

# Names of capabilities that stand for something else in src/envwright, by room.
OTHER_MEANINGS = {
    ("cli", "environment"): "an argument of the command line",
    ("model", "files"): "what is known to the validators",
    ("portable", "wsl"): "a dialect",
    ("spec", "files"): "what is known to the validators",
    ("spec", "user"): "whose home `{{ home }}` is",
    ("spec", "wsl"): "a fact of a machine",
    ("engine", "user"): "an argument of pyinfra's",
    ("engine", "environment"): "a key of the plan's JSON",
    ("facts", "wsl"): "a fact of a machine",
    ("fleet", "environment"): "a key of a fleet's JSON",
    ("host", "docker"): "a program that leads to machines",
    ("host", "environment"): "a key of pyinfra's data",
    ("pull", "environment"): "an argument of the command line, and a key of its JSON",
    ("resources", "user"): "a word of the vocabulary, of pyinfra and of testinfra",
    ("resources", "wsl"): "a dialect",
    ("restart", "wsl"): "a dialect",
    ("after_restart", "environment"): "a key of the outcome's JSON",
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


def test_a_room_imports_only_from_floors_below() -> None:
    upward = [
        f"{path.relative_to(SOURCE)} imports {room}"
        for path in python_files("src")
        for room in rooms_imported(tree(path)) - {room_of(path)}
        if FLOOR[room] >= FLOOR[room_of(path)]
    ]
    assert upward == ["after_restart.py imports cli", "engine/context.py imports restart"]


DOORS = {"pyinfra": "engine/pyinfra_runner.py", "testinfra": "engine/verify.py"}


@pytest.mark.parametrize(("library", "door"), DOORS.items())
def test_a_library_comes_in_by_one_door(library: str, door: str) -> None:
    users = {
        str(path.relative_to(SOURCE))
        for path in python_files("src")
        for name in imports(tree(path))
        if name.split(".")[0] == library
    }
    # The exported deploy runs inside pyinfra, and never inside envwright.
    assert users - {"targets/deploy_support.py"} == {door}


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
    assert rooms == {"facts", "model", "resources"}


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
