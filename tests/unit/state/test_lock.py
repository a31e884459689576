"""The lock: one run at a time, and none that outlives its session."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from standins import local_session

from envwright.errors import HostError, LockedError, StepError
from envwright.host import limits, shell
from envwright.state import lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from envwright.host.session import Session

pytestmark = pytest.mark.usefixtures("journal_file")


@pytest.fixture
def session() -> Iterator[Session]:
    with local_session() as session:
        yield session


@contextmanager
def held() -> Iterator[Session]:
    """A session that has the lock."""
    with local_session() as session:
        lock.take(session, "box")
        yield session


def free(within: float = 2) -> bool:
    """Whether the lock can be had within some seconds."""
    flock = ["flock", "--timeout", str(within), lock.LOCK, "true"]
    return subprocess.run(flock, check=False).returncode == 0


def processes(session: Session) -> dict[int, str]:
    """The command lines of a session's processes on the machine, by process."""
    group = int(session.run("echo $$").text)
    pids = subprocess.run(["pgrep", "-g", str(group)], capture_output=True, text=True, check=True)
    return {int(pid): Path(f"/proc/{pid}/comm").read_text().strip() for pid in pids.stdout.split()}


def test_a_second_run_is_told_who_has_the_lock_since_when_and_what_to_do(session: Session) -> None:
    with held(), pytest.raises(LockedError) as raised:
        lock.take(session, "other")
    host, pid = re.escape(os.uname().nodename), os.getpid()
    assert re.fullmatch(
        r"@local: another envwright is at work here since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: "
        rf"it applies box, started by \S+ on {host} \(process {pid}\)\n"
        r"hint: where it hangs, end its session as root "
        r"on the machine: kill -s HUP -- -\d+",
        str(raised.value),
    )


def test_the_command_of_the_hint_ends_the_holder_and_frees_the_lock(session: Session) -> None:
    with held() as holder:
        with pytest.raises(LockedError) as raised:
            lock.take(session, "other")
        subprocess.run(["sh", "-c", raised.value.hint.rpartition(": ")[2]], check=True)
        assert free()
        with pytest.raises(HostError, match="the connection was lost"):
            holder.run(":")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        "x",
        "1 2 3",
        "1 2 3 []",
        "1 2 3 {}",
        "x 2 3 {}",
        "1 2 3 {",
        f"{'9' * 5000} 2 3 {{}}",
    ],
)
def test_a_holder_that_does_not_say_who_it_is_is_still_a_holder(
    session: Session, content: str
) -> None:
    with held():
        Path(lock.LOCK).write_text(content)
        with pytest.raises(LockedError) as raised:
            lock.take(session, "other")
    assert str(raised.value) == "@local: another envwright is at work here"


def test_who_waits_is_told_for_whom_and_then_gets_the_lock(session: Session) -> None:
    told: list[str] = []
    with held() as holder:

        def end(line: str) -> None:
            told.append(line)
            holder.close()

        lock.take(session, "other", 30, end)
    assert [line.partition(" since ")[0] for line in told] == [
        "@local: another envwright is at work here"
    ]
    assert not free(0)


def test_who_waits_in_vain_is_told_when_the_time_is_over(session: Session) -> None:
    started = time.monotonic()
    with held(), pytest.raises(LockedError):
        lock.take(session, "other", 1.5)
    assert 1.4 < time.monotonic() - started < 10


def test_a_lock_that_is_given_back_is_free_and_can_be_taken_again(session: Session) -> None:
    for _ in range(3):
        lock.take(session, "box")
        assert not free(0)
        lock.release(session)
        assert free()  # the watch, just started, may still be closing its copy


def test_what_a_script_leaves_running_does_not_keep_the_lock(session: Session) -> None:
    lock.take(session, "box")
    scripts = {
        "": "setsid sleep 30 >/dev/null 2>&1 & echo $!",
        "with stdin": "cat >/dev/null; (setsid sleep 30; :) >/dev/null 2>&1 & echo $!",
    }
    for stdin, script in scripts.items():
        session.run(script, stdin=stdin.encode())
    session.run("x" * 3_000)
    session.close()
    assert free()


KILLS: dict[str, Callable[[str], bool]] = {
    "every shell": lambda name: name == "sh",
    "all but the shells": lambda name: name != "sh",
    "everything": lambda _: True,
}


@pytest.mark.parametrize("killed", KILLS)
@pytest.mark.parametrize("attempt", range(7))
def test_a_session_that_is_killed_leaves_no_lock(killed: str, attempt: int) -> None:
    with held() as session:
        victims = [pid for pid, name in processes(session).items() if KILLS[killed](name)]
        for pid in victims if attempt % 2 else reversed(victims):
            with suppress(ProcessLookupError):  # it ended with another
                os.kill(pid, signal.SIGKILL)
        assert free()
        with pytest.raises(HostError):
            session.run(":")


def test_whichever_single_process_is_killed_the_lock_ends_with_the_session() -> None:
    with local_session() as probe:
        lock.take(probe, "box")
        count = len(processes(probe))
    for number in range(count):
        with held() as session:
            # A process that lives for a moment may have been counted.
            found = sorted(processes(session))
            os.kill(found[number % len(found)], signal.SIGKILL)
        assert free()


def test_a_loop_that_is_killed_while_the_lock_is_held_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shell, "HEARTBEAT_SECONDS", 0.2)
    kill_the_loop = "read -r _ _ _ loop _ </proc/self/stat; kill -9 $loop; sleep 60"
    since = time.monotonic()
    with held() as session, pytest.raises(HostError, match="the connection was lost"):
        session.run(kill_the_loop)
    assert time.monotonic() - since < 30
    assert free()


def test_a_session_that_hears_nothing_any_more_lets_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "WATCH_SECONDS", 1)
    monkeypatch.setattr(lock, "LEASE_SECONDS", 2)
    with held() as session:
        assert not free(0.5)
        assert free(10)
        with pytest.raises(HostError):
            session.run(":")


def test_a_session_that_waits_for_a_long_step_keeps_its_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lock, "WATCH_SECONDS", 1)
    monkeypatch.setattr(lock, "LEASE_SECONDS", 2)
    monkeypatch.setattr("envwright.host.shell.HEARTBEAT_SECONDS", 0.3)
    with held() as session:
        session.run("sleep 6")
        assert not free(0)


def test_a_folder_that_is_not_root_s_own_is_refused(session: Session) -> None:
    folder = Path(lock.LOCK).parent
    folder.write_text("in the way")
    with pytest.raises(StepError) as raised:
        lock.take(session, "box")
    assert str(raised.value) == f"@local: cannot lock {lock.LOCK}: File exists"
    folder.unlink()
    folder.symlink_to("/tmp")
    with pytest.raises(StepError) as raised:
        lock.take(session, "box")
    assert str(raised.value) == (
        f"@local: cannot lock {lock.LOCK}: it is not a directory of its own"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(session: Session) -> None:
    folder = Path(lock.LOCK).parent
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    with pytest.raises(StepError, match="it is not a directory of its own"):
        lock.take(session, "box")


def test_an_open_folder_of_root_s_is_closed(session: Session) -> None:
    folder = Path(lock.LOCK).parent
    folder.mkdir(mode=0o755)
    lock.take(session, "box")
    assert [path.stat().st_mode & 0o7777 for path in (folder, Path(lock.LOCK))] == [0o700, 0o600]


def test_heartbeats_outlive_a_lease_many_times() -> None:
    assert limits.HEARTBEAT_SECONDS * 10 < lock.WATCH_SECONDS * 10 < lock.LEASE_SECONDS
