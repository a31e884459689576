"""The command line: finds the verb, and tells what became of it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from envwright.cli.invocation import Invocation
from envwright.cli.options import parse
from envwright.errors import EnvwrightError, ExitCode, unforeseen
from envwright.report.terminal import Report
from envwright.timings import timings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from envwright.cache.fastpath import Attempt
    from envwright.timings import Timings

    Verb = Callable[[argparse.Namespace, Invocation], int]

# A verb's module is imported when the verb runs: the others cost it no time.


def _run(parsed: argparse.Namespace, call: Invocation) -> int:
    from envwright.cli import machines  # noqa: PLC0415 - see above

    return machines.run(parsed, call)


def _export(parsed: argparse.Namespace, call: Invocation) -> int:
    from envwright.cli import machines  # noqa: PLC0415 - see above

    return machines.export(parsed, call)


def _language(parsed: argparse.Namespace, call: Invocation) -> int:
    from envwright.cli import language  # noqa: PLC0415 - see above

    verbs = {"check": language.check, "explain": language.explain, "schema": language.schema}
    return verbs[parsed.verb](parsed, call)


def _explain(parsed: argparse.Namespace, call: Invocation) -> int:
    if not (parsed.host or parsed.inventory):
        return _language(parsed, call)
    from envwright.cli import machines  # noqa: PLC0415 - see above

    return machines.explain(parsed, call)


def _diff(parsed: argparse.Namespace, call: Invocation) -> int:
    from envwright.cli.diff import diff  # noqa: PLC0415 - see above

    return diff(parsed, call)


def _hosts(parsed: argparse.Namespace, call: Invocation) -> int:
    from envwright.cli.hosts import hosts  # noqa: PLC0415 - see above

    return hosts(parsed, call)


def _lock(parsed: argparse.Namespace, call: Invocation) -> int:
    from envwright.cli.lock import lock  # noqa: PLC0415 - see above

    return lock(parsed, call)


def _capture(parsed: argparse.Namespace, call: Invocation) -> int:
    from envwright.cli.capture import capture  # noqa: PLC0415 - see above

    return capture(parsed, call)


def _adopt(parsed: argparse.Namespace, call: Invocation) -> int:
    from envwright.cli.capture import adopt  # noqa: PLC0415 - see above

    return adopt(parsed, call)


def _pull(parsed: argparse.Namespace, call: Invocation) -> int:
    from envwright.cli import pull  # noqa: PLC0415 - see above

    return pull.pull(parsed, call)


def _state(parsed: argparse.Namespace, call: Invocation) -> int:
    from envwright.cli import state  # noqa: PLC0415 - see above

    verbs = {"history": state.history, "status": state.status}
    return verbs.get(parsed.verb, state.undo)(parsed, call)


def _bench(parsed: argparse.Namespace, call: Invocation) -> int:
    from envwright.cli.bench import bench  # noqa: PLC0415 - see above

    return bench(parsed, call)


VERBS: dict[str, Verb] = {
    "check": _language,
    "plan": _run,
    "apply": _run,
    "verify": _run,
    "explain": _explain,
    "schema": _language,
    "hosts": _hosts,
    "diff": _diff,
    "export": _export,
    "lock": _lock,
    "pull": _pull,
    "capture": _capture,
    "adopt": _adopt,
    "history": _state,
    "status": _state,
    "undo": _state,
    "rollback": _state,
    "bench": _bench,
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
    verb = ""
    try:
        parsed = parse(words)
        verb = parsed.verb
        return VERBS[verb](parsed, Invocation(words, report, spent, attempt))
    except EnvwrightError as error:
        report.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        report.error(_interrupted(verb))
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return ExitCode.ERROR  # whoever read our output has seen enough
    except Exception as error:  # noqa: BLE001 - the last resort, so that nobody meets a traceback
        report.error(_described(error, report))
        return ExitCode.ERROR
    finally:
        report.timings(spent)


def _interrupted(verb: str) -> EnvwrightError:
    """Return what Ctrl-C is told as; with a hint only where changes may be half made."""
    hint = "run `envwright apply` again: it goes on from here" if verb == "apply" else ""
    return EnvwrightError(f"{verb or 'envwright'} was interrupted", hint=hint)


def _described(error: Exception, report: Report) -> EnvwrightError:
    """Say what a failure is that nobody foresaw: a file here, or a mistake of ours."""
    if not (isinstance(error, OSError) and error.filename) and os.environ.get("ENVWRIGHT_DEBUG"):
        import traceback  # noqa: PLC0415 - 10 ms that only this needs

        report.complain("".join(traceback.format_exception(error)))
    return unforeseen(error)
