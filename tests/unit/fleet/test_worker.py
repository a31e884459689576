"""The worker: a process for one machine, what comes back from it, and how it ends."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fleets
import pytest
from fleets import die, err, fail, fail_in_part, greet, hang
from standins import secrets_of

from envwright.errors import EnvwrightError, ExitCode, HostError, RefusedError, StepError
from envwright.facts import Machine
from envwright.fleet.outcome import HostOutcome, RunSummary
from envwright.fleet.pool import Channel, Stop
from envwright.fleet.task import Planned, Task
from envwright.fleet.worker import send
from envwright.host.inventory import Target
from envwright.host.session import open_session
from envwright.model.proof import Result
from envwright.workflow import RunOptions, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a session to this machine needs root")

BOX = """\
name: box
secrets: {token: {env: EW_TOKEN}}
files: {/nowhere/file: {content: "{{ secret.token }}"}}
"""


@pytest.fixture
def stop() -> Iterator[Stop]:
    with Stop() as stop:
        yield stop


@pytest.fixture
def channel(stop: Stop) -> Channel:
    return Channel(0, stop.fd, queue.SimpleQueue())


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    (tmp_path / "box.yaml").write_text(BOX)
    monkeypatch.setenv("EW_TOKEN", "hunter2")
    monkeypatch.chdir(tmp_path)
    options = RunOptions(Verb.VERIFY, yes=True)
    return Task(Target("@local", "box.yaml"), options, tmp_path / "log", asking=False)


def test_a_worker_does_what_it_is_told_and_shows_no_secret(
    task: Task, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EW_TEST", "seen")
    check = Result("⟦secret:token⟧", "failed", "seen", 1.0)
    assert send(task, channel, greet) == RunSummary(
        Verb.VERIFY, ExitCode.CHANGES, checks=(check,), document=[check.json()]
    )
    assert Path("log").read_text() == "hello box!\n⟦secret:token⟧\n"


def test_its_error_comes_back_without_secrets_and_is_in_the_log(
    task: Task, channel: Channel
) -> None:
    with pytest.raises(EnvwrightError) as raised:
        send(task, channel, fail)
    told = "cannot ⟦secret:token⟧\nhint: not ⟦secret:token⟧"
    assert str(raised.value) == told
    assert Path("log").read_text() == f"error: {told}\n"


def test_the_details_of_an_error_come_back_without_secrets(task: Task, channel: Channel) -> None:
    with pytest.raises(EnvwrightError) as raised:
        send(task, channel, fail_in_part)
    assert HostOutcome(task.target, error=raised.value).json()["error"] == {
        "message": "one failed",
        "hint": "",
        "done": ["⟦secret:token⟧"],
    }


def test_a_machine_that_is_away_is_told_as_such(task: Task, channel: Channel) -> None:
    with pytest.raises(HostError) as raised:
        send(replace(task, target=Target("@chroot//nowhere", "box.yaml")), channel)
    assert str(raised.value) == (
        "@chroot//nowhere: there is no directory /nowhere\nhint: make it with debootstrap"
    )


def test_a_mistake_of_ours_is_told_in_a_line(task: Task, channel: Channel) -> None:
    with pytest.raises(EnvwrightError) as raised:
        send(task, channel, err)
    assert raised.value.message == ("internal error: ZeroDivisionError: by zero; please report it")


def test_a_worker_that_is_killed_is_told(task: Task, channel: Channel) -> None:
    with pytest.raises(StepError) as raised:
        send(task, channel, die)
    assert str(raised.value) == (
        "@local: the process that worked on this machine ended before its time\n"
        "hint: try again; an apply goes on from where it stood"
    )


def planned(folder: Path) -> Planned:
    from envwright.cache.compiled import compiled  # noqa: PLC0415 - of the folder that the test is in

    with open_session("@local", hello=Machine.HELLO) as session:
        machine = Machine.read(session.hello.stdout)
    made = compiled("box.yaml", machine, {})
    return Planned(machine, made._replace(secrets=secrets_of(folder, token="hunter3")))


def test_what_was_compiled_before_is_used_with_its_secrets(
    task: Task, channel: Channel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = planned(tmp_path)
    monkeypatch.delenv("EW_TOKEN")
    run = send(replace(task, planned=before), channel, greet)
    assert [check.id for check in run.checks] == ["⟦secret:token⟧"]


def test_a_machine_that_is_another_than_was_shown_is_left_alone(
    task: Task, channel: Channel
) -> None:
    agreed = RunOptions(Verb.APPLY, yes=True, agreed=[])
    with pytest.raises(RefusedError) as raised:
        send(replace(task, options=agreed), channel)
    assert str(raised.value) == (
        "@local: the machine changed after its plan was shown; nothing was changed\n"
        "hint: run `envwright plan` or `envwright apply` again to see the new plan"
    )


def test_a_worker_verifies_by_itself(task: Task, channel: Channel) -> None:
    assert send(task, channel).failures[0].id == "file:/nowhere/file"


STOPPED = """\
import os, queue, signal, threading
from pathlib import Path
import fleets
from envwright.fleet.pool import Channel, Stop
from envwright.fleet.task import Task
from envwright.fleet.worker import send
from envwright.host.inventory import Target
from envwright.workflow import RunOptions, Verb

def stopped_after(seconds):
    task = Task(
        Target("@local", "box.yaml"), RunOptions(Verb.VERIFY), Path("log"), asking=False
    )
    with Stop() as stop:
        def interrupt():
            os.killpg(0, signal.SIGINT)
            stop.give()
        timer = threading.Timer(seconds, interrupt)
        timer.start()
        try:
            return send(task, Channel(0, stop.fd, queue.SimpleQueue()), fleets.greet).verb.value
        except KeyboardInterrupt:
            return "stopped"
        finally:
            timer.join()

if __name__ == "__main__":
    signal.signal(signal.SIGINT, lambda *_: None)
    # At the first moment the server still loads; later ones meet workers at each of their stages.
    moments = [0.2, *(number / 25 for number in range(20))]
    print({stopped_after(seconds) for seconds in moments} - {"stopped", "verify"})
"""
"""Ctrl-C at a terminal, at many moments in the life of a worker and of the server that forks it."""


@pytest.mark.usefixtures("task")
def test_workers_that_are_stopped_at_any_moment_print_nothing(tmp_path: Path) -> None:
    (tmp_path / "stopped.py").write_text(STOPPED)
    support = Path(fleets.__file__).parent
    done = subprocess.run(
        [sys.executable, "stopped.py"],
        env={**os.environ, "PYTHONPATH": str(support)},
        capture_output=True,
        check=False,
        start_new_session=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"set()\n", b"")


def test_a_worker_that_is_stopped_hangs_up_what_runs_on_its_machine(task: Task, stop: Stop) -> None:
    events: queue.SimpleQueue[Any] = queue.SimpleQueue()
    ended: list[BaseException] = []

    def follow() -> None:
        try:
            send(task, Channel(0, stop.fd, events), hang)
        except BaseException as error:  # noqa: BLE001 - Ctrl-C, as the pool has it
            ended.append(error)

    thread = threading.Thread(target=follow)
    thread.start()
    group = int(events.get(timeout=30).value.removeprefix("verified "))
    os.killpg(group, 0)
    stop.give()
    thread.join(15)
    assert list(map(type, ended)) == [KeyboardInterrupt]
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail("what ran on the machine still runs")
