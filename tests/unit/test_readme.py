"""What the README shows is what happens, word for word."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from command import Said

if TYPE_CHECKING:
    from command import Run

HOUSE = Path(__file__).parents[2]
README = (HOUSE / "README.md").read_text("utf-8")


def block(beginning: str) -> str:
    """The indented block of the README that begins so, without its indentation."""
    _, found, rest = README.partition(f"\n    {beginning}")
    lines = f"    {found.strip()}{rest}".splitlines(keepends=True)
    end = next(i for i, line in enumerate(lines) if line.strip() and not line.startswith("    "))
    return textwrap.dedent("".join(lines[:end])).rstrip("\n") + "\n"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder that has the shipped environments, as a checkout has them."""
    (tmp_path / "environments").symlink_to(HOUSE / "environments")
    return tmp_path


def test_the_mistake_in_the_readme_is_told_as_it_shows(run: Run, house: Path) -> None:
    shown = block("error: team.yaml:5:10:")
    mistake = shown.splitlines(keepends=True)[1].strip()
    *lines, _ = block("name: backend-team").splitlines()
    (house / "team.yaml").write_text("\n".join([*lines, mistake, ""]), "utf-8")
    assert run("check", "team.yaml") == Said(1, "", shown)


@pytest.mark.parametrize("beginning", ["name: backend-team", "secrets: {npm_token"])
def test_an_environment_in_the_readme_is_good(beginning: str, run: Run, house: Path) -> None:
    text = block(beginning)
    whole = text if text.startswith("name: ") else f"name: box\nuser: {{name: dev}}\n{text}"
    (house / "team.yaml").write_text(whole, "utf-8")
    said = run("check", "team.yaml")
    assert (said.code, said.err) == (0, "")
