"""Each law of the house catches its fault: shown on small source trees that break it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from house import circle, computed, importers, named, upward, words_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FLOORS = {"cli": 2, "engine": 1, "host": 0, "__init__": -1}


def source(folder: Path, files: Mapping[str, str]) -> Path:
    """Write the modules of a package, each by its path; its folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    (folder / "__init__.py").touch()
    return folder


LAZY = "def start():\n    from envwright.engine import plan\n    plan.make()\n"
TYPING = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import envwright.engine.plan\n"
WAYS = {
    "at its head": "from envwright.engine.plan import Plan\n",
    "inside a function": LAZY,
    "for typing": TYPING,
    "relatively": "from ..engine import plan\n",
    "by importlib": 'import importlib\nimportlib.import_module("envwright.engine.plan")\n',
    "by python -m": 'ARGV = ["python3", "-m", "envwright.engine.plan"]\n',
    "in a command line": 'COMMAND = f"exec python3 -m envwright.engine.plan {1}"\n',
    "in a preload list": 'LOADED = ["envwright.engine.plan", "json"]\n',
    "by the place to patch": 'patch("envwright.engine.plan.Plan")\n',
}


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS)
def test_an_import_from_a_floor_above_is_caught_however_it_is_made(
    text: str, tmp_path: Path
) -> None:
    tree = source(tmp_path, {"engine/plan.py": "class Plan: ...\n", "host/shell.py": text})
    assert upward(tree, FLOORS) == ["envwright.host.shell imports envwright.engine.plan"]


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS)
def test_an_import_from_a_floor_below_is_none(text: str, tmp_path: Path) -> None:
    tree = source(tmp_path, {"engine/plan.py": "class Plan: ...\n", "cli/main.py": text})
    assert upward(tree, FLOORS) == []


@pytest.mark.parametrize(
    "text",
    [
        '"""As `envwright.engine.plan` does."""\n',
        'def f():\n    """See envwright.engine.plan."""\n',
        '# envwright.engine.plan\nFILE = "60-envwright.engine.plan"\n',
    ],
)
def test_a_docstring_that_names_a_module_imports_nothing(text: str, tmp_path: Path) -> None:
    tree = source(tmp_path, {"engine/plan.py": "", "host/shell.py": text})
    assert upward(tree, FLOORS) == []


@pytest.mark.parametrize("text", WAYS.values(), ids=WAYS)
def test_a_circle_is_caught_however_its_imports_are_made(text: str, tmp_path: Path) -> None:
    """The two modules are of one room, so that no floor forbids either import."""
    tree = source(
        tmp_path, {"engine/plan.py": "import envwright.engine.apply\n", "engine/apply.py": text}
    )
    plan, apply = "envwright.engine.plan", "envwright.engine.apply"
    assert circle(tree) in ([plan, apply, plan], [apply, plan, apply])


def test_modules_that_import_in_one_direction_are_no_circle(tmp_path: Path) -> None:
    tree = source(
        tmp_path,
        {
            "cli/main.py": "from envwright.engine import plan, apply\n",
            "engine/apply.py": "",
            "engine/plan.py": "from envwright.engine import apply\n",
        },
    )
    assert circle(tree) == []


@pytest.mark.parametrize("text", ["from envwright.cli import main\n", 'A = "envwright.cli.main"\n'])
def test_a_room_that_imports_the_command_line_is_caught(text: str, tmp_path: Path) -> None:
    tree = source(
        tmp_path,
        {"cli/main.py": "", "engine/apply.py": text, "__main__.py": "import envwright.cli.main"},
    )
    assert importers(tree, "cli") == {"engine", "__main__"}


def test_a_name_whose_room_is_computed_is_caught(tmp_path: Path) -> None:
    text = 'import_module(f"envwright.{room}")\nimport_module(f"envwright.host.{name}")\n'
    assert computed(source(tmp_path, {"engine/apply.py": text})) == ["envwright.engine.apply:1"]


@pytest.mark.parametrize(
    "text", ['if section == "docker":\n    pass\n', 'NOUNS = {"docker": "an engine"}\n']
)
def test_a_capability_that_the_engine_names_is_caught(text: str, tmp_path: Path) -> None:
    tree = source(
        tmp_path, {"engine/apply.py": text, "host/shell.py": '"""docker"""\nA = "in docker"\n'}
    )
    assert named(tree, {"docker", "go"}) == {("engine", "docker")}


@pytest.mark.parametrize(
    "text",
    [
        'NOUNS = {"keys": "a file of some keys"}\n',
        'if resource.id == "keys:/etc/wsl.conf":\n    pass\n',
        'found = names[f"keys:{path}"]\n',
    ],
)
def test_a_word_of_the_vocabulary_that_the_engine_names_is_caught(
    text: str, tmp_path: Path
) -> None:
    plain = '"""keys"""\nTOLD = "some keys: those of a file"\n'
    files = {"engine/apply.py": text, "host/shell.py": plain, "resources/keys.py": text}
    assert words_named(source(tmp_path, files), {"keys", "file"}) == {("engine", "keys")}


def test_a_word_of_the_vocabulary_that_the_engine_imports_is_caught(tmp_path: Path) -> None:
    text = "def kind(resource):\n    from envwright.resources.keys import Keys\n    return Keys\n"
    tree = source(tmp_path, {"engine/apply.py": text, "resources/keys.py": ""})
    assert importers(tree, "resources") == {"engine"}
