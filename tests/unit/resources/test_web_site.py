"""WebSite: what a site of any web server is, and the question that proves its answer."""

from __future__ import annotations

import shlex
import socket
import subprocess
import threading
from contextlib import closing

import pytest

from envwright.model.capability import render
from envwright.resources.web_site import WebSite, answers, free_ports


def test_a_site_is_bound_by_ipv4_unless_an_address_of_ipv6_is_named() -> None:
    site = WebSite(root="/srv", port=81, listen=["localhost", "*", "::1", "10.0.0.5"])
    assert site.bound == ("127.0.0.1:81", "0.0.0.0:81", "[::1]:81", "10.0.0.5:81")


def test_each_site_has_a_requirement_of_its_port_and_two_proofs() -> None:
    sites = {"a": WebSite(root="/srv"), "b": WebSite(root="/srv", port=81, names=["*.b.test"])}
    assert [need.name for need in free_ports("Stand-in", "x.service", sites)] == [
        "the port 80 is free for Stand-in for a",
        "the port 81 is free for Stand-in for b",
    ]
    proofs = [*answers("Stand-in", "x.service", sites, "show")]
    assert [proof.name for proof in proofs] == [
        "Stand-in for a listens on 127.0.0.1 port 80",
        "Stand-in for b listens on 127.0.0.1 port 81",
        "the site a answers",
        "the site b answers",
    ]
    assert [proof.script.splitlines()[-1] for proof in proofs[2:]] == [
        "' 127.0.0.1 80 localhost",
        "' 127.0.0.1 81 x.b.test",
    ]


@pytest.mark.parametrize(
    ("said", "code", "told"),
    [
        ("HTTP/1.1 200 OK", 0, "it answers: HTTP/1.1 200 OK\n"),
        ("HTTP/1.1 404 Not Found", 0, "it answers: HTTP/1.1 404 Not Found\n"),
        ("HTTP/1.1 500 Broken", 1, "it answers: HTTP/1.1 500 Broken\n"),
        ("SSH-2.0-x", 1, "it answers: SSH-2.0-x\n"),
        (
            "HTTP/1.1 503 Unavailable",
            77,
            "the program behind the site does not answer: HTTP/1.1 503 Unavailable\n",
        ),
    ],
)
def test_the_first_line_of_the_answer_decides(said: str, code: int, told: str) -> None:
    asked: list[bytes] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def answer() -> None:
            peer, _ = server.accept()
            with closing(peer):
                asked.append(peer.recv(4096))
                peer.sendall(f"{said}\r\n\r\n".encode())

        thread = threading.Thread(target=answer)
        thread.start()
        where = {"address": "127.0.0.1", "port": server.getsockname()[1]}
        script = render("web_site.answers.sh", host=shlex.quote("a.test"), **where)
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
        thread.join()
    assert (done.returncode, done.stdout) == (code, told)
    assert asked == [b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"]
