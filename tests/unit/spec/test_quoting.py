"""A hostile text at any place of any section is data in every script that envwright makes of it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from hostile import CANARY, hostiles
from sections import all_scripts, refused_by_sh
from shell_text import exposed
from standins import DEBIAN, WSL

from envwright.errors import EnvwrightError
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load

if TYPE_CHECKING:
    from pathlib import Path

    from hostile import Hostile

    from envwright.spec.compiler import Compiled


def compiled(hostile: Hostile, folder: Path) -> Compiled | None:
    """What the first machine that takes an environment gets; None where each refuses it."""
    path = hostile.write(folder)
    for machine in (WSL, DEBIAN):
        with contextlib.suppress(EnvwrightError):
            return compile_environment(load(path, machine), machine)
    return None


def test_no_script_runs_a_text_of_an_environment(tmp_path: Path) -> None:
    taken: set[str] = set()
    seen: set[str] = set()
    wrong: list[tuple[str, str]] = []
    for hostile in hostiles():
        made = compiled(hostile, tmp_path)
        if made is None:
            continue
        taken.add(hostile.place)
        new = {script for script in all_scripts(made) if CANARY in script} - seen
        seen |= new
        wrong += [
            (hostile.name, script)
            for script in new
            if exposed(script, CANARY) or refused_by_sh(script)
        ]
    assert wrong == []
    assert len(taken) > 100
