"""The grammar of the command line: verbs and their options, and the typed values of them."""

from __future__ import annotations

import functools
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envwright import __version__
from envwright.cli.bench_options import VERBS as BENCH_VERBS
from envwright.cli.bench_options import add_bench_options
from envwright.cli.capture_options import VERBS as CAPTURE_VERBS
from envwright.cli.capture_options import add_capture_options
from envwright.cli.parser import HOSTS, Parser, add_session_options, count, seconds, variable
from envwright.cli.pull_options import add_actions
from envwright.cli.state_options import VERBS as STATE_VERBS
from envwright.cli.state_options import add_state_options
from envwright.errors import EnvwrightError
from envwright.workflow import RunOptions, Verb

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from envwright.fleet.options import FleetOptions
    from envwright.fleet.record import RecordOptions
    from envwright.host.inventory import Target

VERBS = {
    "check": "Check environments without a machine",
    "plan": "Show what differs",
    "apply": "Show what differs, ask, make it so, and prove it",
    "verify": "Prove that a machine is as it should be",
    "explain": "Explain a capability or one of its keys, or where an environment has values from",
    "schema": "Print the JSON Schema of environments, for editors",
    "hosts": "List the machines of an inventory, with what each is to be",
    "diff": "Compare two environments, or two machines of an inventory",
    "export": "Write a deploy and tests that run without envwright",
    "lock": "Record what the layers of an environment are, and which versions machines have",
    "pull": "Follow a git repository of environments, by a timer",
    **CAPTURE_VERBS,
    **STATE_VERBS,
    **BENCH_VERBS,
}
"""What there is to do, in the order of doing it."""

RESTARTS = 3
"""How many restarts `apply --restart` asks Windows for, at most."""
PARALLEL = 10
"""Hosts at a time: sshd, as on a jump host, drops some of the logins beyond 10 (MaxStartups)."""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read a command line, by default the process's own; `verb` says what is to be done.

    Raises:
        EnvwrightError: it makes no sense.
        SystemExit: help or the version was asked for, and printed.
    """
    words = sys.argv[1:] if arguments is None else arguments
    # The options of the other verbs, which take milliseconds, are for those who ask for help.
    verbs = [word for word in words[:1] if word in VERBS] or [*VERBS]
    return _parser(verbs).parse_args(words)


def _parser(names: Sequence[str]) -> Parser:
    """Describe the command line with these verbs."""
    parser = Parser(
        prog="envwright",
        description="One YAML file to a proven developer machine.",
        epilog="Exit codes: 0 done or nothing to do, 1 error, 2 changes (plan, diff) or failed "
        "checks (verify), 3 done so far (apply) or nothing to do (plan), and a restart is needed, "
        "130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"envwright {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="VERB", dest="verb")
    common = _common_options()
    machines = _machine_options(common)
    parents = {"plan": [machines], "apply": [machines], "verify": [machines]}
    parsers = {
        name: verbs.add_parser(
            name, help=VERBS[name], description=VERBS[name], parents=parents.get(name, [])
        )
        for name in names
    }
    for name in {"plan", "apply", "verify"} & {*names}:
        _run_options(parsers[name])
    own = _options_by_verb(machines)
    for name in own.keys() & {*names}:
        own[name](parsers[name])
    return parser


def _run_options(running: Parser) -> None:
    """Describe what every verb takes that runs an environment on machines."""
    running.add_argument("--json", action="store_true", help="print JSON, and only that")
    running.add_argument(
        "--timings", action="store_true", help="tell where the time went, on stderr"
    )
    _trust_option(running)
    _locked_option(running)
    _fleet_options(running)


def _options_by_verb(machines: Parser) -> dict[str, Callable[[Parser], None]]:
    """Return what describes the options that a verb alone has, by the verb."""
    return {
        "check": _check_options,
        "plan": _plan_options,
        "apply": _apply_options,
        "verify": _verify_options,
        "explain": _explain_options,
        "hosts": _hosts_options,
        "diff": _diff_options,
        "lock": _lock_options,
        "export": functools.partial(_export_options, machines),
        "pull": add_actions,
        "bench": add_bench_options,
        **{verb: functools.partial(add_capture_options, verb) for verb in CAPTURE_VERBS},
        **{verb: functools.partial(add_state_options, verb) for verb in STATE_VERBS},
    }


def _check_options(checking: Parser) -> None:
    from envwright.spec.sample_machines import KINDS, kinds  # noqa: PLC0415 - check alone has kinds

    checking.add_argument("environments", nargs="*", metavar="FILE", help="files of YAML")
    _variable_option(checking)
    _offline_option(checking)
    checking.add_argument(
        "--policy",
        dest="policies",
        action="append",
        default=[],
        metavar="FILE",
        help="hold the environments against the policy of this file, too; again for more",
    )
    checking.add_argument("--json", action="store_true", help="print JSON, and only that")
    checking.add_argument(
        "--for",
        dest="kinds",
        type=kinds,
        default=(),
        metavar="KIND,...",
        help="only for these kinds of machine, and end with 1 where one of them does not fit: "
        f"{', '.join(KINDS)}",
    )


def _plan_options(planning: Parser) -> None:
    planning.add_argument(
        "--output",
        "-o",
        type=Path,
        metavar="FILE",
        help="save the plan of one machine: `envwright apply FILE` makes it, and nothing else",
    )


def _apply_options(making: Parser) -> None:
    making.add_argument("--yes", "-y", action="store_true", help="do not ask")
    making.add_argument(
        "--no-verify", dest="verify", action="store_false", help="do not prove the result"
    )
    making.add_argument(
        "--restart",
        action="store_const",
        const=RESTARTS,
        default=0,
        help="under WSL: where something waits for a restart of the distribution or of the virtual "
        "machine (which ends all distributions), have Windows make it, and go on after it",
    )
    making.add_argument(
        "--prune",
        action="store_true",
        help="take back, too, what the environment made on a machine and no longer names",
    )
    making.add_argument(
        "--lock-timeout",
        type=seconds,
        default=0.0,
        metavar="SECONDS",
        help="wait so long where another envwright is at work on a machine (default: 1)",
    )
    making.add_argument(
        "--canary",
        default="",
        metavar="N|PATTERN",
        help="of several hosts, change N of those that differ first, or these hosts or groups; "
        "the others follow only where none of them failed, after a question",
    )


def _verify_options(proving: Parser) -> None:
    proving.add_argument("--format", choices=["text", "json", "tap"], default="text")
    proving.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit XML, too")


def _explain_options(explaining: Parser) -> None:
    from envwright.spec.sample_machines import KINDS, kinds  # noqa: PLC0415 - as for check

    topic = "docker, docker.daemon, extends, policy, vars, ...; or the file of an environment"
    explaining.add_argument("topic", nargs="?", default="", help=topic)
    key = (
        "of a file: docker.daemon.mtu, ... (default: all); of vars, secrets, extends, when: a file"
    )
    explaining.add_argument("key", nargs="?", default="", help=key)
    _variable_option(explaining)
    _access_options(explaining)
    _offline_option(explaining)
    explaining.add_argument(
        "--for",
        dest="kinds",
        type=kinds,
        default=(),
        metavar="KIND",
        help="of a file: what it says for this kind of machine (default: "
        f"{next(iter(KINDS))}; of `when` all)",
    )


def _hosts_options(listing: Parser) -> None:
    _inventory_options(listing, required=True)
    listing.add_argument("--json", action="store_true", help="print JSON")


def _diff_options(comparing: Parser) -> None:
    from envwright.spec.sample_machines import KINDS, kinds  # noqa: PLC0415 - as for check

    for name, metavar in (("first", "A"), ("second", "B")):
        comparing.add_argument(name, metavar=metavar, help="a file, or a host of the inventory")
    _variable_option(comparing)
    _offline_option(comparing)
    comparing.add_argument("--inventory", "-i", metavar="FILE", help="an inventory with the hosts")
    comparing.add_argument(
        "--for",
        dest="kinds",
        type=kinds,
        default=tuple(KINDS)[:1],
        metavar="KIND",
        help=f"the kind of machine that both are compiled for (default: {next(iter(KINDS))})",
    )
    comparing.add_argument("--json", action="store_true", help="print JSON, and only that")


def _lock_options(locking: Parser) -> None:
    locking.add_argument("environment", nargs="?", default="", help="a YAML file")
    _variable_option(locking)
    _offline_option(locking)
    _access_options(locking)
    locking.add_argument(
        "--upgrade",
        nargs="?",
        const="",
        metavar="NAME",
        help="look up anew the layers whose addresses hold this text, and the versions of "
        "resources whose ids do (default: all), and tell what moved",
    )
    locking.add_argument("--json", action="store_true", help="print JSON, and only that")


def _export_options(machines: Parser, exporting: Parser) -> None:
    kinds = exporting.add_subparsers(required=True, metavar="KIND")
    writing = kinds.add_parser("pyinfra", help="a pyinfra deploy and its tests", parents=[machines])
    writing.add_argument("--output", "-o", default="export", help="the folder to write")


def _common_options() -> Parser:
    """Describe what every verb that reads an environment takes."""
    common = Parser(add_help=False)
    common.add_argument(
        "environment", nargs="?", default="", help="a YAML file; for apply, or a saved plan"
    )
    _variable_option(common)
    _offline_option(common)
    return common


def _variable_option(parser: Parser) -> None:
    parser.add_argument(
        "--var",
        action="append",
        default=[],
        type=variable,
        metavar="NAME=VALUE",
        help="set a variable of the environment",
    )


def _offline_option(parser: Parser) -> None:
    parser.add_argument(
        "--offline",
        action="store_true",
        help="fetch no layer that `extends` names: take those of the cache alone",
    )


def _locked_option(parser: Parser) -> None:
    parser.add_argument(
        "--locked",
        action="store_true",
        help="take the versions of envwright.lock beside the environment, and no others",
    )


def _trust_option(parser: Parser) -> None:
    parser.add_argument(
        "--trust",
        action="store_true",
        help="run the commands that the environment names for its secrets without asking",
    )


def _machine_options(common: Parser) -> Parser:
    """Describe what every verb that asks machines takes."""
    machines = Parser(add_help=False, parents=[common])
    _access_options(machines)
    return machines


def _access_options(machines: Parser) -> None:
    """Add what names machines, and how they are reached."""
    machines.add_argument(
        "--host",
        "-H",
        action="append",
        metavar="HOST",
        help=f"{HOSTS}; again for more",
    )
    _inventory_options(machines)
    add_session_options(machines)


def _inventory_options(parser: Parser, *, required: bool = False) -> None:
    """Add what names an inventory and some of its machines."""
    parser.add_argument(
        "--inventory",
        "-i",
        required=required,
        metavar="FILE",
        help="an inventory: Python as pyinfra reads it, or YAML",
    )
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="PATTERN",
        help="only these hosts or groups of the inventory, or those whose last run had this "
        "outcome: 'backend,!@ssh/box3' or '@failed'; see docs/how-it-works.md",
    )


def _fleet_options(parser: Parser) -> None:
    """Add what counts where there are several hosts."""
    several = parser.add_argument_group("several hosts")
    several.add_argument(
        "--parallel",
        type=count,
        default=PARALLEL,
        metavar="N",
        help=f"so many hosts at a time (default: {PARALLEL})",
    )
    failing = several.add_mutually_exclusive_group()
    failing.add_argument(
        "--fail-fast", action="store_true", help="begin with no further host once one has failed"
    )
    failing.add_argument(
        "--keep-going",
        dest="fail_fast",
        action="store_false",
        help="one host's failure is no other's (default)",
    )
    several.add_argument(
        "--log-dir", type=Path, metavar="DIR", help="write a log for each host there"
    )
    several.add_argument(
        "--report",
        type=Path,
        metavar="DIR",
        help="write JSON there: a summary, and a file for each host",
    )


# --- Typed values of what was parsed -------------------------------------------------------------


class MachineOptions(NamedTuple):
    """Which machines a command line names, and which environment.

    Args:
        environment: a file; "" where the command line names none.
        variables: the variables that it sets.
        hosts: machines by name.
        inventory: a file that lists machines; "" where the command line names none.
        limit: patterns of hosts or groups of the inventory.
        password_on_stdin: sudo's password is the first line of stdin.
        timeout: seconds after which a machine is given up; None for never.
        offline: no layer of an environment is fetched.
        locked: the machines take the versions of the lock, and no others.
    """

    environment: str
    variables: Mapping[str, str]
    hosts: tuple[str, ...] = ()
    inventory: str = ""
    limit: tuple[str, ...] = ()
    password_on_stdin: bool = False
    timeout: float | None = None
    offline: bool = False
    locked: bool = False

    def targets(self) -> list[Target]:
        """Return the machines, each with its environment.

        Raises:
            EnvwrightError: the options name none, or contradict each other.
        """
        from envwright.host.inventory import Target  # noqa: PLC0415 - light

        if self.inventory and self.hosts:
            raise EnvwrightError(
                "--host and --inventory both say where", hint="--limit takes some of an inventory"
            )
        if self.limit and not self.inventory:
            raise EnvwrightError("--limit is for an --inventory", hint="name one host by --host")
        if self.inventory:
            found = read_inventory(self.inventory, self.limit)
        else:
            found = [Target(host) for host in self.hosts or ["@local"]]
        for target in found:
            named(self.environment or target.environment, f" for {target.host}")
        return [
            replace(
                target,
                environment=self.environment or target.environment,
                variables={**target.variables, **self.variables},
                locked=self.locked,
            )
            for target in found
        ]


def read_inventory(path: str, limit: Sequence[str] = ()) -> list[Target]:
    """Return the machines of an inventory, in YAML or in Python, as pyinfra reads it.

    Raises:
        EnvwrightError: the inventory cannot be read or names no host, or the limit leaves none.
    """
    from envwright.fleet import selection  # noqa: PLC0415 - only an inventory needs it
    from envwright.host import inventory  # noqa: PLC0415 - only an inventory needs it
    from envwright.spec import inventory as in_yaml  # noqa: PLC0415 - only an inventory needs it

    read = in_yaml.read_groups if path.endswith(in_yaml.SUFFIXES) else inventory.read_groups
    groups = read(path)
    names = [group.name for group in groups]
    return selection.select(inventory.targets(groups, path), path, limit, names)


def named(environment: str, whose: str = "") -> str:
    """Return the environment of a command line, which may not have named one.

    Raises:
        EnvwrightError: none is named.
    """
    if not environment:
        raise EnvwrightError(
            f"no environment is named{whose}",
            hint="name a file: envwright plan environments/quickstart.yaml",
        )
    return environment


def machine_options(parsed: argparse.Namespace, environment: str = "") -> MachineOptions:
    """Return what a command line says of machines.

    Args:
        parsed: the command line.
        environment: the file, where the command line has it as something else.
    """
    return MachineOptions(
        environment or parsed.environment,
        dict(parsed.var),
        tuple(parsed.host or ()),
        parsed.inventory or "",
        tuple(parsed.limit),
        parsed.sudo_password_stdin,
        parsed.timeout,
        parsed.offline,
        getattr(parsed, "locked", False),
    )


def run_options(parsed: argparse.Namespace) -> RunOptions:
    """Return what `plan`, `apply` or `verify` is to do."""
    verb = Verb(parsed.verb)
    if verb is Verb.VERIFY:
        return RunOptions(verb, json=parsed.json, junit=parsed.junit, trust=parsed.trust)
    if verb is Verb.PLAN:
        return RunOptions(verb, json=parsed.json, trust=parsed.trust)
    return RunOptions(
        verb,
        yes=parsed.yes,
        verify=parsed.verify,
        restarts=parsed.restart,
        json=parsed.json,
        lock_timeout=parsed.lock_timeout,
        trust=parsed.trust,
        prune=parsed.prune,
    )


def fleet_options(parsed: argparse.Namespace) -> FleetOptions:
    """Return how a verb runs on several machines."""
    from envwright.fleet.options import FleetOptions  # noqa: PLC0415 - one machine spares it

    return FleetOptions(
        parsed.parallel,
        parsed.fail_fast,
        parsed.log_dir,
        parsed.timeout,
        parsed.trust,
        parsed.offline,
        getattr(parsed, "canary", ""),
        parsed.inventory or "",
    )


def record_options(parsed: argparse.Namespace) -> RecordOptions:
    """Return what is kept of a run, beside what it prints."""
    from envwright.fleet.record import RecordOptions  # noqa: PLC0415 - one machine spares it

    return RecordOptions(Verb(parsed.verb), parsed.inventory or "", parsed.report)
