"""The verbs of a machine's state: history, undo and rollback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from envwright import workflow
from envwright.cache.compiled import CompiledEnvironment
from envwright.engine.context import Access, Context, password_source, session_to, somebody_is_there
from envwright.engine.undo import Undo
from envwright.engine.undo import undo as taken_back
from envwright.errors import EnvwrightError, ExitCode
from envwright.host.inventory import Target
from envwright.model.cause import Cause
from envwright.model.secrets import Secrets
from envwright.report import history as shown
from envwright.state import owned
from envwright.state.generations import Store
from envwright.workflow import RunOptions, Verb

if TYPE_CHECKING:
    import argparse

    from envwright.cli.invocation import Invocation
    from envwright.host.session import Session
    from envwright.state.generations import Generation

NOTHING_KEPT = "no apply was written down on this machine yet"
NO_SECRETS = Secrets({})


def history(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """List the generations of a machine, or show one, or compare two.

    Raises:
        EnvwrightError: the words make no sense, or the machine has no such generation.
    """
    action, *words = parsed.action or ["list"]
    ask = {"list": _list, "show": _show, "diff": _diff}.get(action)
    if ask is None or len(words) != {"list": 0, "show": 1, "diff": 2}[action]:
        raise EnvwrightError(
            f"history {' '.join(parsed.action)} makes no sense",
            hint="say `history`, `history show N`, or `history diff A B`, where B may be `now`",
        )
    with _session(parsed, call) as session:
        text, value = ask(session, words)
    if parsed.json:
        call.report.json({"version": 1, **value})
    else:
        call.report.text("\n".join(text))
    return ExitCode.DONE


def _list(session: Session, _: list[str]) -> tuple[list[str], dict[str, Any]]:
    found = Store(session).heads()
    text = [*shown.listed(found)] if found else [f"{session.name}: {NOTHING_KEPT}."]
    return text, {"generations": [generation.json() for generation in found]}


def _show(session: Session, words: list[str]) -> tuple[list[str], dict[str, Any]]:
    (found,) = Store(session).whole([_number(words[0])])
    changes = found.changes()
    rows = [_change(made) for made in changes]
    return [*shown.generation(found, changes)], {**found.json(), "changes": rows}


def _diff(session: Session, words: list[str]) -> tuple[list[str], dict[str, Any]]:
    first = _number(words[0])
    if words[1] == "now":
        (found,) = Store(session).whole([first], now=True)
        rows = found.drift()
        return [*shown.drift(found, rows)], {"a": first, "b": "now", "paths": rows}
    last = _number(words[1])
    numbers = [g.number for g in Store(session).heads() if first < g.number <= last]
    changes = [made for g in Store(session).whole(numbers) for made in g.changes()]
    return (
        [*shown.changes(changes)] or [f"nothing was changed from {first} to {last}"],
        {"a": first, "b": last, "changes": [_change(made) for made in changes]},
    )


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit()):
        raise EnvwrightError(f"{word} is no generation", hint="`envwright history` lists them")
    return int(word)


def _change(made: Any) -> dict[str, Any]:
    names = ("id", "verb", "fields", "before", "after", "stays", "access")
    return {name: getattr(made, name) for name in names}


def status(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Tell what is managed on a machine, and how the last run ended.

    Raises:
        RefusedError: the store of the machine cannot be trusted.
    """
    with _session(parsed, call) as session:
        generations = Store(session).heads()
        _, text = session.get(owned.path())
    known = owned.Owned.read(text.decode("utf-8", "replace"))
    if known.damaged:
        raise EnvwrightError(
            f"{session.name}: {owned.path()} is damaged",
            hint="the next apply writes it anew; what was made before is not pruned any more",
        )
    times = {each.number: str(each.head.get("time", "")) for each in generations}
    if parsed.json:
        rows = {
            name: [
                {"id": thing, "since": row.first, "time": times.get(row.first, "")}
                for thing, row in things.items()
            ]
            for name, things in known.by.items()
        }
        last = generations[-1].json() if generations else None
        call.report.json({"version": 1, "environments": rows, "last": last})
    else:
        call.report.text("\n".join(shown.status(session.name, known, generations, times)))
    return ExitCode.DONE


def undo(parsed: argparse.Namespace, call: Invocation) -> ExitCode:
    """Take back the last generation of a machine, or all behind one.

    Raises:
        EnvwrightError: there is none, nobody agrees, or a step fails.
    """
    if parsed.json and not parsed.yes:
        raise EnvwrightError(f"{parsed.verb} --json cannot ask", hint="say --yes, too")
    call.report.quiet = parsed.json
    with _session(parsed, call) as session:
        numbers, cause = _wanted(Store(session).heads(), parsed, session.name)
        back = taken_back(session, numbers, cause, force=parsed.force)
        if back.changed and not parsed.force and not parsed.yes and somebody_is_there():
            call.report.text("\n".join(shown.changed(back)))
            if workflow.agrees(call.report, "Take these back, too, as before? [y/N] "):
                back = taken_back(session, numbers, cause, force=True)
        for line in shown.taking_back(back):
            call.report.line(line)
        outcome = _run(parsed, call, session, back)
    if parsed.json:
        left = {"stays": back.stays, "changed": back.changed}
        plan: dict[str, Any] = outcome.json()
        call.report.json({"version": 1, "generations": list(back.numbers), **left, **plan})
    return outcome.code


def _wanted(
    found: list[Generation], parsed: argparse.Namespace, host: str
) -> tuple[list[int], str]:
    """Return the generations to take back, and what the run is called."""
    numbers = [generation.number for generation in found]
    if not numbers:
        raise EnvwrightError(f"{host}: {NOTHING_KEPT}", hint="there is nothing to take back")
    if parsed.verb == "undo":
        return numbers[-1:], f"undo {numbers[-1]}"
    if parsed.number and parsed.number not in numbers:
        raise EnvwrightError(
            f"{host}: there is no generation {parsed.number}",
            hint="`envwright history` lists them; 0 is the machine before the first",
        )
    later = [number for number in numbers if number > parsed.number]
    if not later:
        raise EnvwrightError(
            f"{host}: {parsed.number} is the last generation", hint="there is nothing to take back"
        )
    return later, f"rollback {parsed.number}"


def _run(
    parsed: argparse.Namespace, call: Invocation, session: Session, back: Undo
) -> workflow.Outcome:
    """Plan, ask and apply what takes generations back; the sequence is that of every run."""

    def compiled(_: object) -> CompiledEnvironment:
        return CompiledEnvironment(back.compiled, NO_SECRETS)

    context = Context(Target(session.name, ""), session, compiled, Access())
    options = RunOptions(
        Verb.APPLY,
        yes=parsed.yes,
        verify=False,
        json=parsed.json,
        lock_timeout=parsed.lock_timeout,
        cause=Cause(back.cause, undoes=back.numbers, redoes=back.redoes),
    )
    return workflow.run(context, options, call.report)


def _session(parsed: argparse.Namespace, call: Invocation) -> Session:
    """Open the session to the machine that a command line names."""
    access = Access(password_source(stdin=parsed.sudo_password_stdin))
    return session_to(parsed.host, access, call.timings)
