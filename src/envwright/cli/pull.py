"""The verb `pull`: follow a git repository of environments, by a timer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from envwright import workflow
from envwright.cli.pull_options import install_options
from envwright.errors import ExitCode
from envwright.pull import installation, local, run, status
from envwright.workflow import RunOptions, Verb

if TYPE_CHECKING:
    import argparse

    from envwright.cli.invocation import Invocation


def pull(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Install pull mode, remove it, tell its status, or do one run of it."""
    if parsed.action == "run":
        return run.run(call.report)
    if parsed.action == "status":
        status.status(call.report, as_json=parsed.json)
        return ExitCode.DONE
    wanted = installation.compiled(install_options(parsed))
    options = RunOptions(Verb.APPLY, yes=parsed.yes, verify=parsed.verify)
    with local.open_here(lambda _: wanted) as context:
        call.report.mask = context.secrets.mask
        return workflow.run(context, options, call.report).code
