"""Sections of an environment, from YAML to what they come to, and what is wrong with them."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING, Any

from standins import DEBIAN

from envwright.errors import LocatedError, RefusedError, SpecErrors, UnfitError
from envwright.model.resource import Difference
from envwright.resources.command import Command
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.sample_machines import MACHINES

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.facts import Machine
    from envwright.spec.compiler import Compiled


def compile_section(folder: Path, text: str, machine: Machine = DEBIAN) -> Compiled:
    """Compile sections that are written below `name: box`, from line 2 on."""
    (folder / "box.yaml").write_text(f"name: box\n{text}", "utf-8")
    return compile_environment(load(folder / "box.yaml", machine), machine)


def states(folder: Path, text: str, machine: Machine = DEBIAN) -> dict[str, Any]:
    """What is wanted of each resource, by its id, in the order of doing."""
    made = compile_section(folder, text, machine)
    return {resource.id: resource.desired() for resource in made.resources}


def refusals(folder: Path, text: str, machine: Machine = DEBIAN) -> list[str]:
    """All that is wrong, each as `line:column: what`."""
    try:
        compile_section(folder, text, machine)
    except SpecErrors as errors:
        return [
            f"{error.line}:{error.column}: {error.summary}"
            if isinstance(error, LocatedError)
            else str(error)
            for error in errors.errors
        ]
    return []


def compile_everywhere(path: Path) -> list[Compiled]:
    """Compile an environment for each kind of machine that it can work on: one or more."""
    made = []
    for machine in MACHINES:
        with contextlib.suppress(UnfitError):
            made.append(compile_environment(load(path, machine), machine))
    assert made
    return made


def scripts(made: Compiled) -> list[str]:
    """The scripts of proofs, requirements and commands, and those that make what is missing."""
    found = [proof.script for proof in made.proofs]
    found += [requirement.script for requirement in made.requirements]
    for resource in made.resources:
        if isinstance(resource, Command):
            found += [resource.observe, resource.run]
        # Some only know what to do when the machine has said where Windows is.
        with contextlib.suppress(RefusedError):
            for operation in resource.converge(Difference(None, resource.desired(), ("exists",))):
                found += operation.arguments.get("commands", [])
    return found


def ill_written(made: Compiled) -> list[str]:
    """The scripts that sh cannot parse."""
    argv = ["sh", "-n"]
    return [
        script
        for script in scripts(made)
        if subprocess.run(
            argv, input=script, text=True, capture_output=True, check=False
        ).returncode
    ]
