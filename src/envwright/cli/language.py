"""The verbs for the language, which ask no machine: check, explain and schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright.cache.layers import finder
from envwright.cli.options import named
from envwright.errors import ExitCode, UnfitError
from envwright.report.verdicts import show
from envwright.spec.environment import load
from envwright.spec.explain import explain as text_of
from envwright.spec.provenance import lines
from envwright.spec.sample_machines import KINDS
from envwright.spec.schema import json_schema
from envwright.spec.verdicts import verdicts

if TYPE_CHECKING:
    import argparse

    from envwright.cli.invocation import Invocation


def check(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Check an environment without a machine, for all kinds of machine or for the named ones.

    Raises:
        SpecErrors: the environment has mistakes, or can work on no kind.
    """
    path, kinds = named(parsed.environment), parsed.kinds or tuple(KINDS)
    fetching = call.fetching(offline=parsed.offline)
    found = fetching.before(lambda: verdicts(path, dict(parsed.var), kinds, finder(path)), path)
    mistakes = found.mistakes()
    failed = mistakes or (parsed.kinds and any(verdict.errors for verdict in found.each))
    if parsed.json:
        call.report.json(found.json())
    elif mistakes and not isinstance(mistakes, UnfitError):
        raise mistakes
    else:
        show(call.report, found)
        if mistakes:
            raise mistakes
    return ExitCode.ERROR if failed else ExitCode.DONE


def explain(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Explain a capability or one of its keys, or where an environment has its values from.

    Raises:
        EnvwrightError: there is no such capability, key or value.
        SpecErrors: the environment has mistakes.
    """
    if parsed.topic.endswith((".yaml", ".yml")):
        path, machine = parsed.topic, KINDS[parsed.kinds[0]]
        environment = call.fetching(offline=parsed.offline).before(
            lambda: load(path, machine, dict(parsed.var), find=finder(path)), path
        )
        call.report.text("\n".join(lines(environment, parsed.key)))
    else:
        call.report.text(text_of(parsed.topic))
    return ExitCode.DONE


def schema(_: argparse.Namespace, call: Invocation) -> ExitCode:
    """Print the JSON Schema of environments, for editors."""
    call.report.json(json_schema())
    return ExitCode.DONE
