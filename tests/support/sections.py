"""Sections of an environment, from YAML to what they come to, and what is wrong with them."""

from __future__ import annotations

import contextlib
import subprocess
from typing import TYPE_CHECKING, Any

from standins import DEBIAN

from envwright.errors import EnvwrightError, LocatedError, RefusedError, SpecErrors, UnfitError
from envwright.model.resource import EXISTENCE, Difference
from envwright.resources.command import Command
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.sample_machines import MACHINES

if TYPE_CHECKING:
    from collections.abc import Iterator
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


def all_scripts(made: Compiled) -> Iterator[str]:
    """Every script that is ever run for a compiled environment."""
    yield from scripts(made)
    for resource in made.resources:
        for question in resource.questions():
            yield type(question).script([question])
        for assertion in resource.witness():
            if assertion.module == "run":
                yield str(assertion.arguments[0])
        with contextlib.suppress(EnvwrightError):
            for operation in resource.converge(_whole(resource)):
                yield from operation.arguments.get("commands", [])


def _whole(resource: Any) -> Difference:
    after = resource.desired()
    return Difference(None, after, (EXISTENCE, *(after or {})))


def refused_by_sh(script: str) -> bool:
    """Whether sh cannot parse a script."""
    done = subprocess.run(
        ["sh", "-n"],
        input=script.encode("utf-8", "surrogateescape"),
        capture_output=True,
        check=False,
    )
    return done.returncode != 0


def ill_written(made: Compiled) -> list[str]:
    """The scripts that sh cannot parse."""
    return [script for script in scripts(made) if refused_by_sh(script)]
