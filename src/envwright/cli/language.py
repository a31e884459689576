"""The verbs for the language, which ask no machine: check, explain and schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from envwright.cli.options import named
from envwright.errors import ExitCode, SpecErrors, UnfitError
from envwright.report.verdicts import show
from envwright.spec.environment import load
from envwright.spec.explain import explain as text_of
from envwright.spec.provenance import lines, values
from envwright.spec.sample_machines import KINDS
from envwright.spec.schema import json_schema
from envwright.spec.verdicts import verdicts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from envwright.cli.invocation import Invocation
    from envwright.spec.verdicts import Verdicts


def check(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Check environments without a machine, for all kinds of machine or for the named ones.

    Raises:
        SpecErrors: an environment has mistakes, or can work on no kind.
    """
    kinds = parsed.kinds or tuple(KINDS)
    files = parsed.environments or [named("")]
    found = [verdicts(file, dict(parsed.var), kinds, parsed.policies) for file in files]
    mistakes = [error for each in found if (error := each.mistakes())]
    failed = mistakes or (parsed.kinds and not all(each.good for each in found))
    if parsed.json:
        call.report.json(_json(found))
        return ExitCode.ERROR if failed else ExitCode.DONE
    for each in found:
        error = each.mistakes()
        if not error or isinstance(error, UnfitError):
            show(call.report, each)
    if mistakes:
        raise _all_of(mistakes)
    return ExitCode.ERROR if failed else ExitCode.DONE


def _json(found: Sequence[Verdicts]) -> dict[str, Any]:
    """Return the verdicts as JSON values: one environment is the value itself."""
    if len(found) == 1:
        return found[0].json()
    good = all(each.good for each in found)
    return {"version": 1, "good": good, "environments": [each.json() for each in found]}


def _all_of(mistakes: Sequence[SpecErrors]) -> SpecErrors:
    """Return one error for several environments; a mistake in a file of them all is told once."""
    if len(mistakes) == 1:
        return mistakes[0]
    errors = {str(each): each for error in mistakes for each in error.errors}
    return SpecErrors(list(errors.values()))


def explain(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Explain a capability or one of its keys, or where an environment has its values from.

    Raises:
        EnvwrightError: there is no such capability, key or value.
        SpecErrors: the environment has mistakes.
    """
    if parsed.topic.endswith((".yaml", ".yml")):
        environment = load(parsed.topic, KINDS[parsed.kinds[0]], dict(parsed.var))
        found = values(environment, parsed.key)
        call.report.text("\n".join(lines(environment, found)))
    else:
        call.report.text(text_of(parsed.topic))
    return ExitCode.DONE


def schema(_: argparse.Namespace, call: Invocation) -> ExitCode:
    """Print the JSON Schema of environments, for editors."""
    call.report.json(json_schema())
    return ExitCode.DONE
