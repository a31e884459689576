"""The report: everything that a person reads on the terminal. The only module that prints."""

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
    from envwright.engine.plan import Change, Plan
    from envwright.engine.verify import Result
    from envwright.model.forecast import SideEffect
    from envwright.model.resource import Resource
    from envwright.timings import Timings

SIGNS = {"create": "+", "change": "~", "remove": "-"}
COLOURS = {"+": "32", "~": "33", "-": "31", "ok": "32", "failed": "31", "skipped": "33", "dim": "2"}
WORDS = 11
"""The width of the words for what machines came to."""
WIDTH = 60
"""Longer values are cut in a plan's lines; `--json` has them whole."""


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
        mask: is applied to every text before it is shown.
        quiet: write results only, not what goes on.
        said: all that was written to `out`.
    """

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        # A process whose outputs were closed has None: then nobody reads.
        self.out = out or sys.stdout or io.StringIO()
        self.err = err or sys.stderr or io.StringIO()
        self.mask: Callable[[str], str] = str
        self.quiet = False
        self.said = ""
        # no-color.org: any value that is not empty turns colours off.
        self._colours = self.out.isatty() and not os.environ.get("NO_COLOR")
        self._since = 0.0
        self._region = 0

    def _write(self, parts: Sequence[str | Painted], file: TextIO, end: str = "\n") -> None:
        """Write text that may come from anywhere: it is masked, then made visible."""
        self._send("".join(map(self._shown, parts)) + end, file)

    def _shown(self, part: str | Painted) -> str:
        if isinstance(part, str):
            return visible(self.mask(part))
        text = visible(self.mask(part.text))
        return f"\033[{COLOURS[part.colour]}m{text}\033[0m" if self._colours else text

    def _send(self, text: str, file: TextIO) -> None:
        """Write text that may hold our own codes for colours and the cursor."""
        if self._region:
            lines, self._region = self._region, 0
            self._send(f"\033[{lines}F\033[J", self.out)
        # What the encoding of the terminal lacks is escaped.
        encoding = file.encoding or "utf-8"
        shown = text.encode(encoding, "backslashreplace").decode(encoding)
        if file is self.out:
            self.said += shown
        try:
            print(shown, end="", file=file, flush=True)
        except OSError as error:
            # Python would try again when it ends, and complain in its own words.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, file.fileno())
            os.close(nowhere)
            if isinstance(error, BrokenPipeError):
                raise
            raise EnvwrightError(f"cannot write the output: {error.strerror}") from None

    def line(self, *parts: str | Painted) -> None:
        """Write a line that tells a person what goes on."""
        if not self.quiet:
            self._write(parts, self.out)

    def text(self, text: str) -> None:
        """Write a result: lines."""
        self._write([text.rstrip("\n")], self.out)

    def json(self, value: Any, timings: dict[str, float] | None = None, name: str = "") -> None:
        """Write a result as JSON; with timings, which go into it, where a list goes by its name."""
        if timings:
            value = {**(value if isinstance(value, dict) else {name or "hosts": value})}
            value["timings"] = timings
        # JSON has escapes of its own for all that is not printable ASCII, but for DEL.
        import json  # noqa: PLC0415 - only JSON needs it

        text = self.mask(json.dumps(value, indent=2)).replace("\x7f", r"\u007f")
        self._send(f"{text}\n", self.out)

    def timings(self, timings: Timings) -> None:
        """Write where the time went, if that was counted."""
        if timings is not OFF:
            self._write([timings.text()], self.err, end="")

    def ask(self, question: str) -> None:
        """Write a question; the answer is awaited on the same line."""
        self._write([question], self.err, end="")

    def error(self, error: EnvwrightError) -> None:
        """Write what went wrong."""
        self.complain(f"error: {error}")

    def complain(self, text: str) -> None:
        """Write to where errors go; an error of its own has nowhere to go."""
        with contextlib.suppress(OSError, EnvwrightError):
            self._write([text], self.err)

    # --- several machines ---

    def host(self, colour: str, word: str, text: str) -> None:
        """Write what one of several machines came to."""
        self.line("  ", Painted(word.ljust(WORDS), colour), f"  {text}")

    @property
    def live(self) -> bool:
        """Whether there is a terminal on which `region` shows something."""
        return self._colours and not self.quiet and os.environ.get("TERM") != "dumb"

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
        """Write a plan: what changes, who asked for it, and how it will differ."""
        machine = plan.machine
        release = visible_line(f"{machine.distro} {machine.release}")
        host = visible_line(plan.host)
        self.line(f"{plan.environment} on {host} ({release}, {plan.resources} resources)")
        for title, changes in _stages(plan):
            self.line(f"\n{title}:" if title else "")
            for change in changes:
                self._change(change)
        for text in _beside(plan):
            self.line(f"  {text}")
        self.line(f"\n{_summary(plan)}")

    def _change(self, change: Change) -> None:
        sign = SIGNS[change.verb]
        origins = ", ".join(str(origin) for origin in change.resource.origins)
        head: list[str | Painted] = [
            "  ",
            Painted(f"{sign} {visible_line(change.resource.id)}", sign),
        ]
        if origins:
            head += ["  ", Painted(visible_line(origins), "dim")]
        self.line(*head)
        for text in _details(change, self.mask):
            self.line(f"      {text}")
        for text in change.diff().split("\n") if change.diff() else ():
            self.line("      ", Painted(text, text[0]) if text[:1] in {"+", "-"} else text)

    # --- apply ---

    def cut_off(self, step: str) -> None:
        """Say in which step the run before this one ended."""
        self.line(f"The run before this one was cut off in {step}; this one goes on from there.")

    def begin(self, step: Step) -> None:
        """Say which step is under way; on a terminal the line is completed by `end`."""
        self._since = time.monotonic()
        if self._colours and not self.quiet:
            self._write([f"  {visible_line(step.name)} ..."], self.out, end="")

    def waiting(self, lock: str) -> None:
        """Say what the step that is under way waits for."""
        if self._colours and not self.quiet:
            self._send("\r\033[K", self.out)
        self.line(f"  waiting  {visible_line(lock)}")

    def end(self, step: Step) -> None:
        """Say that a step is done, and how long it took."""
        seconds = time.monotonic() - self._since
        if self._colours and not self.quiet:
            self._send("\r\033[K", self.out)
        self.line("  ", Painted("done", "ok"), f"  {visible_line(step.name)}  ({seconds:.1f} s)")

    def left(self, plan: Plan, made: Plan) -> None:
        """Say what waits for something to happen first, and after what the rest takes effect.

        Args:
            plan: what is left.
            made: what there was to do.
        """
        for change in plan.pending:
            self.line(f"  pending  {change.resource.id}: {change.pending}")
        late = [c.resource for c in made.changes if c.resource.takes_effect is Moment.LOGIN]
        for text in (*_effects(late, plan), *_effects(plan.waiting, plan)):
            self.line(text)
        if plan.restart:
            command = pending_restart.after(plan.restart, plan.machine)
            self.line(
                f"To go on: {command} in Windows, then `envwright apply` "
                "once more, or `envwright apply --restart`."
            )

    # --- verify ---

    def result(self, result: Result) -> None:
        """Write one check's result."""
        word = {"passed": "ok"}.get(result.outcome, result.outcome)
        self.line("  ", Painted(word, word), f"  {visible_line(result.id)}")
        if result.outcome != "passed":
            for text in result.reason.split("\n"):
                self.line(f"      {text}")

    def results(self, results: Sequence[Result]) -> None:
        """Write how many checks came to what."""
        counts = [sum(r.outcome == o for r in results) for o in ("passed", "failed", "skipped")]
        self.line("\nVerified: {} passed, {} failed, {} skipped.".format(*counts))


def _stages(plan: Plan) -> Iterator[tuple[str, list[Change]]]:
    """Group changes by what has to happen before they can be made."""
    reasons = dict.fromkeys(change.pending for change in plan.changes)
    for reason in sorted(reasons):
        title = f"Pending: {reason}" if reason else "Now" if len(reasons) > 1 else ""
        if reason and plan.restart:
            title = f"After {pending_restart.after(plan.restart, plan.machine)} ({reason})"
        yield title, [change for change in plan.changes if change.pending == reason]


def _beside(plan: Plan) -> Iterator[str]:
    """Say what comes along with the changes though nothing names it, and what is to be known."""
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
        done = f"Nothing to do: all {plan.resources} resources are as they should be."
        return "\n".join([done, *waiting])
    counts = {verb: sum(c.verb == verb for c in plan.changes) for verb in SIGNS}
    parts = ", ".join(f"{count} to {verb}" for verb, count in counts.items())
    named = sum(not change.repair for change in plan.changes)
    lines = [f"Plan: {parts}, {plan.resources - named} as they should be."]
    lines += _effects([change.resource for change in plan.changes], plan)
    return "\n".join([*lines, *waiting])


def _effects(resources: Sequence[Resource], plan: Plan, how: str = "Takes effect") -> Iterator[str]:
    """Say after what some resources take effect, a line for each moment."""
    for moment in (Moment.LOGIN, *pending_restart.RESTARTS):
        ids = [r.id for r in resources if r.takes_effect is moment]
        if ids and (moment is Moment.LOGIN or plan.machine.wsl):
            yield f"{how} after {pending_restart.after(moment, plan.machine)}: {', '.join(ids)}."


def _details(change: Change, mask: Callable[[str], str]) -> Iterator[str]:
    """Describe field by field; content is shown by its diff."""
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
        if name == resource.text_field and change.diff():
            continue
        new, old = (_value(state.get(name), mask) for state in (after, before))
        if name == EXISTENCE:
            yield old
        elif change.verb == "create" or old == new:  # what differs may be hidden
            yield f"{label or name}: {new}"
        else:
            yield f"{label or name}: {old} -> {new}"


def _value(value: Any, mask: Callable[[str], str]) -> str:
    """Show a value on one line of at most WIDTH; it is masked before it is cut."""
    if isinstance(value, Unknown):
        return str(value)
    if value is None:
        return "absent"
    if isinstance(value, tuple):
        value = " ".join(map(str, value))
    if not isinstance(value, str):
        import json  # noqa: PLC0415 - few differences need it

        value = json.dumps(value)
    text: str = mask(value)
    text = text.encode("unicode_escape").decode() if not text.isprintable() else text or '""'
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."
