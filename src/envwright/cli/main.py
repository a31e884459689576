"""The command line: the verbs, and what becomes of errors."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envwright.cli.options import parse
from envwright.engine.context import named, open_job, somebody_is_there, targets
from envwright.errors import EnvwrightError, ExitCode, unforeseen
from envwright.report.terminal import Report
from envwright.timings import timings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from envwright.cache.fastpath import Attempt
    from envwright.engine.context import Job
    from envwright.engine.plan import Plan
    from envwright.engine.verify import Result
    from envwright.host.inventory import Target
    from envwright.model.pending_restart import Waits
    from envwright.model.resource import Moment
    from envwright.timings import Timings

    Verb = Callable[[argparse.Namespace, Report], ExitCode]

# Verbs import what they need when they run: what a plan does not need costs it no time.


@contextlib.contextmanager
def _job(target: Target, options: argparse.Namespace, report: Report) -> Iterator[Job]:
    with open_job(target, options) as job:
        report.mask = job.secrets.mask
        options.jobs.append(job)
        yield job


def plan(options: argparse.Namespace, report: Report) -> ExitCode:
    """Show what differs."""
    target, *others = found = targets(options)
    if others:
        from envwright.fleet import verbs  # noqa: PLC0415 - see above

        return verbs.plan(found, options, report)
    with _job(target, options, report) as job:
        made = job.plan()
        if options.json:
            report.json(made.json(), options.spent.seconds())
        else:
            report.plan(made)
    if made:
        return ExitCode.CHANGES
    return ExitCode.RESTART if made.waiting else ExitCode.DONE


def apply(options: argparse.Namespace, report: Report) -> ExitCode:
    """Show what differs, ask, make it so, and prove it."""
    if options.json and not options.yes:
        raise EnvwrightError("apply --json cannot ask", hint="say --yes, too")
    report.quiet = options.json
    target, *others = found = targets(options)
    if others:
        from envwright.fleet import verbs  # noqa: PLC0415 - see above

        if options.restart:
            raise EnvwrightError("--restart is for one machine", hint="name one by --host")
        return verbs.apply(found, options, report, _apply, _confirm)
    with _job(target, options, report) as job:
        code, outcome = _apply(job, options, report)
    if options.json:
        report.json(outcome, options.spent.seconds())
    return code


def _apply(
    job: Job, options: argparse.Namespace, report: Report
) -> tuple[ExitCode, dict[str, Any]]:
    from envwright.engine.apply import apply as make  # noqa: PLC0415 - see above
    from envwright.engine.plan import waits_of  # noqa: PLC0415 - see above

    plan = job.plan()
    report.plan(plan)
    shown = plan.json()
    waiting = shown["waiting"]
    outcome: dict[str, Any] = {"plan": shown, "pending": [], "waiting": waiting, "checks": []}
    restarting = bool(options.restart) and _can_restart(job, plan, options, report)
    if not plan and not restarting and not job.goes_on:
        return ExitCode.RESTART if plan.waiting else ExitCode.DONE, outcome
    if not options.yes:
        _confirm(report, " and restart" if restarting else "")
    report.line()
    with job.timings("journal and second look"):
        left = make(
            plan,
            job.compiled,
            job.session,
            job.secrets,
            begin=report.begin,
            end=report.end,
            cut_off=report.cut_off,
            timings=job.timings,
            shown=not options.yes,
        )
    outcome["pending"] = [change.resource.id for change in left.changes]
    outcome["waiting"] = left.json()["waiting"]
    if restarting and left.restart:
        return _go_on(job, left, left.restart, options, report)
    code = ExitCode.RESTART if left or left.waiting else ExitCode.DONE
    if options.verify:
        results = _verify(job, report, waits_of(left))
        outcome["checks"] = [result.json() for result in results]
        code = _verdict(results) or code
    report.left(left, plan)
    return code, outcome


def _can_restart(job: Job, plan: Plan, options: argparse.Namespace, report: Report) -> bool:
    from envwright.restart.orchestrate import check  # noqa: PLC0415 - see above

    return check(job, plan, options, report)


def _go_on(
    job: Job, left: Plan, moment: Moment, options: argparse.Namespace, report: Report
) -> tuple[ExitCode, dict[str, Any]]:
    """Have the machine restarted; from outside, apply what is left then."""
    from envwright.restart import orchestrate, windows  # noqa: PLC0415 - see above

    if job.target.host == orchestrate.HERE:
        orchestrate.leave(job, left, moment, options, report)
    starts = orchestrate.cross(job, left, moment, report)
    rest = argparse.Namespace(**{**vars(options), "yes": True, "restart": options.restart - 1})
    with _job(job.target, rest, report) as again:
        again.goes_on = True
        try:
            windows.record(again.session, left.environment, starts)
            code, outcome = _apply(again, rest, report)
        finally:
            windows.release(again.session)
    outcome["restarts"] = [starts, *outcome.get("restarts", [])]
    return code, outcome


def _confirm(report: Report, more: str = "") -> None:
    """Ask before anything is changed."""
    if not somebody_is_there():
        raise EnvwrightError(
            "nothing was changed: there is nobody to ask", hint="say --yes to apply without asking"
        )
    report.ask(f"\nMake these changes{more}? [y/N] ")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise EnvwrightError("nothing was changed")


def verify(options: argparse.Namespace, report: Report) -> ExitCode:
    """Prove that a machine is as it should be."""
    style = "json" if options.json else options.format
    report.quiet = style != "text"
    target, *others = found = targets(options)
    if others:
        from envwright.fleet import verbs  # noqa: PLC0415 - see above

        return verbs.verify(found, options, report, _prove)
    with _job(target, options, report) as job:
        results = _verify(job, report, job.waits(), options.junit)
    if style == "json":
        report.json([result.json() for result in results], options.spent.seconds(), "checks")
    elif style == "tap":
        from envwright.engine.verify import tap  # noqa: PLC0415 - see above

        report.text(tap(results))
    return _verdict(results)


def _prove(
    job: Job, options: argparse.Namespace, report: Report
) -> tuple[ExitCode, list[dict[str, Any]]]:
    """Verify one machine of several."""
    results = _verify(job, report, job.waits(), options.junit)
    return _verdict(results), [result.json() for result in results]


def _verify(job: Job, report: Report, waits: Waits, junit: Path | None = None) -> list[Result]:
    from envwright.engine.verify import run  # noqa: PLC0415 - see above

    report.line(f"\nVerifying {job.compiled.name} on {job.session.name}:")
    with job.timings("verify"):
        results = run(
            job.compiled, job.session, job.secrets, waits=waits, tell=report.result, junit=junit
        )
    report.results(results)
    return results


def _verdict(results: Sequence[Result]) -> ExitCode:
    failed = any(result.outcome == "failed" for result in results)
    return ExitCode.CHANGES if failed else ExitCode.DONE


def check(options: argparse.Namespace, report: Report) -> ExitCode:
    """Check an environment without a machine."""
    from envwright.spec.compiler import compile_environment  # noqa: PLC0415 - see above
    from envwright.spec.environment import load  # noqa: PLC0415 - see above
    from envwright.spec.sample_machines import MACHINES  # noqa: PLC0415 - see above

    for machine in MACHINES:
        environment = load(named(options.environment), machine, dict(options.var))
        compiled = compile_environment(environment, machine)
        name = f"{machine.distro} {machine.release}{' under WSL' if machine.wsl else ''}"
        counts = f"{len(compiled.resources)} resources, {len(compiled.proofs)} proofs"
        report.line(f"{options.environment}: good for {name}: {counts}")
    return ExitCode.DONE


def explain(options: argparse.Namespace, report: Report) -> ExitCode:
    """Explain a capability or one of its keys."""
    from envwright.spec.explain import explain as text  # noqa: PLC0415 - see above

    report.text(text(options.topic))
    return ExitCode.DONE


def schema(options: argparse.Namespace, report: Report) -> ExitCode:  # noqa: ARG001 - a verb
    """Print the JSON Schema of environments, for editors."""
    from envwright.spec.schema import json_schema  # noqa: PLC0415 - see above

    report.json(json_schema())
    return ExitCode.DONE


def export(options: argparse.Namespace, report: Report) -> ExitCode:
    """Write a deploy and tests that run without envwright."""
    from envwright.targets.pyinfra_deploy import export as write  # noqa: PLC0415 - see above

    target, *others = targets(options)
    if others:
        names = ", ".join(each.host for each in (target, *others))
        raise EnvwrightError(f"an export is for one machine, not {names}", hint="name one")
    with _job(target, options, report) as job:
        for path in write(job.compiled, job.secrets, target.host, Path(options.output)):
            report.line(str(path))
    return ExitCode.DONE


def pull(options: argparse.Namespace, report: Report) -> ExitCode:
    """Follow a git repository of environments, by a timer."""
    from envwright.pull import installation, local, run, status  # noqa: PLC0415 - see above

    if options.action == "run":
        return run.run(report)
    if options.action == "status":
        status.status(report, as_json=options.json)
        return ExitCode.DONE
    wanted = installation.compiled(options)
    with local.opened(lambda _: wanted) as job:
        report.mask = job.secrets.mask
        return _apply(job, options, report)[0]


VERBS: dict[str, Verb] = {
    verb.__name__: verb for verb in (check, plan, apply, verify, explain, schema, export, pull)
}


def main(
    arguments: Sequence[str] | None = None,
    attempt: Attempt | None = None,
    spent: Timings | None = None,
) -> int:
    """Do what a command line says; return the exit code. What is wrong is told, never raised.

    Args:
        arguments: the command line, by default the process's own.
        attempt: the fast path, where it was tried: an open session, and the machine's answers.
        spent: counts where its time goes.
    """
    report = Report()
    words = sys.argv[1:] if arguments is None else arguments
    spent = spent or timings(words)
    try:
        options = parse(words)
        options.attempt, options.spent, options.jobs = attempt, spent, []
        code = VERBS[options.verb](options, report)
        if code is ExitCode.DONE and len(options.jobs) == 1 and not options.inventory:
            options.jobs[0].note(words, report.said)
    except EnvwrightError as error:
        report.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        report.error(EnvwrightError("interrupted", hint="`envwright apply` goes on from here"))
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return ExitCode.ERROR  # whoever read our output has seen enough
    except Exception as error:  # noqa: BLE001 - the last resort, so that nobody meets a traceback
        report.error(_described(error, report))
        return ExitCode.ERROR
    else:
        return code
    finally:
        report.timings(spent)


def _described(error: Exception, report: Report) -> EnvwrightError:
    """Say what a failure is that nobody foresaw: a file here, or a mistake of ours."""
    if not (isinstance(error, OSError) and error.filename) and os.environ.get("ENVWRIGHT_DEBUG"):
        import traceback  # noqa: PLC0415 - 10 ms that only this needs

        report.complain("".join(traceback.format_exception(error)))
    return unforeseen(error)
