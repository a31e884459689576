"""The real apt-get against servers that hold it up: it ends, and the server is named."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from envwright.host.error_hints import advise, evidence
from envwright.resources import apt_commands
from envwright.resources.apt_commands import update

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(not shutil.which("apt-get"), reason="there is no apt-get")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


def silent(connection: socket.socket) -> None:
    """Take the connection, and send nothing."""
    while connection.recv(4096):
        pass


def stalled(connection: socket.socket) -> None:
    """Begin the answer, and send no more."""
    connection.recv(4096)
    connection.sendall(HEAD + b"Origin: ")
    silent(connection)


def trickling(connection: socket.socket) -> None:
    """Send a byte now and then, for ever."""
    connection.recv(4096)
    connection.sendall(HEAD)
    while True:
        connection.sendall(b"x")
        time.sleep(0.2)


@contextmanager
def server(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server on loopback; its address."""

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            serve(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)


def updated(folder: Path, address: str) -> tuple[int, str, float]:
    """Update from a server alone; the exit code, what was said, the seconds that it took."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "sources.list").write_text(f"deb [trusted=yes] http://{address}/debian x main\n")
    options = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",
        "Acquire::http::Proxy": "false",
    }
    command = update(*(f"-o {name}={value}" for name, value in options.items()))
    started = time.monotonic()
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr, time.monotonic() - started


@pytest.mark.parametrize("serve", [silent, stalled])
def test_a_server_that_sends_nothing_is_given_up_and_named(
    serve: Callable[[socket.socket], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "-o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20" in apt_commands.OPTIONS
    quick = apt_commands.OPTIONS.replace("=20", "=1")
    monkeypatch.setattr(apt_commands, "OPTIONS", quick)
    with server(serve) as address:
        code, said, seconds = updated(tmp_path, address)
    assert (code, seconds < 60) == (100, True)
    (first, *_) = evidence(said)
    assert first.startswith(f"E: Failed to fetch http://{address}/debian/dists/x/InRelease")
    assert advise(said) == (
        f"{address}, or a proxy on the way, takes the connection and sends nothing: try again "
        f"later, or see whose source it is with `grep -r {address} /etc/apt`"
    )


def test_a_server_that_sends_a_byte_now_and_then_is_given_up_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt_commands, "UPDATE_SECONDS", 3)
    with server(trickling) as address:
        code, said, seconds = updated(tmp_path, address)
    assert (code, said.strip(), seconds < 30) == (
        100,
        f"E: apt-get update has not ended after 3 s; it still fetches from {address}",
        True,
    )
    assert advise(said) == (
        f"{address}, or the way to it, is too slow: try again later, or see whose source it is "
        f"with `grep -r {address} /etc/apt`"
    )
