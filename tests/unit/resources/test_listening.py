"""Listening: the sockets of a server's unit, and who else has its port, on this very machine."""

from __future__ import annotations

import socket
import subprocess
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sections import refusals

from envwright.resources.listening import Listening, addresses, by_ipv4, reached_at

if TYPE_CHECKING:
    from pathlib import Path


def listening(port: int, *listen: str, unit: str = "no-such.service") -> Listening:
    return Listening(server="Stand-in", unit=unit, listen=listen or ("127.0.0.1",), port=port)


def ran(script: str) -> tuple[int, str]:
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def port() -> int:
    """A port that nobody has now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_words_stand_for_addresses() -> None:
    assert addresses(["localhost", "10.0.0.5"]) == ("127.0.0.1", "::1", "10.0.0.5")
    assert addresses(["*"]) == ("0.0.0.0", "::")
    assert by_ipv4(["localhost", "*", "::1"]) == ("127.0.0.1", "*", "::1")
    assert [reached_at([word]) for word in ("*", "localhost", "10.0.0.5")] == [
        "127.0.0.1",
        "127.0.0.1",
        "10.0.0.5",
    ]


@pytest.mark.parametrize(
    ("section", "place"),
    [
        ("redis: {listen: []}\n", "2:17: redis.listen"),
        ("mariadb: {listen: []}\n", "2:19: mariadb.listen"),
        ("postgresql: {listen: []}\n", "2:22: postgresql.listen"),
        ("nginx: {sites: {a: {port: 80, root: /srv, listen: []}}}\n", "2:51: nginx.sites.a.listen"),
    ],
)
def test_a_server_that_listens_nowhere_is_refused(tmp_path: Path, section: str, place: str) -> None:
    said = f"{place} must be a non-empty list of text, not a list"
    assert refusals(tmp_path, section) == [said]


def test_a_port_that_nobody_has_is_free(port: int) -> None:
    assert ran(listening(port, "localhost", "*").free().script) == (0, "")


@pytest.mark.parametrize("wanted", ["127.0.0.1", "*"])
def test_a_port_that_another_program_has_is_not_free(port: int, wanted: str) -> None:
    with closing(socket.create_server(("127.0.0.1", port))):
        code, said = ran(listening(port, wanted).free().script)
    assert (code, said.endswith(f" has the port {port}\n")) == (1, True)


def test_an_address_that_the_machine_lacks_is_told(port: int) -> None:
    said = "this machine has no address 203.0.113.9\n"
    assert ran(listening(port, "203.0.113.9").free().script) == (1, said)


def test_a_server_that_does_not_listen_is_told(port: int) -> None:
    said = f"no-such.service does not listen on 127.0.0.1 port {port}\n"
    assert ran(listening(port).proof().script) == (1, said)
    assert ran(replace(listening(port), only=False).proof().script) == (1, said)
