"""The framing of a session, on this machine's own shell."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from processes import gone

from envwright.errors import HostError
from envwright.host.limits import STEP
from envwright.host.session import Result, Session, open_session

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
SCRIPT_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@pytest.fixture(scope="module")
def shared() -> Iterator[Session]:
    with open_session("@local", privileged=False) as session:
        yield session


@pytest.fixture
def session() -> Iterator[Session]:
    with open_session("@local", privileged=False) as session:
        yield session


def open_files() -> list[str]:
    """The files that this process holds open."""
    return sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208  names, as the kernel lists them


def test_code_stdout_and_stderr_come_apart(shared: Session) -> None:
    answer = shared.run("echo out; echo err >&2; exit 3")
    assert answer == Result(3, b"out\n", b"err\n")
    assert (answer.ok, answer.text) == (False, "out\n")


def test_text_that_is_not_utf8_keeps_its_bytes(shared: Session) -> None:
    answer = shared.run(r"printf '\377\303\244'")
    assert (answer.ok, answer.text) == (True, "\udcffä")
    assert shared.run(f"printf %s {shlex.quote(answer.text)}").stdout == b"\xff\xc3\xa4"


def test_output_keeps_nuls_and_a_missing_newline(shared: Session) -> None:
    assert shared.run(r"printf 'a\0b'") == Result(0, b"a\0b", b"")


@pytest.mark.parametrize(
    "rude",
    [
        "if",
        "echo 'open",
        "cat <<EOF\nnever ended",
        "exit 3",
        "exec false",
        "exec >/dev/null 2>&1 </dev/null",
        "set -eu; false",
        "cd /usr; umask 077; PATH=; LC_ALL=de_DE",
        "trap 'echo trapped' EXIT; trap '' HUP",
        "readonly _x=1; _ew_code=9; _ew_mark() { :; }; eval() { :; }",
        "kill -9 $$",
        "cat; read line",
        "# a comment \\",
    ],
)
def test_nothing_that_a_script_does_outlives_it(session: Session, rude: str) -> None:
    session.run(rude)
    session.run(rude, stdin=b"x" * 200_000)
    after = session.run('pwd; umask; echo "$#" "$LC_ALL" "${PATH%%:*}"; cat; false; echo on')
    assert after == Result(0, b"/\n0022\n0 C /usr/local/sbin\non\n", b"")


def test_a_syntax_error_is_the_scripts_own(shared: Session) -> None:
    answer = shared.run("if")
    assert (answer.code, answer.stdout) == (2, b"")
    assert b"yntax error" in answer.stderr


def test_a_child_left_behind_neither_blocks_nor_leaks_into_the_next_answer(
    session: Session,
) -> None:
    started = time.monotonic()
    session.run("(sleep 0.1; echo stray; exec sleep 1000) &")
    time.sleep(0.2)
    assert session.run("echo mine") == Result(0, b"mine\n", b"")
    assert time.monotonic() - started < 5


def test_a_script_cannot_learn_the_mark(shared: Session) -> None:
    _, before, after = (shared.run("set; echo done").stdout for _ in range(3))
    assert before.endswith(b"done\n")
    assert after == before


@SHARED
@given(data=st.binary())
def test_any_bytes_go_in_and_come_out(shared: Session, data: bytes) -> None:
    assert shared.run("cat; cat >&2", stdin=data) == Result(0, data, b"")


@SHARED
@given(text=SCRIPT_TEXT, pad=st.sampled_from([0, 3_000]))
def test_any_text_of_a_script_arrives(shared: Session, text: str, pad: int) -> None:
    script = f": {'x' * pad}; printf %s {shlex.quote(text)}"
    assert shared.run(script) == Result(0, text.encode(), b"")


def test_every_byte_value_arrives_in_a_script(shared: Session) -> None:
    text = bytes(range(1, 256)).decode("utf-8", "surrogateescape")
    for pad in ("", "x" * 3_000):
        script = f": {pad}; printf %s {shlex.quote(text)}"
        assert shared.run(script).stdout == bytes(range(1, 256))


def test_a_nul_in_a_script_is_refused(shared: Session) -> None:
    with pytest.raises(ValueError, match=r"^a script cannot hold a NUL$"):
        shared.run("echo \0")


def test_megabytes_go_both_ways_at_once(shared: Session) -> None:
    data = os.urandom(1 << 20) * 16
    assert shared.run("tee /dev/stderr", stdin=data) == Result(0, data, data)


def test_a_script_of_megabytes_runs(shared: Session) -> None:
    script = "\n".join(f"x={number}" for number in range(100_000)) + "\necho $x"
    assert shared.run(script) == Result(0, b"99999\n", b"")


def test_stdin_that_is_not_read_does_not_disturb(shared: Session) -> None:
    assert shared.run("head -c 3", stdin=b"abcdef" * 100_000) == Result(0, b"abc", b"")
    assert shared.run("cat") == Result(0, b"", b"")


def test_output_is_told_as_it_comes_and_without_the_mark(shared: Session) -> None:
    pieces: list[bytes] = []
    answer = shared.run("echo 0123456789abcdef; sleep 0.1; echo two", on_output=pieces.append)
    assert (pieces, answer.stdout) == (
        [b"0123456789abcdef\n", b"two\n"],
        b"0123456789abcdef\ntwo\n",
    )


def test_round_trips_are_counted_and_the_opening_is_none() -> None:
    with open_session("@local", hello="echo hi; exit 4", privileged=False) as session:
        assert (session.name, session.hello) == ("@local", Result(4, b"hi\n", b""))
        assert session.round_trips == 0
        session.run(":")
        session.run("cat", stdin=b"x")
        assert session.round_trips == 2


def test_a_timeout_ends_the_script_and_the_session(session: Session) -> None:
    pids: list[bytes] = []
    with pytest.raises(HostError) as raised:
        session.run(
            "\n  sleep 1000 & echo $!\nwait", limits=STEP.within(0.3), on_output=pids.append
        )
    assert str(raised.value) == (
        "@local: no end after 0.3 s: sleep 1000 & echo $!\n"
        "hint: see what it waits for on the machine, or give it more time"
    )
    assert gone(int(pids[0]))
    with pytest.raises(HostError, match=r"^@local: the session is closed$"):
        session.run(":")


def test_ctrl_c_passes_through_and_ends_the_children(session: Session) -> None:
    pids: list[int] = []

    def interrupt(output: bytes) -> None:
        pids.extend(map(int, output.split()))
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        session.run("sleep 1000 & echo $!; wait", on_output=interrupt)
    assert gone(pids[0])


def test_a_killed_envwright_leaves_nothing_running() -> None:
    program = (
        "from envwright.host.session import open_session\n"
        "session = open_session('@local', privileged=False)\n"
        "session.run('sleep 1000 & echo $!; wait',"
        " on_output=lambda pid: print(pid.decode(), flush=True))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        process.kill()
    assert gone(pid)


def test_what_is_started_under_nohup_hangs_up_its_children_all_the_same() -> None:
    program = (
        "from envwright.host.session import open_session\n"
        "session = open_session('@local', privileged=False)\n"
        "session.run('sleep 1000 & echo $!; wait',"
        " on_output=lambda pid: print(pid.decode(), flush=True))\n"
    )
    ignoring = 'trap \'\' HUP INT; exec "$0" -c "$1"'
    command = ["sh", "-c", ignoring, sys.executable, program]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        process.kill()
    assert gone(pid)


def test_a_machine_that_is_lost_is_told_with_its_last_words(session: Session) -> None:
    with pytest.raises(HostError) as raised:
        session.run("echo the power fails >&2; kill -9 0")
    assert str(raised.value).splitlines()[0] == (
        "@local: the connection was lost while it ran: echo the power fails >&2; kill -9 0"
    )
    with pytest.raises(HostError, match=r"^@local: the session is closed$"):
        session.run(":")


def test_a_shell_of_this_computer_gets_none_of_our_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = {"HOME": "/root", "https_proxy": "http://proxy.test:3128", "WSL_INTEROP": "/run/x"}
    dropped = {"NPM_TOKEN": "hunter22", "LD_LIBRARY_PATH": "/tmp/x", "TMPDIR": "/tmp/dev"}
    for name, value in (kept | dropped).items():
        monkeypatch.setenv(name, value)
    with open_session("@local", privileged=False) as session:
        seen = dict(line.split("=", 1) for line in session.run("env").text.splitlines())
    assert {name: seen.get(name) for name in (*kept, *dropped)} == {
        **kept,
        **dict.fromkeys(dropped),
    }


def test_closing_is_quick_may_be_repeated_and_leaves_nothing() -> None:
    before = open_files()
    session = open_session("@local", privileged=False)
    child = int(session.run("sleep 1000 >/dev/null 2>&1 & echo $!").stdout)
    started = time.monotonic()
    session.close()
    session.close()
    assert time.monotonic() - started < 0.5
    assert gone(child)
    assert open_files() == before


def test_what_ignores_a_hangup_survives_the_session() -> None:
    with open_session("@local", privileged=False) as session:
        child = int(session.run("nohup sleep 30 >/dev/null 2>&1 & echo $!").stdout)
    os.kill(child, signal.SIGTERM)
    assert gone(child)


def test_the_import_is_light() -> None:
    heavy = {"asyncio", "dataclasses", "inspect", "difflib", "pathlib", "pyinfra", "pydantic"}
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]; "
        "import envwright.host.session; print(*sys.modules)"
    )
    source = str(Path(__file__).parents[3] / "src")
    done = subprocess.run(
        [sys.executable, "-S", "-c", program, source], capture_output=True, text=True, check=True
    )
    assert heavy & set(done.stdout.split()) == set()


def test_the_time_until_a_session_is_open_can_be_used() -> None:
    called = []
    with open_session("@local", privileged=False, meanwhile=lambda: called.append(1)) as session:
        assert (called, session.run("echo on").text) == ([1], "on\n")


def test_a_failure_meanwhile_leaves_no_shell_behind() -> None:
    before = open_files()
    with pytest.raises(ZeroDivisionError):
        open_session("@local", privileged=False, meanwhile=lambda: 1 / 0)
    assert open_files() == before
