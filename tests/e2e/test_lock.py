"""The lock on a machine: it ends with its session however that ends, and no user can take it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from box import Box

from envwright.errors import HostError
from envwright.host.session import open_session
from envwright.state import lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from machines.machine import Machine

    from envwright.host.session import Session

TRIES = 14
OLD = "/run/lock/envwright.lock"
HOLD = """\
import sys, time
from envwright.host.session import open_session
from envwright.state import lock
session = open_session(sys.argv[1])
lock.take(session, "box")
print("held", flush=True)
session.run("sleep 300")
"""


@pytest.fixture
def host(debian13: Machine, monkeypatch: pytest.MonkeyPatch) -> str:
    """The machine by ssh."""
    ssh = debian13.enable_ssh()
    monkeypatch.setenv("ENVWRIGHT_SSH_OPTIONS", f"-F {ssh.config}")
    return f"@ssh/{ssh.alias}"


@contextmanager
def held(host: str) -> Iterator[tuple[Session, int]]:
    """A session that has the lock, and its process group on the machine."""
    with open_session(host) as session:
        lock.take(session, "box")
        yield session, int(session.run("echo $$").text)


def freed(machine: Machine, seconds: float = 5) -> bool:
    """Whether the lock can be had within some seconds."""
    script = f"flock --timeout {seconds} {lock.LOCK} true && echo free || echo held"
    return machine.sh(script).strip() == "free"


def every_shell(group: int) -> str:
    return f"pkill -9 -g {group} -x sh"


def everything(group: int) -> str:
    return f"pkill -9 -g {group}"


def sshds_child(group: int) -> str:
    """The sshd that serves the session: the nearest of that name above its shell."""
    return (
        f"pid={group}; until grep -q ^sshd /proc/$pid/comm; do "
        'pid=$(ps -o ppid= -p $pid | tr -d " "); done; kill -9 $pid'
    )


@pytest.mark.parametrize("kill", [every_shell, everything, sshds_child])
def test_a_killed_session_leaves_no_lock(
    debian13: Machine, host: str, kill: Callable[[int], str]
) -> None:
    left = 0
    for _ in range(TRIES):
        with held(host) as (_session, group):
            assert not freed(debian13, 0)
            debian13.sh(kill(group))
            left += not freed(debian13)
    assert (left, TRIES) == (0, 14)


def test_a_killed_controller_leaves_no_lock(debian13: Machine, host: str) -> None:
    left = 0
    for _ in range(TRIES):
        argv = [sys.executable, "-c", HOLD, host]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "held\n"
            assert not freed(debian13, 0)
            process.kill()
        left += not freed(debian13)
    assert (left, TRIES) == (0, 14)


def test_a_network_that_is_gone_without_a_word_leaves_no_lock(
    debian13: Machine, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "WATCH_SECONDS", 1)
    monkeypatch.setattr(lock, "LEASE_SECONDS", 3)
    with held(host) as (session, _group):
        # As on a cable that was pulled: sshd keeps its connection, and nothing comes any more.
        client = session._shell._process._pid
        os.kill(client, signal.SIGSTOP)
        try:
            assert not freed(debian13, 1)
            assert freed(debian13, 15)
        finally:
            os.kill(client, signal.SIGCONT)
        with pytest.raises(HostError, match="the connection was lost"):
            session.run(":")


def test_a_loop_that_is_killed_is_noticed_by_the_controller(debian13: Machine, host: str) -> None:
    for _ in range(5):
        with held(host) as (session, _group), pytest.raises(HostError) as raised:
            session.run("read -r _ _ _ loop _ </proc/self/stat; kill -9 $loop; sleep 300")
        assert "the connection was lost while it ran: read" in str(raised.value)
        assert freed(debian13)


def test_no_user_can_keep_root_out(debian13: Machine, tmp_path: Path) -> None:
    attempts = [
        f"flock --nonblock {lock.LOCK} true",
        "flock --nonblock /run/envwright true",
        f"cat {lock.LOCK}",
        "ls /run/envwright",
        "mkfifo /run/envwright/lock",
        "ln -s /etc/passwd /run/envwright",
        "mkdir /run/envwright",
        "mv /run/envwright /run/other",
        "rmdir /run/envwright",
    ]
    debian13.sh("useradd -m mallory 2>/dev/null || :; rm -rf /run/envwright")
    for prepared in (False, True):
        for attempt in attempts:
            script = f"su mallory -c '{attempt}' >/dev/null 2>&1 && echo done || echo refused"
            assert (attempt, debian13.sh(script).strip()) == (attempt, "refused")
        # The path of older versions is anybody's, and does not matter any more.
        debian13.sh(f"rm -f {OLD}; su mallory -c 'mkfifo {OLD}'")
        box = Box(debian13, tmp_path)
        box.write(f"files: {{/etc/motd: {{content: '{prepared}'}}}}\n")
        assert box.run("apply", "--yes").code == 0
    assert debian13.sh("stat -c '%U %a' /run/envwright /run/envwright/lock").split() == [
        "root",
        "700",
        "root",
        "600",
    ]
    journal = "/var/lib/envwright/journal.jsonl"
    assert debian13.sh(f"stat -c '%U %a' /var/lib/envwright {journal}").split() == [
        "root",
        "700",
        "root",
        "600",
    ]
