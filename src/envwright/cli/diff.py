"""The verb `diff`: compares two environments, or two machines of an inventory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from envwright.cache.layers import finder
from envwright.cli.options import read_inventory
from envwright.engine.comparison import compared
from envwright.errors import EnvwrightError, ExitCode
from envwright.host.inventory import Target
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load
from envwright.spec.inventory import SUFFIXES
from envwright.spec.messages import quoted, suggestion
from envwright.spec.sample_machines import KINDS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from envwright.cli.invocation import Invocation
    from envwright.facts import Machine
    from envwright.fetch.stage import Fetching
    from envwright.spec.compiler import Compiled


class Side(NamedTuple):
    """One of the two: its name on the command line, and what it is compiled to."""

    name: str
    compiled: Compiled


def diff(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Compare two environments, compiled for the same kind of machine; no machine is asked.

    Raises:
        EnvwrightError: there is no such environment or host.
        SpecErrors: an environment has mistakes, or is not for this kind of machine.
    """
    kind = parsed.kinds[0]
    known = {t.host: t for t in read_inventory(parsed.inventory)} if parsed.inventory else {}
    targets = [_target(name, known, parsed) for name in (parsed.first, parsed.second)]
    fetching = call.fetching(offline=parsed.offline)
    first, second = (_side(target, KINDS[kind], fetching) for target in targets)
    pairs = compared(first.compiled.resources, second.compiled.resources)
    same = len({each.id for each in first.compiled.resources})
    same -= sum(pair.first is not None for pair in pairs)
    if parsed.json:
        call.report.json(
            {
                "version": 1,
                "a": first.name,
                "b": second.name,
                "kind": kind,
                "same": same,
                "resources": [pair.json() for pair in pairs],
            }
        )
    else:
        call.report.comparison((first.name, second.name), kind, pairs, same)
    return ExitCode.CHANGES if pairs else ExitCode.DONE


def _target(name: str, known: Mapping[str, Target], parsed: argparse.Namespace) -> Target:
    """Return a host of the inventory, or an environment as if a machine had it."""
    target = known.get(name)
    if target is None and known and not name.endswith(SUFFIXES):
        raise EnvwrightError(
            f"{parsed.inventory} has no host {quoted(name)}{suggestion(name, known)}",
            hint="name two hosts of the inventory, or files of YAML",
        )
    target = target or Target(name, name)
    if not target.environment:
        raise EnvwrightError(
            f"{name} has no environment in {parsed.inventory}", hint="give it an `environment`"
        )
    return replace(target, variables={**target.variables, **dict(parsed.var)})


def _side(target: Target, machine: Machine, fetching: Fetching) -> Side:
    def compiled() -> Compiled:
        environment = load(
            target.environment,
            machine,
            target.variables,
            layers=target.layers,
            find=finder(target.environment),
        )
        return compile_environment(environment, machine)

    return Side(target.host, fetching.before(compiled, target.environment, target.layers))
