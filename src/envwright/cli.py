"""The command line: verbs, their options, and what becomes of errors."""

from __future__ import annotations

import argparse
import contextlib
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from envwright.errors import EnvwrightError, ExitCode
from envwright.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from envwright.compiler import Compiled
    from envwright.facts import Machine
    from envwright.inventory import Target
    from envwright.plan import Plan
    from envwright.secrets import Secrets
    from envwright.transport import Session

    Verb = Callable[[argparse.Namespace, Report], ExitCode]


class Job:
    """One environment on one machine whose session is open."""

    def __init__(self, target: Target, options: argparse.Namespace, session: Session) -> None:
        from envwright.compiler import compile_environment  # noqa: PLC0415 - see _parser
        from envwright.environment import load  # noqa: PLC0415 - see _parser
        from envwright.facts import Machine  # noqa: PLC0415 - see _parser

        self.session = session
        self.machine: Machine = Machine.read(session.hello.stdout)
        environment = load(target.environment, self.machine, dict(options.var))
        self.secrets: Secrets = environment.secrets
        self.compiled: Compiled = compile_environment(environment, self.machine)

    def plan(self) -> Plan:
        """Compare the machine with the environment."""
        from envwright.plan import make_plan  # noqa: PLC0415 - see _parser

        return make_plan(self.compiled, self.session, self.machine, self.secrets)


def _targets(options: argparse.Namespace) -> list[Target]:
    from envwright.inventory import Target, read_inventory  # noqa: PLC0415 - see _parser

    if options.inventory:
        targets = read_inventory(options.inventory, options.limit)
    else:
        targets = [Target(host) for host in options.host or ["@local"]]
    targets = [Target(t.host, options.environment or t.environment) for t in targets]
    for target in targets:
        if not target.environment:
            raise EnvwrightError(
                f"no environment is named for {target.host}",
                hint="name a file: envwright plan environments/quickstart.yaml",
            )
    return targets


@contextlib.contextmanager
def _job(target: Target, options: argparse.Namespace, report: Report) -> Iterator[Job]:
    from envwright.facts import Machine  # noqa: PLC0415 - see _parser
    from envwright.transport import open_session  # noqa: PLC0415 - see _parser

    if not Path(target.environment).is_file():
        # Said by the language in its own words, before a machine is troubled.
        from envwright.document import read_document  # noqa: PLC0415 - see _parser

        read_document(target.environment)
    ask: Callable[[str], str] | None = getpass.getpass if sys.stdin.isatty() else None
    if options.sudo_password_stdin:
        ask = _password_from_stdin
    with open_session(target.host, hello=Machine.HELLO, password=ask) as session:
        job = Job(target, options, session)
        report.mask = job.secrets.mask
        yield job


def _password_from_stdin(_: str) -> str:
    return sys.stdin.readline().rstrip("\n")


def plan(options: argparse.Namespace, report: Report) -> ExitCode:
    """Show what differs."""
    plans = []
    for target in _targets(options):
        with _job(target, options, report) as job:
            plans.append(job.plan())
            if not options.json:
                report.plan(plans[-1])
    if options.json:
        report.json([p.json() for p in plans] if len(plans) > 1 else plans[0].json())
    return ExitCode.CHANGES if any(plans) else ExitCode.DONE


def apply(options: argparse.Namespace, report: Report) -> ExitCode:
    """Show what differs, ask, make it so, and prove it."""
    codes = [ExitCode.DONE]
    for target in _targets(options):
        with _job(target, options, report) as job:
            codes.append(_apply(job, options, report))
    return max(codes)


def _apply(job: Job, options: argparse.Namespace, report: Report) -> ExitCode:
    from envwright.apply import apply as make  # noqa: PLC0415 - see _parser

    plan = job.plan()
    report.plan(plan)
    if not plan:
        return ExitCode.DONE
    if not options.yes:
        _confirm(report)
    report.line()
    steps = {"begin": report.begin, "end": report.end}
    left = make(plan, job.compiled, job.session, job.secrets, **steps)
    report.left(left)
    if options.verify and not left and _verify(job, options, report) is not ExitCode.DONE:
        return ExitCode.CHANGES
    return ExitCode.RESTART if left else ExitCode.DONE


def _confirm(report: Report) -> None:
    """Ask before anything is changed."""
    if not sys.stdin.isatty():
        raise EnvwrightError(
            "nothing was changed: there is nobody to ask", hint="say --yes to apply without asking"
        )
    report.ask("\nMake these changes? [y/N] ")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise EnvwrightError("nothing was changed")


def verify(options: argparse.Namespace, report: Report) -> ExitCode:
    """Prove that a machine is as it should be."""
    codes = [ExitCode.DONE]
    for target in _targets(options):
        with _job(target, options, report) as job:
            codes.append(_verify(job, options, report))
    return max(codes)


def _verify(job: Job, options: argparse.Namespace, report: Report) -> ExitCode:
    from envwright import verify as verification  # noqa: PLC0415 - see _parser

    style = getattr(options, "format", "text")
    if style == "text":
        report.line(f"\nVerifying {job.compiled.name} on {job.session.name}:")
    tell = report.result if style == "text" else (lambda _: None)
    junit = getattr(options, "junit", None)
    results = verification.run(job.compiled, job.session, job.secrets, tell=tell, junit=junit)
    if style == "json":
        report.json([result.json() for result in results])
    elif style == "tap":
        report.line(verification.tap(results).rstrip("\n"))
    else:
        report.results(results)
    failed = any(result.outcome == "failed" for result in results)
    return ExitCode.CHANGES if failed else ExitCode.DONE


def check(options: argparse.Namespace, report: Report) -> ExitCode:
    """Check an environment without a machine."""
    from envwright.compiler import compile_environment  # noqa: PLC0415 - see _parser
    from envwright.environment import load  # noqa: PLC0415 - see _parser
    from envwright.samples import MACHINES  # noqa: PLC0415 - see _parser

    for machine in MACHINES:
        environment = load(options.environment, machine, dict(options.var))
        compiled = compile_environment(environment, machine)
        name = f"{machine.distro} {machine.release}{' under WSL' if machine.wsl else ''}"
        counts = f"{len(compiled.resources)} resources, {len(compiled.proofs)} proofs"
        report.line(f"{options.environment}: good for {name}: {counts}")
    return ExitCode.DONE


def explain(options: argparse.Namespace, report: Report) -> ExitCode:
    """Explain a capability or one of its keys."""
    from envwright.explain import explain as text  # noqa: PLC0415 - see _parser

    report.line(text(options.topic).rstrip("\n"))
    return ExitCode.DONE


def schema(options: argparse.Namespace, report: Report) -> ExitCode:  # noqa: ARG001 - a verb
    """Print the JSON Schema of environments, for editors."""
    from envwright.schema import json_schema  # noqa: PLC0415 - see _parser

    report.json(json_schema())
    return ExitCode.DONE


def export(options: argparse.Namespace, report: Report) -> ExitCode:
    """Write a deploy and tests that run without envwright."""
    from envwright.export import export as write  # noqa: PLC0415 - see _parser

    (target,) = _targets(options)[:1]
    with _job(target, options, report) as job:
        folder = Path(options.output)
        for path in write(job.compiled, job.secrets, target.host, folder):
            report.line(str(path))
    return ExitCode.DONE


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=VALUE")
    return name, value


def _common_options() -> argparse.ArgumentParser:
    """Describe what every verb that reads an environment takes."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("environment", nargs="?", default="", help="a YAML file")
    common.add_argument(
        "--var",
        action="append",
        default=[],
        type=_variable,
        metavar="NAME=VALUE",
        help="set a variable of the environment",
    )
    return common


def _machine_options(common: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Describe what every verb that asks machines takes."""
    machines = argparse.ArgumentParser(add_help=False, parents=[common])
    machines.add_argument(
        "--host",
        "-H",
        action="append",
        metavar="HOST",
        help="@local (default), @ssh/[user@]host, @docker/ID, @podman/ID, "
        "@chroot/DIR; again for more",
    )
    machines.add_argument("--inventory", "-i", help="a pyinfra inventory")
    machines.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only these hosts or groups of the inventory",
    )
    machines.add_argument(
        "--sudo-password-stdin",
        action="store_true",
        help="read sudo's password from the first line of stdin",
    )
    machines.add_argument("--json", action="store_true", help="print JSON")
    return machines


def _parser() -> argparse.ArgumentParser:
    """Describe the command line.

    Verbs import what they need when they run: what a plan does not need costs it no time.
    """
    from envwright import __version__  # noqa: PLC0415 - read only here

    parser = argparse.ArgumentParser(
        prog="envwright",
        description="One YAML file to a proven developer machine.",
        epilog="Exit codes: 0 done or nothing to do, 1 error, 2 changes (plan) or failed checks "
        "(verify), 3 done so far and a restart is needed, 130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"envwright {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    common = _common_options()
    machines = _machine_options(common)

    def verb(function: Verb, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        added = verbs.add_parser(
            function.__name__, help=(function.__doc__ or "").rstrip("."), parents=parents
        )
        added.set_defaults(verb=function)
        return added

    verb(check, common)
    verb(plan, machines)
    making = verb(apply, machines)
    making.add_argument("--yes", "-y", action="store_true", help="do not ask")
    making.add_argument(
        "--no-verify", dest="verify", action="store_false", help="do not prove the result"
    )
    proving = verb(verify, machines)
    proving.add_argument("--format", choices=["text", "json", "tap"], default="text")
    proving.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML, too")
    verb(explain).add_argument("topic", nargs="?", default="", help="docker, docker.daemon, ...")
    verb(schema)
    kinds = verb(export).add_subparsers(required=True, metavar="KIND")
    writing = kinds.add_parser("pyinfra", help="a pyinfra deploy and its tests", parents=[machines])
    writing.add_argument("--output", "-o", default="export", help="the folder to write")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; return the exit code."""
    report = Report()
    options = _parser().parse_args(arguments)
    try:
        return options.verb(options, report)  # type: ignore[no-any-return] # set by verb()
    except EnvwrightError as error:
        report.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        report.error(EnvwrightError("interrupted", hint="the next `envwright apply` goes on"))
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python must not complain at exit.
        sys.stderr.close()
        return ExitCode.ERROR
