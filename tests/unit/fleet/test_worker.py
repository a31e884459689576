"""The worker: a process for one machine, what comes back from it, and how it ends."""

from __future__ import annotations

import argparse
import os
import queue
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fleets import die, err, fail, greet, hang
from standins import secrets_of

from envwright.errors import EnvwrightError, ExitCode, HostError, RefusedError, StepError
from envwright.facts import Machine
from envwright.fleet.pool import Hand, Stop
from envwright.fleet.task import Errand, Shown
from envwright.fleet.worker import send
from envwright.host.inventory import Target
from envwright.host.session import open_session

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
def hand(stop: Stop) -> Hand:
    return Hand(0, stop.fd, queue.SimpleQueue())


@pytest.fixture
def errand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Errand:
    (tmp_path / "box.yaml").write_text(BOX)
    monkeypatch.setenv("EW_TOKEN", "hunter2")
    monkeypatch.chdir(tmp_path)
    options = argparse.Namespace(var=[], greeting="!", sudo_password_stdin=False)
    return Errand(Target("@local", "box.yaml"), options, greet, tmp_path / "log", asking=False)


def test_a_worker_does_what_it_is_told_and_shows_no_secret(
    errand: Errand, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EW_TEST", "seen")
    assert send(errand, hand) == (
        ExitCode.RESTART,
        {"said": ["⟦secret:token⟧"], "variable": "seen"},
    )
    assert Path("log").read_text() == "hello box!\n⟦secret:token⟧\n"


def test_its_error_comes_back_without_secrets_and_is_in_the_log(errand: Errand, hand: Hand) -> None:
    with pytest.raises(EnvwrightError) as raised:
        send(replace(errand, act=fail), hand)
    told = "cannot ⟦secret:token⟧\nhint: not ⟦secret:token⟧"
    assert str(raised.value) == told
    assert Path("log").read_text() == f"error: {told}\n"


def test_a_machine_that_is_away_is_told_as_such(errand: Errand, hand: Hand) -> None:
    with pytest.raises(HostError) as raised:
        send(replace(errand, target=Target("@chroot//nowhere", "box.yaml")), hand)
    assert str(raised.value) == (
        "@chroot//nowhere: there is no directory /nowhere\nhint: make it with debootstrap"
    )


def test_a_mistake_of_ours_is_told_in_a_line(errand: Errand, hand: Hand) -> None:
    with pytest.raises(EnvwrightError) as raised:
        send(replace(errand, act=err), hand)
    assert raised.value.message == ("internal error: ZeroDivisionError: by zero; please report it")


def test_a_worker_that_is_killed_is_told(errand: Errand, hand: Hand) -> None:
    with pytest.raises(StepError) as raised:
        send(replace(errand, act=die), hand)
    assert str(raised.value) == (
        "@local: the process at work on it ended before its time\n"
        "hint: try again; an apply goes on from where it stood"
    )


def shown(folder: Path, changes: list[dict[str, Any]] | None) -> Shown:
    from envwright.cache.compiled import compiled  # noqa: PLC0415 - of the folder that the test is in

    with open_session("@local", hello=Machine.HELLO) as session:
        machine = Machine.read(session.hello.stdout)
    made = compiled("box.yaml", machine, {})
    return Shown(machine, made._replace(secrets=secrets_of(folder, token="hunter3")), changes)


def test_what_was_compiled_before_is_used_with_its_secrets(
    errand: Errand, hand: Hand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shown(tmp_path, None)
    monkeypatch.delenv("EW_TOKEN")
    _, result = send(replace(errand, shown=before), hand)
    assert result["said"] == ["⟦secret:token⟧"]


def test_a_machine_that_is_another_than_was_shown_is_left_alone(
    errand: Errand, hand: Hand, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError) as raised:
        send(replace(errand, shown=shown(tmp_path, [])), hand)
    assert str(raised.value) == (
        "@local: it is another than when its plan was shown; nothing was changed\n"
        "hint: look at its plan again"
    )


def test_a_worker_that_is_stopped_hangs_up_what_runs_on_its_machine(
    errand: Errand, stop: Stop
) -> None:
    events: queue.SimpleQueue[Any] = queue.SimpleQueue()
    ended: list[BaseException] = []

    def follow() -> None:
        try:
            send(replace(errand, act=hang), Hand(0, stop.fd, events))
        except BaseException as error:  # noqa: BLE001 - Ctrl-C, as the crew has it
            ended.append(error)

    thread = threading.Thread(target=follow)
    thread.start()
    group = int(events.get(timeout=30).value.removeprefix("verified "))
    os.killpg(group, 0)
    stop.say()
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
