"""The report: writes everything that a person or a program reads; no other module prints."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from envwright.errors import EnvwrightError
from envwright.facts import Unknown
from envwright.model import pending_restart
from envwright.model.resource import EXISTENCE, Moment
from envwright.portable.visible import visible, visible_line
from envwright.timings import OFF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from envwright.engine.apply import Step
    from envwright.engine.comparison import Pair
    from envwright.engine.plan import Change, Plan
    from envwright.model.forecast import SideEffect
    from envwright.model.proof import Result
    from envwright.model.resource import Resource
    from envwright.timings import Timings

SIGNS = {"create": "+", "change": "~", "remove": "-"}
COLOURS = {"+": "32", "~": "33", "-": "31", "ok": "32", "failed": "31", "skipped": "33", "dim": "2"}
WORDS = 11
"""The width of the column with the outcomes of machines."""
WIDTH = 60
"""The most characters of a value in a plan's line; `--json` has the whole value."""
REDRAW_SECONDS = 0.1
"""How long what is under way stands still at least: a program may say a thousand lines a second."""


class Painted(NamedTuple):
    """A part of a line in a colour of COLOURS."""

    text: str
    colour: str


class Report:
    """Writes to a terminal or a file: colours and progress only where they can be seen.

    Args:
        out: where results go.
        err: where errors and questions go.

    Attributes:
        mask: a function that hides secrets; it is applied to every text before it is shown.
        quiet: write results only, no progress.
        said: the text that was written to `out`.
    """

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        # sys.stdout is None in a process that was started with closed outputs: nobody reads then.
        self.out = out or sys.stdout or io.StringIO()
        self.err = err or sys.stderr or io.StringIO()
        self.mask: Callable[[str], str] = str
        self.quiet = False
        self.said = ""
        self._terminal = self.out.isatty()
        # no-color.org: any value that is not empty turns colours off.
        self._colours = self._terminal and not os.environ.get("NO_COLOR")
        self._since = self._drawn = 0.0
        self._step: Step | None = None
        self._doing = ""
        self._region = 0

    def _write(self, parts: Sequence[str | Painted], file: TextIO, end: str = "\n") -> None:
        """Write text of any origin: secrets are masked, then control characters are escaped."""
        self._send("".join(map(self._shown, parts)) + end, file)

    def _shown(self, part: str | Painted) -> str:
        if isinstance(part, str):
            return visible(self.mask(part))
        text = visible(self.mask(part.text))
        return f"\033[{COLOURS[part.colour]}m{text}\033[0m" if self._colours else text

    def _send(self, text: str, file: TextIO) -> None:
        """Write text that may hold escape codes of ours, for colours and the cursor."""
        if self._region:
            lines, self._region = self._region, 0
            self._send(f"\033[{lines}F\033[J", self.out)
        # Characters that the terminal's encoding lacks are escaped.
        encoding = file.encoding or "utf-8"
        shown = text.encode(encoding, "backslashreplace").decode(encoding)
        if file is self.out:
            self.said += shown
        try:
            print(shown, end="", file=file, flush=True)
        except OSError as error:
            # Python would write the buffered text again at its end, and print a traceback.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, file.fileno())
            os.close(nowhere)
            if isinstance(error, BrokenPipeError):
                raise
            raise EnvwrightError(f"cannot write the output: {error.strerror}") from None

    def line(self, *parts: str | Painted) -> None:
        """Write a line of progress for a person, unless the report is quiet."""
        if not self.quiet:
            self._write(parts, self.out)

    def text(self, text: str) -> None:
        """Write the lines of a result, also in a quiet report."""
        self._write([text.rstrip("\n")], self.out)

    def json(self, value: Any, timings: dict[str, float] | None = None, name: str = "") -> None:
        """Write a result as JSON.

        Timings become a key of the result; a result that is a list then becomes the key `name`.
        """
        if timings:
            value = {**(value if isinstance(value, dict) else {name or "hosts": value})}
            value["timings"] = timings
        # json.dumps escapes every character that is not printable ASCII, except DEL.
        import json  # noqa: PLC0415 - only JSON needs it

        text = self.mask(json.dumps(value, indent=2)).replace("\x7f", r"\u007f")
        self._send(f"{text}\n", self.out)

    def timings(self, timings: Timings) -> None:
        """Write where the time of the run went, if it was counted."""
        if timings is not OFF:
            self._write([timings.text()], self.err, end="")

    def ask(self, question: str) -> None:
        """Write a question; the person answers on the same line."""
        self._write([question], self.err, end="")

    def error(self, error: EnvwrightError) -> None:
        """Write an error."""
        self.complain(f"error: {error}")

    def complain(self, text: str) -> None:
        """Write to the error output; a failure to write there is ignored."""
        with contextlib.suppress(OSError, EnvwrightError):
            self._write([text], self.err)

    # --- several machines ---

    def host(self, colour: str, word: str, text: str) -> None:
        """Write the outcome of one of several machines."""
        self.line("  ", Painted(word.ljust(WORDS), colour), f"  {text}")

    @property
    def live(self) -> bool:
        """Whether the output is a terminal on which `region` can show lines."""
        return self._terminal and not self.quiet and os.environ.get("TERM") != "dumb"

    def region(self, lines: Sequence[str]) -> None:
        """Show lines under all others, in place of the last ones; what is written next ends them.

        Lines are cut where the terminal ends, so that there are as many on it as were written.
        """
        if self.live and (lines or self._region):
            import shutil  # noqa: PLC0415 - only progress needs it

            size = shutil.get_terminal_size()
            whole = (visible_line(self.mask(line)) for line in lines[: size.lines - 1])
            shown = [line[: size.columns - 1] for line in whole]
            self._send("".join(f"{line}\n" for line in shown), self.out)
            self._region = len(shown)

    # --- plan ---

    def plan(self, plan: Plan) -> None:
        """Write a plan: each change, its origin in the environment, and the fields that change."""
        machine = plan.machine
        release = visible_line(f"{machine.distro} {machine.release}")
        host = visible_line(plan.host)
        self.line(f"{plan.environment} on {host} ({release}, {plan.resources} resources)")
        for title, changes in _stages(plan):
            self.line(f"\n{title}:" if title else "")
            for change in changes:
                self._change(change)
        if plan.left:
            self.line(f"\nNo longer in {plan.environment} (apply --prune takes these back):")
            for change in plan.left:
                self._change(change)
        for text in _side_effects(plan):
            self.line(f"  {text}")
        if plan.failures and not plan.changes:
            self.line()
        for result in plan.failures:
            self.result(result)
        self.line(f"\n{_summary(plan)}")

    def _change(self, change: Change) -> None:
        sign = SIGNS[change.verb]
        origins = ", ".join(str(origin) for origin in change.resource.origins)
        head: list[str | Painted] = [
            "  ",
            Painted(f"{sign} {visible_line(change.resource.id)}", sign),
        ]
        if change.left_over:
            head += ["  no longer in the environment"]
        if origins:
            head += ["  ", Painted(visible_line(origins), "dim")]
        self.line(*head)
        for text in _details(change, self.mask):
            self.line(f"      {text}")
        for text in change.diff().split("\n") if change.diff() else ():
            self.line("      ", Painted(text, text[0]) if text[:1] in {"+", "-"} else text)

    def standing(self, plan: Plan, resources: Sequence[Resource]) -> None:
        """Write how some resources of a plan stand on its machine."""
        changes = {change.resource.id: change for change in plan.changes}
        self.line(f"\non {visible_line(plan.host)}:")
        for resource in resources:
            if resource.id in changes:
                self._change(changes[resource.id])
            else:
                self.line("  ", Painted("ok", "ok"), f"  {visible_line(resource.id)}")
        if not resources:
            self.line("  no resource is made of this")

    def comparison(
        self, names: tuple[str, str], kind: str, pairs: Sequence[Pair], same: int
    ) -> None:
        """Write in which resources two environments differ, and how many are the same."""
        first, second = map(visible_line, names)
        self.line(f"from {first} to {second}, for {kind}:")
        for pair in pairs:
            self._change(pair.change)
        here = sum(pair.second is None for pair in pairs)
        there = sum(pair.first is None for pair in pairs)
        both = len(pairs) - here - there
        self.line(
            f"{_count(here, 'resource')} only in {first}, {there} only in {second}, "
            f"{both} different, {same} the same."
        )

    # --- apply ---

    def cut_off(self, step: str) -> None:
        """Write in which step the previous run was interrupted."""
        self.line(f"The previous run was interrupted in {step}; this run goes on from there.")

    def begin(self, step: Step) -> None:
        """Show on a terminal that a step is under way; what is written next takes the place."""
        self._since = time.monotonic()
        self._drawn = self._since - REDRAW_SECONDS
        self._step, self._doing = step, ""
        self.progress("")

    def waiting(self, lock: str) -> None:
        """Write which lock of another program the step waits for."""
        self.line(f"  waiting  {visible_line(lock)}")

    def progress(self, text: str) -> None:
        """Show on a terminal how long the step takes already, and what its program said last."""
        self._doing = text or self._doing
        now = time.monotonic()
        if self._step and self.live and now - self._drawn >= REDRAW_SECONDS:
            self._drawn = now
            minutes, seconds = divmod(int(now - self._since), 60)
            done = f"{self._step.before} of {self._step.of} done"
            head = f"  {minutes}:{seconds:02}  {done}  {self._step.name}"
            self.region([head, f"        {self._doing}"] if self._doing else [head])

    def end(self, step: Step) -> None:
        """Write that a step is done, and how long it took."""
        self._ended(Painted("done", "ok"), step)

    def failed(self, step: Step) -> None:
        """Write that a step failed; the error at the end of the run says why."""
        self._ended(Painted("failed", "failed"), step)

    def _ended(self, word: Painted, step: Step) -> None:
        seconds = time.monotonic() - self._since
        self._step = None
        self.line("  ", word, f"  {visible_line(step.name)}  ({seconds:.1f} s)")

    def put_back(self, ids: Sequence[str]) -> None:
        """Write which changes were put back, because the step that failed did not work by them."""
        for id_ in ids:
            self.line("  ", Painted("put back", "skipped"), f"  {visible_line(id_)}")

    def not_begun(self, id_: str, causes: Sequence[str]) -> None:
        """Write that a change is not begun, because it depends on changes that failed."""
        why = visible_line(f"{id_}: {' and '.join(causes)} failed")
        self.line("  ", Painted("not begun", "skipped"), f"  {why}")

    def left(self, plan: Plan, made: Plan) -> None:
        """Write which changes are pending, and when the changes that were made take effect.

        Args:
            plan: the plan that is left after apply.
            made: the plan before apply.
        """
        for change in plan.pending:
            self.line(f"  pending  {change.resource.id}: {change.pending}")
        late = [c.resource for c in made.changes if c.resource.takes_effect is Moment.LOGIN]
        for text in (*_effects(late, plan), *_effects(plan.waiting, plan)):
            self.line(text)
        if plan.restart:
            command = pending_restart.after(plan.restart, plan.machine)
            self.line(
                f"To go on, run {command} in Windows and `envwright apply` again; "
                "or run `envwright apply --restart`."
            )

    # --- verify ---

    def result(self, result: Result) -> None:
        """Write the result of one check."""
        word = {"passed": "ok"}.get(result.outcome, result.outcome)
        self.line("  ", Painted(word, word), f"  {visible_line(result.id)}")
        if result.outcome != "passed":
            for text in result.reason.split("\n"):
                self.line(f"      {text}")

    def results(self, results: Sequence[Result]) -> None:
        """Write how many checks passed, failed and were skipped."""
        counts = [sum(r.outcome == o for r in results) for o in ("passed", "failed", "skipped")]
        self.line("\nVerified: {} passed, {} failed, {} skipped.".format(*counts))


def _stages(plan: Plan) -> Iterator[tuple[str, list[Change]]]:
    """Yield the changes in groups, each with a title: those of now, and the pending ones."""
    reasons = dict.fromkeys(change.pending for change in plan.changes)
    for reason in sorted(reasons):
        title = f"Pending: {reason}" if reason else "Now" if len(reasons) > 1 else ""
        if reason and plan.restart:
            title = f"After {pending_restart.after(plan.restart, plan.machine)} ({reason})"
        yield title, [change for change in plan.changes if change.pending == reason]


def _side_effects(plan: Plan) -> Iterator[str]:
    """Yield lines for the side effects and the notes of a plan."""
    verbs = dict.fromkeys(effect.verb for effect in plan.side_effects)
    for verb in verbs:
        effects = [effect for effect in plan.side_effects if effect.verb == verb]
        names = [_side_effect(effect) for effect in effects]
        yield f"and to {verb} with that, {len(effects)}: {visible_line(', '.join(names))}"
    for note in plan.notes:
        yield f"note: {visible_line(note)}"


def _side_effect(effect: SideEffect) -> str:
    versions = f" ({effect.before} -> {effect.after})" if effect.before else ""
    return f"{effect.name}{versions}"


def _summary(plan: Plan) -> str:
    waiting = _effects(plan.waiting, plan, "In place, takes effect")
    if not plan:
        return "\n".join([*_nothing(plan), *waiting])
    counts = {verb: sum(c.verb == verb for c in plan.changes) for verb in SIGNS}
    parts = ", ".join(f"{count} to {verb}" for verb, count in counts.items())
    named = sum(not (change.repair or change.left_over) for change in plan.changes)
    lines = [f"Plan: {parts}, {plan.resources - named} as they should be."]
    lines += _effects([change.resource for change in plan.changes], plan)
    if plan.failures:
        lines.append(f"{_count(len(plan.failures), 'check')} failed; no change above mends that.")
    return "\n".join([*lines, *waiting])


def _nothing(plan: Plan) -> Iterator[str]:
    """Yield the lines of the summary of a plan without changes."""
    resources = f"all {plan.resources} resources are as they should be"
    if plan.failures:
        failed = _count(len(plan.failures), "check")
        yield f"Nothing that apply can do: {resources}, but {failed} failed."
        return
    yield f"Nothing to do: {resources}."
    if plan.slow:
        yield f"`envwright verify` also makes {_count(plan.slow, 'check')} of what takes longer."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _effects(resources: Sequence[Resource], plan: Plan, how: str = "Takes effect") -> Iterator[str]:
    """Yield a line for each moment after which resources take effect, with their ids."""
    for moment in (Moment.LOGIN, *pending_restart.RESTARTS):
        ids = [r.id for r in resources if r.takes_effect is moment]
        if ids and (moment is Moment.LOGIN or plan.machine.wsl):
            yield f"{how} after {pending_restart.after(moment, plan.machine)}: {', '.join(ids)}."


def _details(change: Change, mask: Callable[[str], str]) -> Iterator[str]:
    """Yield lines that describe a change field by field; a text field is shown by its diff."""
    resource = change.resource
    before, after = change.difference.before or {}, change.difference.after or {}
    if change.verb == "create":
        after = dict(after)
        access = [str(after.pop(name)) for name in resource.access_fields if name in after]
        if access:
            yield " ".join(access)
    for name in after if change.verb == "create" else change.difference.fields:
        label = "" if name == EXISTENCE else resource.label(name)
        if not label and not isinstance(before.get(name), Unknown):
            continue
        if resource.is_text(name) and change.diff():
            continue
        new, old = (_value(state.get(name), mask) for state in (after, before))
        if name == EXISTENCE:
            yield old
        elif change.verb == "create" or old == new:  # what differs may be hidden
            yield f"{label or name}: {new}"
        else:
            yield f"{label or name}: {old} -> {new}"


def _value(value: Any, mask: Callable[[str], str]) -> str:
    """Return a value on one line of at most WIDTH, masked before it is cut."""
    if isinstance(value, Unknown):
        return str(value)
    if value is None:
        return "absent"
    if isinstance(value, str) and "\0" in value:
        return f"{len(value.encode('utf-8', 'surrogateescape'))} bytes that are no text"
    if isinstance(value, tuple):
        value = " ".join(map(str, value))
    if not isinstance(value, str):
        import json  # noqa: PLC0415 - few differences need it

        value = json.dumps(value)
    text: str = mask(value)
    text = text.encode("unicode_escape").decode() if not text.isprintable() else text or '""'
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."
