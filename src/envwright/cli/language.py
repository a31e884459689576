"""The verbs for the language, which ask no machine: check, explain and schema."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from envwright.cache.layers import finder
from envwright.cli.options import named
from envwright.errors import ExitCode, SpecErrors, UnfitError
from envwright.report.verdicts import show
from envwright.spec.choice import WHEN
from envwright.spec.environment import load
from envwright.spec.explain import explain as text_of
from envwright.spec.provenance import lines, values
from envwright.spec.sample_machines import KINDS
from envwright.spec.schema import json_schema
from envwright.spec.topics import TOPICS, told
from envwright.spec.verdicts import verdicts

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from envwright.cli.invocation import Invocation
    from envwright.spec.environment import Environment
    from envwright.spec.verdicts import Verdicts

DEFAULT = tuple(KINDS)[:1]
"""The kind of machine for which `explain` tells the values of an environment."""


def check(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Check environments without a machine, for all kinds of machine or for the named ones.

    Raises:
        SpecErrors: an environment has mistakes, or can work on no kind.
    """
    kinds = parsed.kinds or tuple(KINDS)
    fetching = call.fetching(offline=parsed.offline)

    def judged(path: str) -> Verdicts:
        return verdicts(path, dict(parsed.var), kinds, finder(path), parsed.policies)

    files = parsed.environments or [named("")]
    found = [fetching.before(functools.partial(judged, file), file) for file in files]
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
    """Explain a topic, or where an environment has its values from.

    Raises:
        EnvwrightError: there is no such capability, key or value.
        SpecErrors: the environment has mistakes.
    """
    if parsed.topic in TOPICS and parsed.key:
        kinds = parsed.kinds or (tuple(KINDS) if parsed.topic == WHEN else DEFAULT)
        environments = _environments(parsed, call, parsed.key, kinds)
        text = told(parsed.topic, environments, dict(parsed.var))
    elif parsed.topic.endswith((".yaml", ".yml")):
        found = _environments(parsed, call, parsed.topic, parsed.kinds or DEFAULT)
        environment = next(iter(found.values()))
        text = lines(environment, values(environment, parsed.key))
    else:
        text = iter([text_of(parsed.topic)])
    call.report.text("\n".join(text))
    return ExitCode.DONE


def _environments(
    parsed: argparse.Namespace, call: Invocation, path: str, kinds: Sequence[str]
) -> dict[str, Environment]:
    """Return an environment for each kind of machine that it is for.

    Raises:
        SpecErrors: it has mistakes, or is for none of the kinds.
    """
    found: dict[str, Environment] = {}
    fetching = call.fetching(offline=parsed.offline)

    def loaded(kind: str) -> Environment:
        return load(path, KINDS[kind], dict(parsed.var), find=finder(path))

    for kind in kinds:
        try:
            found[kind] = fetching.before(functools.partial(loaded, kind), path)
        except UnfitError:
            if kind == kinds[-1] and not found:
                raise
    return found


def schema(_: argparse.Namespace, call: Invocation) -> ExitCode:
    """Print the JSON Schema of environments, for editors."""
    call.report.json(json_schema())
    return ExitCode.DONE
