"""The house holds: its floors, the doors of its libraries, and what no room of it names."""

from __future__ import annotations

import ast

import pytest
from house import (
    HOUSE,
    SOURCE,
    circle,
    computed,
    importers,
    imports,
    modules,
    named,
    parse,
    python_files,
    room_of,
    upward,
    words_named,
)
from vocabulary import words

from envwright.model.catalogue import discover

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
    {"workflow": "plan, ask, apply, restart, verify, exit code: the one sequence of every run"},
    {"restart": "a restart by Windows: what it takes, the saved run, the crossing"},
    {"report": "everything that a person or a program reads; the only room that prints"},
    {
        "bench": "figures of a machine: how fast its file systems are",
        "capture": "an environment read from a machine",
        "targets": "export to other forms",
    },
    {"engine": "one machine: context, plan, apply, verify"},
    {
        "fetch": "what comes from elsewhere: git, web servers, and the layers in them",
        "state": "what is kept on the machine",
    },
    {"cache": "what is kept between runs on the controller"},
    {"spec": "the language: from text to compiled resources"},
    {"resources": "the vocabulary, one word a file"},
    {"model": "protocols: resource, capability, proof, requirement, secret"},
    {"host": "a machine: session, shell, connectors, inventory, probe"},
    {"facts": "what can be asked of a machine, typed"},
    {"portable": "standard library only, copied into exports"},
    {
        "errors": "what a person is told",
        "scripts": "shell scripts that are files",
        "timings": "where the time of a run goes",
    },
    {"__init__": "the version"},
)
FLOOR = {room: -number for number, rooms in enumerate(FLOORS) for room in rooms}

OTHER_MEANINGS = {
    "checks": "what verify makes: proofs and witnesses",
    "commands": "an argument of pyinfra's",
    "compose": "the reader of YAML's method that returns the nodes of a file",
    "cron": "the program that reads crontabs",
    "docker": "the program that leads to a container",
    "environment": "the file that a person names",
    "git": "the program that a machine follows a repository with, and a hint names",
    "path": "where something lies on a machine",
    "podman": "the program that leads to a container",
    "proxy": "the address of the program behind a site of a web server",
    "ssh": "the program that leads to a machine",
    "swap": "a type of the table of mounts, a key of .wslconfig, and a kind of unit",
    "time": "when something happened, in records",
    "user": "an account: a word of the vocabulary, an argument of pyinfra and testinfra",
    "users": "an option of mount(8)",
    "wsl": "a kind of machine, and the dialect of its files",
}
"""The names of capabilities that are words of the engine, too, and what the engine means by them.

No other name of a capability stands in src/envwright. That the engine treats none of these as a
capability is shown by a capability that compiles to the same under another name.
"""


def test_every_room_stands_on_a_floor() -> None:
    assert {room_of(name) for name in modules(SOURCE)} == set(FLOOR)


def test_a_room_imports_only_from_floors_below() -> None:
    assert upward(SOURCE, FLOOR) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(SOURCE) == []


def test_no_room_imports_the_command_line() -> None:
    assert importers(SOURCE, "cli") == {"__main__"}


def test_a_module_is_imported_by_a_name_that_can_be_read() -> None:
    assert computed(SOURCE) == []


DOORS = {"pyinfra": "envwright.engine.pyinfra_runner", "testinfra": "envwright.engine.verify"}


@pytest.mark.parametrize(("library", "door"), DOORS.items())
def test_a_library_comes_in_by_one_door(library: str, door: str) -> None:
    users = {
        name
        for name, module in modules(SOURCE).items()
        if library in {imported.split(".")[0] for imported in module.imports()}
    }
    # The exported deploy runs inside pyinfra, and never inside envwright; our own operations, which
    # it takes along, are pyinfra's to call.
    own = {"envwright.targets.deploy_support", "envwright.portable.safepath.operations"}
    assert users - own == {door}


def test_only_the_report_prints() -> None:
    printing = {
        module.room
        for module in modules(SOURCE).values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    }
    assert printing == {"report"}


def test_the_engine_names_no_capability() -> None:
    assert {name for _, name in named(SOURCE, discover())} == set(OTHER_MEANINGS)


# What stands in a room and is spelled like a word of the vocabulary, and what is meant by it there.
SPELLED_ALIKE = {
    ("bench", "directory"): "what lstat(2) has at a path",
    ("engine", "group"): "an argument of pyinfra's, and a database of getent(1)",
    ("engine", "user"): "an argument of pyinfra's",
    ("facts", "directory"): "what lstat(2) or Windows has at a path",
    ("facts", "file"): "what lstat(2) or Windows has at a path",
    ("facts", "group"): "what getgrnam(3) knows by name",
    ("facts", "link"): "what lstat(2) or Windows has at a path",
    ("facts", "user"): "what getpwnam(3) knows by name",
    ("portable", "directory"): "what lstat(2) has at a path",
    ("portable", "file"): "what lstat(2) has at a path",
    ("portable", "link"): "what lstat(2) has at a path",
    ("portable", "mount"): "the program that reads files of the dialect `fstab`",
    ("pull", "file"): "a module of testinfra",
    ("pull", "keys"): "a key of the settings",
    ("pull", "service"): "a module of testinfra, and a kind of unit",
    ("restart", "file"): "a variable of a script",
    ("state", "file"): "what lstat(2) has at a path",
    ("spec", "command"): "where a secret comes from",
    ("spec", "file"): "where a secret comes from",
    ("spec", "keys"): "a method that a template may call",
    ("spec", "user"): "whose home `{{ home }}` is",
}
IMPORTERS_OF_WORDS = {
    "bench": "measures in a person's name and by PowerShell, as the words that do so run theirs",
    "cache": "the package as a whole, whose types it writes and reads; no word of it",
    "engine": "puts back before-images by a resource of its own, which no environment has",
    "pull": "makes the timer of pull mode of resources, as a capability does",
}


def test_the_engine_names_no_word_of_the_vocabulary() -> None:
    assert words_named(SOURCE, words()) == set(SPELLED_ALIKE)
    assert importers(SOURCE, "resources") == set(IMPORTERS_OF_WORDS)


def test_nothing_imports_a_capability_by_name() -> None:
    by_name = [
        f"{path.relative_to(HOUSE)}: {name}"
        for path in python_files("src", "tests", "deploys")
        for name in imports(parse(path))
        if name.startswith(("envwright.deploys.", "deploys."))
    ]
    assert by_name == []


def test_a_capability_imports_only_what_describes() -> None:
    rooms = {
        room_of(name)
        for path in python_files("deploys")
        for name in imports(parse(path))
        if name.startswith("envwright.")
    }
    assert rooms == {"facts", "model", "resources"}
