"""Progress: lines for those that are done, and on a terminal a table of those at work."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from fleets import planned, targets, verified

from envwright.errors import ExitCode, HostError
from envwright.fleet.outcome import HostOutcome, RunSummary
from envwright.fleet.progress import Progress
from envwright.report.terminal import Report
from envwright.workflow import Verb

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTS = targets("@ssh/one", "@local")
ERASE = "\033[{}F\033[J"


class Terminal(io.StringIO):
    """A text file that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")


def shown(tell: Callable[[Progress], Any], out: io.StringIO, *, quiet: bool = False) -> str:
    report = Report(out, io.StringIO())
    report.quiet = quiet
    report.mask = lambda text: text.replace("hunter2", "***")
    tell(Progress(report, HOSTS, lambda prompt: f"{prompt}!"))
    return out.getvalue()


def a_run(progress: Progress) -> None:
    progress.begin(0)
    progress.say(0, "reading hunter2")
    progress.tick()
    progress.begin(1)
    progress.end(1, HostOutcome(HOSTS[1], planned("a", "b"), seconds=1.25))
    error = HostError("it is away")
    progress.end(0, HostOutcome(HOSTS[0], error=error, seconds=10.0))


PLAIN = "  differs      @local: 2 to change  (1.2 s)\n  unreachable  @ssh/one  (10.0 s)\n"


def test_without_a_terminal_there_are_plain_lines() -> None:
    assert shown(a_run, io.StringIO()) == PLAIN


def test_who_wants_no_colours_gets_a_table_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    plain = shown(a_run, Terminal())
    monkeypatch.delenv("NO_COLOR")
    assert plain == re.sub(r"\033\[\d*m", "", shown(a_run, Terminal()))


def test_a_terminal_that_can_do_nothing_gets_lines_without_a_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert ERASE[:2] + "1F" not in shown(a_run, Terminal())


def test_nothing_is_shown_where_json_is() -> None:
    assert shown(a_run, io.StringIO(), quiet=True) == ""
    assert shown(a_run, Terminal(), quiet=True) == ""


def test_a_terminal_has_a_table_of_those_at_work_under_the_lines() -> None:
    waiting = "  ...          @ssh/one      0 s  {}\n"
    none, one = "  0 of 2 done\n", "  1 of 2 done\n"
    reading = waiting.format("reading ***")
    assert shown(a_run, Terminal()) == "".join(
        [
            waiting.format("connecting") + none,
            ERASE.format(2) + reading + none,
            ERASE.format(2) + reading + none,
            ERASE.format(2) + reading + "  ...          @local        0 s  connecting\n" + none,
            ERASE.format(3) + "  \033[33mdiffers    \033[0m  @local: 2 to change  (1.2 s)\n",
            reading + one,
            ERASE.format(2) + "  \033[31munreachable\033[0m  @ssh/one  (10.0 s)\n",
        ]
    )


def test_a_table_is_cut_where_the_terminal_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("LINES", "2")
    assert shown(lambda progress: progress.begin(0), Terminal()) == "  ...          @ssh\n"


def test_a_password_is_asked_on_a_line_without_the_table() -> None:
    def tell(progress: Progress) -> None:
        progress.begin(1)
        assert progress.ask("password: ") == "password: !"

    out = shown(tell, Terminal())
    assert out == f"  ...          @local      0 s  connecting\n  0 of 2 done\n{ERASE.format(2)}"


def applied(code: ExitCode, *ids: str, pending: tuple[str, ...] = ()) -> RunSummary:
    return RunSummary(Verb.APPLY, code, ids, pending)


@pytest.mark.parametrize(
    ("run", "word", "words"),
    [
        (planned(), "same", ""),
        (applied(ExitCode.DONE, "a", "b"), "changed", ": 2 changed"),
        (applied(ExitCode.RESTART, "a", "b", pending=("b",)), "restart", ": 1 pending"),
        (RunSummary(Verb.PLAN, ExitCode.RESTART), "restart", ""),
        (replace(verified("x"), verb=Verb.APPLY, changes=("a",)), "unproven", ": 1 failed"),
        (verified("x", "z", passed=("y",)), "unproven", ": 2 failed"),
        (verified(passed=("y",)), "proven", ""),
    ],
)
def test_a_line_says_how_much_there_is(run: RunSummary, word: str, words: str) -> None:
    def tell(progress: Progress) -> None:
        progress.begin(1)
        progress.end(1, HostOutcome(HOSTS[1], run, seconds=0.04))

    assert shown(tell, io.StringIO()) == f"  {word:<11}  @local{words}  (0.0 s)\n"
