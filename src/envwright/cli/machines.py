"""The verbs for machines: plan, apply and verify, for one machine or a fleet; and export."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from envwright import workflow
from envwright.cli.options import (
    fleet_options,
    machine_options,
    record_options,
    run_options,
)
from envwright.engine.context import Access, from_file, open_context, password_source, preload
from envwright.errors import EnvwrightError, ExitCode
from envwright.workflow import Verb

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from envwright.cli.invocation import Invocation
    from envwright.cli.options import MachineOptions
    from envwright.engine.context import Context
    from envwright.engine.saved_plan import SavedPlan
    from envwright.fleet.outcome import FleetOutcome
    from envwright.host.inventory import Target
    from envwright.host.session import Session

# Imports stand where they are used: what a plan does not need costs it no time.


def run(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Do `plan`, `apply` or `verify`, on one machine or several."""
    style = _style(parsed)
    if parsed.verb == "apply" and parsed.json and not parsed.yes:
        raise EnvwrightError("apply --json cannot ask", hint="say --yes, too")
    call.report.quiet = style != "text"
    machines = machine_options(parsed)
    if parsed.verb == "apply" and (saved := _saved(machines)):
        return _on_machine(saved.target, machines, parsed, call, saved).code
    targets = machines.targets()
    if len(targets) > 1:
        if getattr(parsed, "output", None):
            raise EnvwrightError("a plan is saved for one machine", hint="name one by --host")
        return _on_fleet(targets, machines, parsed, call).code
    if machines.inventory or parsed.report:
        return _recorded(targets[0], machines, parsed, call).code
    return _on_machine(targets[0], machines, parsed, call).code


def _saved(machines: MachineOptions) -> SavedPlan | None:
    """Return the saved plan that a command line names; None where it names an environment.

    Raises:
        EnvwrightError: the command line says of a saved plan what the plan says itself.
    """
    name = machines.environment
    if not name or name.endswith((".yaml", ".yml")):
        return None
    from envwright.engine import saved_plan  # noqa: PLC0415 - see above

    saved = saved_plan.read(name)
    if saved and (machines.hosts or machines.inventory or machines.variables):
        raise EnvwrightError(
            f"{name} is a saved plan: it says itself which machine and which variables",
            hint="leave out --host, --inventory and --var",
        )
    return saved


def _style(parsed: argparse.Namespace) -> str:
    """Return how the result is printed: as text, json or tap."""
    return "json" if parsed.json else getattr(parsed, "format", "text")


def _recorded(
    target: Target, machines: MachineOptions, parsed: argparse.Namespace, call: Invocation
) -> workflow.Outcome:
    """Run on one machine, and keep what a fleet's run keeps."""
    from envwright.fleet import record  # noqa: PLC0415 - see above

    with record.recorded_alone(record_options(parsed), target, call.report) as keep:
        outcome = _on_machine(target, machines, parsed, call)
        keep(outcome)
    return outcome


def _on_machine(
    target: Target,
    machines: MachineOptions,
    parsed: argparse.Namespace,
    call: Invocation,
    saved: SavedPlan | None = None,
) -> workflow.Outcome:
    """Run on one machine; who saved a plan has agreed to it."""
    options, style = run_options(parsed), _style(parsed)
    if saved:
        options = replace(options, saved=saved, yes=True)
    output = getattr(parsed, "output", None)

    def tell(outcome: workflow.Outcome) -> None:
        if outcome.error and style == "json":
            call.report.json(outcome.json(), call.timings.seconds())

    with opened(target, machines, call, verify=options.verb is Verb.VERIFY) as context:
        call.report.mask = context.secrets.mask
        outcome = workflow.run(context, options, call.report, tell)
        if output and outcome.plan is not None:
            from envwright.engine import saved_plan  # noqa: PLC0415 - see above

            saved_plan.write(output, context, outcome.plan)
            call.report.line(f"Saved to {output}: `envwright apply {output}` makes these changes.")
    if style == "json":
        call.report.json(outcome.json(), call.timings.seconds(), "checks")
    elif style == "tap":
        from envwright.engine.verify import tap  # noqa: PLC0415 - see above

        call.report.text(tap(list(outcome.checks)))
    # An inventory and a saved plan say more than the words do, a report and a plan have to be
    # written, and a restart is told but once.
    by_words_alone = not (machines.inventory or parsed.report or output or saved)
    if outcome.code is ExitCode.DONE and by_words_alone and not outcome.restarts:
        context.keep(call.words, call.report.said)
    return outcome


def opened(
    target: Target, machines: MachineOptions, call: Invocation, *, verify: bool = False
) -> AbstractContextManager[Context]:
    """Return the context of a machine and its environment, as the command line says."""
    access = Access(
        password_source(stdin=machines.password_on_stdin),
        timeout=machines.timeout,
        opened=_handed_over(call),
        preload=functools.partial(preload, verify=verify),
    )
    fetching = call.fetching(offline=machines.offline)
    return open_context(target, from_file(target, fetching), access, call.timings)


def _handed_over(call: Invocation) -> Callable[[str], Session | None]:
    """Return what hands over the session that the fast path opened."""
    return call.attempt.session if call.attempt else lambda _host: None


def _on_fleet(
    targets: list[Target], machines: MachineOptions, parsed: argparse.Namespace, call: Invocation
) -> FleetOutcome:
    from envwright.fleet import record, verbs  # noqa: PLC0415 - see above

    options = run_options(parsed)
    if options.restarts:
        raise EnvwrightError("--restart is for one machine", hint="name one by --host")
    fleet = verbs.Fleet(
        targets,
        fleet_options(parsed),
        password=password_source(stdin=machines.password_on_stdin),
        report=call.report,
        timings=call.timings,
    )
    with record.recorded(record_options(parsed), fleet.outcomes, call.report) as kept:
        outcome = verbs.run(fleet, options)
        kept.error = outcome.error
    style = _style(parsed)
    if style == "json":
        call.report.json(outcome.json())
    elif style == "tap":
        from envwright.fleet.formats import tap_all  # noqa: PLC0415 - see above

        call.report.text(tap_all(outcome.hosts))
    return outcome


def explain(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Tell where an environment has its values from, and how they stand on a machine.

    The machine is asked what a plan asks it, in one round trip.
    """
    from envwright.cache.layers import finder  # noqa: PLC0415 - see above
    from envwright.spec.environment import load  # noqa: PLC0415 - see above
    from envwright.spec.provenance import concerned, lines, values  # noqa: PLC0415 - see above
    from envwright.spec.topics import TOPICS, told  # noqa: PLC0415 - see above

    by_topic = parsed.topic in TOPICS
    machines = machine_options(parsed, parsed.key if by_topic else parsed.topic)
    target = _only(machines, "an explanation is")
    with opened(target, machines, call) as context:
        call.report.mask = context.secrets.mask
        said = (target.environment, context.machine, target.variables)
        environment = load(*said, layers=target.layers, find=finder(target.environment))
        if by_topic:
            text = told(parsed.topic, {target.host: environment}, target.variables)
            call.report.text("\n".join(text))
            return ExitCode.DONE
        found = values(environment, parsed.key)
        plan = context.plan()
        call.report.text("\n".join(lines(environment, found)))
        call.report.standing(plan, concerned(found, context.compiled.resources))
    return ExitCode.DONE


def _only(machines: MachineOptions, what: str) -> Target:
    """Return the one machine that a command line names.

    Raises:
        EnvwrightError: the command line names several.
    """
    target, *others = machines.targets()
    if others:
        names = ", ".join(each.host for each in (target, *others))
        raise EnvwrightError(f"{what} for one machine, not {names}", hint="name one")
    return target


def export(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Write a deploy and tests that run without envwright."""
    from envwright.targets.pyinfra_deploy import export as write  # noqa: PLC0415 - see above

    machines = machine_options(parsed)
    target = _only(machines, "an export is")
    with opened(target, machines, call) as context:
        call.report.mask = context.secrets.mask
        folder = Path(parsed.output)
        for path in write(context.compiled, context.secrets, target.host, folder):
            call.report.line(str(path))
    return ExitCode.DONE
