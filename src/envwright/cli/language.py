"""The verbs for the language, which ask no machine: check, explain and schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.cli.options import named
from envwright.errors import ExitCode, UnfitError
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.explain import explain as text_of
from envwright.spec.reach import NO_REACH
from envwright.spec.sample_machines import MACHINES
from envwright.spec.schema import json_schema

if TYPE_CHECKING:
    import argparse

    from envwright.cli.invocation import Invocation


def check(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Check an environment without a machine, for each kind of machine.

    Raises:
        UnfitError: it is good for none of them.
        SpecErrors: it has mistakes.
    """
    unfit: list[UnfitError] = []
    reach = NO_REACH
    for machine in MACHINES:
        name = f"{machine.distro} {machine.release}{' under WSL' if machine.wsl else ''}"
        environment = load(named(parsed.environment), machine, dict(parsed.var))
        try:
            compiled = compile_environment(environment, machine)
        except UnfitError as error:
            unfit.append(error)
            call.report.line(f"{parsed.environment}: not for {name}:")
            for fault in error.errors:
                call.report.line(f"    {fault.file}:{fault.line}: {fault.summary}")
            continue
        counts = f"{len(compiled.resources)} resources, {len(compiled.proofs)} proofs"
        call.report.line(f"{parsed.environment}: good for {name}: {counts}")
        reach = compiled.reach
    if len(unfit) == len(MACHINES):
        raise unfit[-1]
    for path in reach.outside:
        call.report.line(f"It reads {path}, outside of {reach.folder}.")
    for command in reach.commands:
        call.report.line(f"On this computer it runs: {command}")
    return ExitCode.DONE


def explain(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Explain a capability or one of its keys."""
    call.report.text(text_of(parsed.topic))
    return ExitCode.DONE


def schema(_: argparse.Namespace, call: Invocation) -> ExitCode:
    """Print the JSON Schema of environments, for editors."""
    call.report.json(json_schema())
    return ExitCode.DONE
