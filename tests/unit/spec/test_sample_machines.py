"""Every shipped environment compiles for every release that envwright is for, under WSL and not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.sample_machines import MACHINES

SHIPPED = sorted((Path(__file__).parents[3] / "environments").glob("*.yaml"))
RELEASES = [
    ("debian", "12", "bookworm"),
    ("debian", "13", "trixie"),
    ("ubuntu", "22.04", "jammy"),
    ("ubuntu", "24.04", "noble"),
    ("ubuntu", "26.04", "resolute"),
]


@pytest.mark.parametrize("release", RELEASES, ids=" ".join)
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_environment_compiles_for_every_release(
    path: Path, release: tuple[str, str, str]
) -> None:
    distro, number, codename = release
    suites = set()
    for sample in MACHINES:
        # What is for Windows' drives is refused elsewhere, on each release alike.
        if sample.wsl or "wsl" not in path.stem:
            machine = replace(sample, distro=distro, release=number, codename=codename)
            compiled = compile_environment(load(path, machine), machine)
            texts = [getattr(resource, "content", "") for resource in compiled.resources]
            suites |= {line for text in texts for line in text.split("\n") if "Suites:" in line}
    assert suites <= {f"Suites: {codename}", "Suites: /", "Suites: stable"}
