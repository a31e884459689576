"""What we read of a ~/.netrc is what curl and Python read, and an edit leaves all else to them."""

from __future__ import annotations

import base64
import netrc
import socketserver
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envwright.portable.dialects import get

if TYPE_CHECKING:
    from collections.abc import Iterator

NETRC = get("netrc")
MACHINES = ("a.test", "b.test", "c.test")

# No keywords: curl before 8.15 takes one for itself in the entry of another machine.
plain = st.sampled_from(["dev", "robot", "x#y", "p@ss:w", "é"])
quoted = st.sampled_from(['"two words"', r'"a \"b\" c"', '"machine b.test"', '"#no"'])
gaps = st.sampled_from([" ", "\t", "\n", "\n    ", "  "])


@st.composite
def entry(draw: st.DrawFn, head: str) -> str:
    account = ["account", "q"] if draw(st.booleans()) else []
    words = [head, *account, "login", draw(plain), "password", draw(plain | quoted)]
    return draw(gaps).join(words)


@st.composite
def file(draw: st.DrawFn) -> str:
    """A file of entries, comments and macros, perhaps with a default at its end."""
    named = st.sampled_from(MACHINES).flatmap(lambda name: entry(f"machine {name}"))
    # Python reads the further words of a comment that follows a word in quotes.
    other = st.sampled_from(["#gone", "macdef init\ncd /\n"])
    blocks = draw(st.lists(named | other, max_size=5))
    if draw(st.booleans()):
        blocks.append(draw(entry("default")))
    return "".join(f"{block}\n" for block in blocks)


changes = st.tuples(st.sampled_from(MACHINES), st.sampled_from(["dev", "me"]))


@given(file(), changes)
@settings(max_examples=300)
def test_python_finds_every_other_machine_and_login_as_before(
    text: str, change: tuple[str, str]
) -> None:
    machine, login = change
    after = NETRC.edit(text, {machine: f"login {login} password n3w"})
    before_hosts, after_hosts = read_by_python(text), read_by_python(after)
    before_hosts.pop(machine, None)
    assert machine in after_hosts
    del after_hosts[machine]
    assert after_hosts == before_hosts


def read_by_python(text: str) -> dict[str, tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "netrc")
        path.write_text(text, "utf-8")
        return {**netrc.netrc(str(path)).hosts}  # type: ignore[dict-item]  # "" for what is not said


class Proxy(socketserver.StreamRequestHandler):
    """Answers a request with the login that it came with."""

    def handle(self) -> None:
        lines = [line.rstrip(b"\r\n") for line in iter(self.rfile.readline, b"\r\n")]
        logins = [line.rpartition(b" ")[2] for line in lines if b"uthorization: Basic" in line]
        body = base64.b64decode(logins[0]) if logins else b""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)


@pytest.fixture(scope="module")
def proxy() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def sent_by_curl(text: str, machine: str, proxy: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "netrc")
        path.write_text(text, "utf-8")
        curl = ["curl", "-q", "-sS", "--netrc-file", str(path), "--proxy", proxy]
        done = subprocess.run([*curl, f"http://{machine}/"], capture_output=True, check=True)
    return done.stdout.decode()


@given(text=file(), change=changes)
@settings(max_examples=60)
def test_curl_sends_what_we_read_and_what_an_edit_wants(
    proxy: str, text: str, change: tuple[str, str]
) -> None:
    machine, login = change
    found = NETRC.read(text)
    read = {name: said(found[name]) for name in MACHINES if name in found}
    assert {name: sent_by_curl(text, name, proxy) for name in read} == read
    after = NETRC.edit(text, {machine: f"login {login} password n3w"})
    wanted = {**read, machine: f"{login}:n3w"}
    assert {name: sent_by_curl(after, name, proxy) for name in wanted} == wanted


def said(value: object) -> str:
    login, _, password = str(value).removeprefix("login ").partition(" password ")
    return f"{login}:{password}"
