"""The verbs for the language, which ask no machine: check, explain and schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.cli.options import named
from envwright.errors import ExitCode
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.explain import explain as text_of
from envwright.spec.sample_machines import MACHINES
from envwright.spec.schema import json_schema

if TYPE_CHECKING:
    import argparse

    from envwright.cli.invocation import Invocation


def check(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Check an environment without a machine."""
    for machine in MACHINES:
        environment = load(named(parsed.environment), machine, dict(parsed.var))
        compiled = compile_environment(environment, machine)
        name = f"{machine.distro} {machine.release}{' under WSL' if machine.wsl else ''}"
        counts = f"{len(compiled.resources)} resources, {len(compiled.proofs)} proofs"
        call.report.line(f"{parsed.environment}: good for {name}: {counts}")
    return ExitCode.DONE


def explain(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Explain a capability or one of its keys."""
    call.report.text(text_of(parsed.topic))
    return ExitCode.DONE


def schema(_: argparse.Namespace, call: Invocation) -> ExitCode:
    """Print the JSON Schema of environments, for editors."""
    call.report.json(json_schema())
    return ExitCode.DONE
