"""What a hostile or broken machine may answer: it leaves a question open, and nothing else."""

from __future__ import annotations

import base64
import contextlib
import io
import random
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mutations import mutated
from standins import DEBIAN, WSL, StandInSession, local_session

import envwright.facts
from envwright.engine import prefetch
from envwright.engine.plan import make_plan
from envwright.engine.prefetch import Prefetch
from envwright.errors import EnvwrightError
from envwright.facts import (
    Apt,
    AptSources,
    Booted,
    Disks,
    Facts,
    Logins,
    Machine,
    Mounts,
    Question,
    Shell,
    SlowShell,
    Stat,
    Text,
    Unit,
    UnitFiles,
    Unknown,
)
from envwright.facts.dpkg import Installed
from envwright.facts.paths import ChangeTime, Guarded, KnownGroup, KnownUser
from envwright.facts.units import UserUnit
from envwright.facts.windows import Entry, ProfileFile, Windows
from envwright.host import probe
from envwright.report.terminal import Report
from envwright.spec.compiler import compile_environment
from envwright.spec.environment import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ENVIRONMENTS = sorted((Path(__file__).parents[3] / "environments").glob("*.yaml"))
PLANS = 200
"""Plans of each environment over damaged answers."""
EACH = 3_000
"""Damaged answers for each of fifteen kinds: 45 000 together."""
ON_WINDOWS = [Windows(path="C:\\codes\\docker"), Windows(file=".wslconfig")]
QUESTIONS: list[Sequence[Question[Any]]] = [
    [
        *(Stat("/etc/passwd"), Stat("/etc"), Stat("/nowhere"), Text("/etc/hostname")),
        *(Guarded("/etc"), KnownUser("root"), KnownGroup("root")),
    ],
    [ChangeTime("/etc/passwd"), ChangeTime("/nowhere")],
    [Logins()],
    [Mounts()],
    [Disks()],
    [UnitFiles("dbus.service"), UnitFiles("nothing.service")],
    [AptSources()],
    [Booted()],
    [Shell("echo one; exit 3"), Shell("cat /etc/hostname")],
    [SlowShell("echo one; exit 3"), SlowShell("cat /etc/hostname")],
    [Unit("dbus.service"), Unit("nothing.service")],
    [UserUnit("dbus.service", user="root"), UserUnit("nothing.service", user="root")],
    [Installed()],
    ON_WINDOWS,
    [Apt("sl"), Apt("jq", "9.*"), Apt("nano", present=False)],
]
APT = """\
less
dpkg's journal
\0D\tless\tiU \t608-1\tamd64
D\tnano\tii \t8.4-1\tamd64
T\t--no-install-recommends sl:native\0yes
\0hi \tless\t
ii \tmawk\tawk
ii \tperl\tlibnet-perl (= 1:3.14), libperl
\0provider mta postfix
E: Unable to locate package sl:native
E: Version '9.*' for 'jq' was not found
        jq | 1.7-1 | http://x/debian trixie/main amd64 Packages
remove nano 8.4-1 -
install sl - 5.02-1
upgrade libc6 2.36-1 2.36-2
space / 9 1
\0"""
SHOWN = (
    "C:\\Users\\dev\n?0\n Volume in drive C is Windows\n"
    "11/21/2026  10:00 AM    <SYMLINKD>     docker [\\\\wsl.localhost\\Debian\\opt]"
)
UNITS = b"""\
Id=dbus.service
Names=dbus.service
LoadState=loaded
ActiveState=active
UnitFileState=static
NeedDaemonReload=no
ExecMainStartTimestamp=Sat 2026-11-21 08:49:50.123456 UTC
ActiveEnterTimestamp=Sat 2026-11-21 08:49:50.123456 UTC

Id=nothing.service
Names=nothing.service
LoadState=not-found
ActiveState=inactive
UnitFileState=
NeedDaemonReload=no
ExecMainStartTimestamp=
ActiveEnterTimestamp=
"""


def true_answer(questions: Sequence[Question[Any]]) -> bytes:
    """What a machine answers that is neither hostile nor broken."""
    kind = type(questions[0])
    if kind is Unit:
        return UNITS
    if kind is Apt:
        return APT.encode()
    if kind is Windows:
        file = f"/mnt/c/Users/dev/.wslconfig\tdev dev\tregular file\t.1763710190.5\n{_base64()}"
        return f"\0{SHOWN}\0symbolic link\t\0{file}\0".encode()
    script = kind.script(questions)
    return subprocess.run(["sh", "-c", script], capture_output=True, check=False).stdout


def _base64() -> str:
    return base64.b64encode(b"[wsl2]\nmemory=8GB\n").decode()


class AnsweringSession(StandInSession):
    """A session to a machine that gives one answer to every batch."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self.answer = answer

    def run_batch(self, scripts: Sequence[str], concurrent: int = 0) -> list[bytes]:  # noqa: ARG002 - the signature of a session
        return [self.answer] * len(scripts)


def ask(questions: Sequence[Question[Any]], answer: bytes) -> Facts:
    return probe.ask(AnsweringSession(answer), questions)


def types(answer: object) -> tuple[type, ...]:
    """The types that answers to a question have, by one of them."""
    return (Entry, ProfileFile) if isinstance(answer, Entry | ProfileFile) else (type(answer),)


def kinds(base: type[Question[Any]] = Question) -> Iterator[type[Question[Any]]]:
    for kind in base.__subclasses__():
        if kind.__module__.startswith(envwright.facts.__name__):
            yield kind
        yield from kinds(kind)


def test_every_kind_of_question_is_among_those_that_get_damaged_answers() -> None:
    asked = {type(question) for questions in QUESTIONS for question in questions}
    # A kind with kinds below it is asked by these alone, but for Shell, which Aside only moves, and
    # Unit, of which those of accounts are a kind.
    assert asked == {*(kind for kind in kinds() if not kind.__subclasses__()), Shell, Unit}


@pytest.mark.parametrize("questions", QUESTIONS, ids=lambda each: type(each[0]).__name__)
def test_a_damaged_answer_is_a_wrong_one_or_none_and_never_a_failure(
    questions: Sequence[Question[Any]],
) -> None:
    answer = true_answer(questions)
    told = ask(questions, answer)
    assert any(told[question] for question in questions)
    for damaged in mutated(answer, EACH, seed=8):
        facts = ask(questions, damaged)
        for question in questions:
            assert isinstance(facts[question], (*types(told[question]), type(None), Unknown))


def test_a_damaged_hello_makes_an_odd_machine_and_never_a_failure() -> None:
    hello = subprocess.run(["sh", "-c", Machine.HELLO], capture_output=True, check=False).stdout
    assert Machine.read(hello).accounts.users["root"].uid == 0
    for damaged in mutated(hello, EACH, seed=8):
        Machine.read(damaged)


def test_a_damaged_answer_to_a_check_leaves_the_check_to_ask_for_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prefetch, "nonce", lambda: b"mark")
    good = b"out\nmark" + b"err\n0"
    for damaged in mutated(good, EACH, seed=8):
        answers = Prefetch(AnsweringSession(damaged))
        answers.fetch([lambda ask=answers: ask.run("check")])  # type: ignore[misc] # a default, not an argument
        answers.run("check")


class DamagedSession(StandInSession):
    """A session to a machine, each of whose true answers may be damaged."""

    def __init__(self, answers: Sequence[bytes], seed: int) -> None:
        super().__init__()
        self._true, self._chance = answers, random.Random(seed)

    def run_batch(self, scripts: Sequence[str], concurrent: int = 0) -> list[bytes]:  # noqa: ARG002 - the signature of a session
        assert len(scripts) == len(self._true)
        return [self._damaged(answer) for answer in self._true]

    def _damaged(self, answer: bytes) -> bytes:
        if self._chance.random() < 0.5:
            return answer
        return next(mutated(answer, 1, self._chance.randrange(1 << 30)))


class KeepingSession(StandInSession):
    """A session to this machine that keeps its true answers to a batch."""

    kept: Sequence[bytes] = ()

    def run_batch(self, scripts: Sequence[str], concurrent: int = 0) -> list[bytes]:
        with local_session() as session:
            answers = session.run_batch(scripts, concurrent)
        self.kept = answers
        return answers


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.name)
def test_a_plan_over_damaged_answers_is_a_plan_or_a_refusal(file: Path) -> None:
    machine = WSL if file.name.startswith("wsl") else DEBIAN
    environment = load(file, machine)
    compiled = compile_environment(environment, machine)
    true = KeepingSession()
    with contextlib.suppress(EnvwrightError):
        make_plan(compiled, true, machine, environment.secrets)
    for seed in range(PLANS):
        damaged = DamagedSession(true.kept, seed)
        with contextlib.suppress(EnvwrightError):
            plan = make_plan(compiled, damaged, machine, environment.secrets)
            plan.json()
            Report(io.StringIO(), io.StringIO()).plan(plan)


@pytest.mark.parametrize(
    "line",
    [
        'ID="debian',
        "ID='",
        'ID="debian" "x',
        "ID=debian\\",
        "ID=$(id)",
        "=x",
        "ID",
        "+::::::",
        "\0",
    ],
)
def test_a_line_of_os_release_that_cannot_be_read_is_passed_over(line: str) -> None:
    hello = f"{line}\nVERSION_ID=13\n\0amd64\0".encode()
    assert Machine.read(hello).release in {"13", ""}


@pytest.mark.parametrize(
    "line", ["+::::::", f"x:x:{'9' * 5000}:0::/:", "x:x:²:0::/:", "x:x:0:²::/:"]
)
def test_a_line_of_passwd_that_cannot_be_read_is_passed_over(line: str) -> None:
    accounts = envwright.facts.Accounts.read(f"{line}\nroot:x:0:0::/root:/bin/sh\n", "")
    assert list(accounts.users) == ["root"]
