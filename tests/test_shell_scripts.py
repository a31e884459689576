"""shellcheck finds nothing in a script of sh: neither in a file nor in what a template becomes."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from house import HOUSE, SOURCE, modules, strings
from law_environments import SHIPPED, WITH_A_MODULE
from sections import compile_everywhere, scripts

from envwright.facts import Facts, Shell
from envwright.model import capability
from envwright.model.catalogue import discover
from envwright.spec.sample_machines import MACHINES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import jinja2

SHELLCHECK = pytest.mark.skipif(not shutil.which("shellcheck"), reason="there is no shellcheck")
LINES = 6
"""A script of more lines is a file beside its module."""
RENDERED = {
    "SC2034": "a variable of a function that this script does not call",
    "SC2041": "a loop over one text, which is no command",
    "SC2043": "a loop over a list that an environment fills",
    "SC2046": "an option, or none",
    "SC2120": "a function with an argument that this script leaves out",
    "SC2194": "a word that an environment gives",
    "SC2209": "a word that happens to be a command",
    "SC2254": "a pattern in a variable",
    "SC3013": "-ef, which dash and bash have",
}
"""What shellcheck may find in a rendered script, and why it is right there."""


def findings(*words: str | Path) -> list[str]:
    """What shellcheck says of files, a line each."""
    argv = ["shellcheck", "--format=gcc", *map(str, words)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()


@SHELLCHECK
def test_shellcheck_finds_nothing_in_a_file() -> None:
    files = [path for name in ("src", "tests") for path in (HOUSE / name).rglob("*.sh")]
    assert findings(HOUSE / "bootstrap", *sorted(files)) == []


def captures() -> Iterator[str]:
    """Yield the scripts by which capabilities look for what a person made."""
    for section in discover().values():
        capturing = section.capture(MACHINES[-1])
        facts = None
        # A machine that answers nothing is asked all that a machine is asked.
        with contextlib.suppress(StopIteration):
            while True:
                asked = next(capturing) if facts is None else capturing.send(facts)
                yield from (each.text for each in asked if isinstance(each, Shell))
                facts = Facts({})


@pytest.fixture(scope="module")
def templates() -> set[str]:
    """The templates that were rendered for `rendered`."""
    return set()


@pytest.fixture(scope="module")
def rendered(templates: set[str]) -> set[str]:
    """The scripts of every environment on every kind of machine."""
    loader = capability._templates()
    get = loader.get_template

    def noted(name: str, *more: Any) -> jinja2.Template:
        templates.add(name)
        return get(name, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loader, "get_template", noted)
        return {
            script
            for path in (*SHIPPED, *WITH_A_MODULE)
            for made in compile_everywhere(path)
            for script in scripts(made)
        } | {*captures()}


@SHELLCHECK
def test_shellcheck_finds_nothing_in_what_is_sent_to_a_machine(
    rendered: set[str], tmp_path: Path
) -> None:
    for number, script in enumerate(sorted(rendered)):
        (tmp_path / f"{number}.sh").write_text(script, "utf-8")
    told = findings(
        "--shell=sh", "--severity=warning", f"--exclude={','.join(RENDERED)}", *tmp_path.iterdir()
    )
    lines = [
        (said, (tmp_path / name).read_text().splitlines()[int(line) - 1])
        for name, line, said in (re.findall(r"([^/]+):(\d+):\d+: (.*)", one)[0] for one in told)
    ]
    assert lines == []


def test_every_template_of_a_script_is_rendered_for_that(
    rendered: set[str], templates: set[str]
) -> None:
    assert rendered
    assert {path.name for path in (HOUSE / "templates").glob("*.sh.j2")} <= templates


NO_SHELL = {
    "envwright.pull.units": "units of systemd",
    "envwright.state.lock": "a script with places to fill in",
    "envwright.targets.pyinfra_deploy": "modules of Python",
}
"""Modules with longer texts that shellcheck cannot read as files."""


def test_no_long_script_hides_in_a_string() -> None:
    long = {
        module.name
        for module in modules(SOURCE).values()
        for text in strings(module.tree)
        if text.strip("\n").count("\n") >= LINES
    }
    assert long == set(NO_SHELL)
