"""Every file of the checkout: it says what it is, it is found by its name, it fits on a screen."""

from __future__ import annotations

import ast
from pathlib import Path

from house import HOUSE, SOURCE, parse, python_files

SCREEN = 45
"""Lines of a function, its docstring among them."""


def test_every_function_fits_on_a_screen() -> None:
    long = [
        f"{path.relative_to(HOUSE)}: {node.name} has {lines} lines"
        for path in python_files("src", "deploys", "tests")
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > SCREEN
    ]
    assert long == []


def test_every_file_begins_with_what_it_is() -> None:
    silent = [
        str(path.relative_to(HOUSE))
        for path in python_files("src", "deploys", "templates", "tests", "inventories")
        if not path.read_text("utf-8").startswith(('"""', 'r"""'))
        or not ast.get_docstring(parse(path))
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
