"""Contents: the bytes that a file gets, known when it is written."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from keys import ARMORED, BINARY, FINGERPRINT
from standins import StandInSession, local_session, secrets_of

from envwright.engine.source_resolver import resolve
from envwright.errors import RefusedError, SecretError, StepError
from envwright.host.session import Result, Session
from envwright.model.operations import Content, Edited, Key
from envwright.model.secrets import Secret, Secrets, marker
from envwright.spec.declaration import Declaration

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_SECRETS = Secrets({})
OTHER = "0" * 40


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with local_session() as session:
        yield session


# --- Texts ------------------------------------------------------------------------------------


def test_a_text_is_its_bytes_with_secrets_put_in(tmp_path: Path) -> None:
    secrets = secrets_of(tmp_path, token="it's $x")
    text = f"ä \udcff {marker('token')}\n"
    assert resolve(Content(text), StandInSession(), secrets).read() == b"\xc3\xa4 \xff it's $x\n"


def test_a_secret_that_cannot_be_had_stops_the_upload(tmp_path: Path) -> None:
    lost = Secret("token", Declaration(file="nowhere"), "box.yaml:4", tmp_path)
    with pytest.raises(SecretError) as raised:
        resolve(Content(marker("token")), StandInSession(), Secrets({"token": lost}))
    assert str(raised.value) == (
        "box.yaml:4: no secret 'token': nowhere cannot be read: No such file or directory\n"
        "hint: the path is relative to the environment's file"
    )


# --- Edits ------------------------------------------------------------------------------------


def test_an_edit_keeps_every_byte_that_is_not_ours(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "a 'file'"
    path.write_bytes(b"# \xff ours\r\nA=1\r\nB=2")
    secrets = secrets_of(tmp_path, token="hunter22")
    changes = {"B": None, "C": marker("token")}
    edited = resolve(Edited(str(path), "env", changes), session, secrets)
    assert edited.read() == b"# \xff ours\r\nA=1\r\nC=hunter22\r\n"


def test_an_edit_follows_no_link(session: Session, tmp_path: Path) -> None:
    (tmp_path / "env").symlink_to("/etc/passwd")
    with pytest.raises(StepError) as raised:
        resolve(Edited(f"{tmp_path}/env", "env", {"A": "1"}), session, NO_SECRETS)
    assert str(raised.value) == f"@local: cannot read {tmp_path}/env: it is not a file"


def test_an_edit_knows_what_it_is_an_edit_of(session: Session, tmp_path: Path) -> None:
    edit = Edited(f"{tmp_path}/env", "env", {"A": "1"})
    nothing = resolve(edit, session, NO_SECRETS).based_on
    for text in ("A=2\n", "A=3\n"):
        (tmp_path / "env").write_text(text)
        status = (tmp_path / "env").stat()
        digest = hashlib.sha256(text.encode()).hexdigest()
        expected = f"{status.st_dev}:{status.st_ino}:{digest}"
        assert (nothing, resolve(edit, session, NO_SECRETS).based_on) == ("none", expected)


def test_an_edit_of_nothing_begins_a_file(session: Session, tmp_path: Path) -> None:
    edited = Edited(f"{tmp_path}/env", "env", {"A": "x y", "B": True})
    with pytest.raises(StepError) as raised:
        resolve(edited, session, NO_SECRETS)
    assert str(raised.value).startswith(f"{tmp_path}/env: ")
    whole = Edited(f"{tmp_path}/env", "env", {"A": "x y", "N": 5})
    assert resolve(whole, session, NO_SECRETS).read() == b'A="x y"\nN=5\n'


def test_a_file_that_its_dialect_cannot_read_is_told_by_its_line(
    session: Session, tmp_path: Path
) -> None:
    (tmp_path / "daemon.json").write_text('{\n  "a": 1,\n}\n')
    with pytest.raises(StepError) as raised:
        resolve(Edited(f"{tmp_path}/daemon.json", "json", {"b": 1}), session, NO_SECRETS)
    assert str(raised.value).startswith(f"{tmp_path}/daemon.json: line 3: ")


def test_a_file_that_cannot_be_read_is_not_taken_for_empty() -> None:
    class Broken(StandInSession):
        get = Session.get

    broken = Broken(Result(1, b"", b"/etc/x: Input/output error\n"))
    with pytest.raises(StepError) as raised:
        resolve(Edited("/etc/x", "env", {"A": "1"}), broken, NO_SECRETS)
    assert str(raised.value) == "@stand-in: cannot read /etc/x: Input/output error"


# --- Keys -------------------------------------------------------------------------------------


def refusal(key: Key, session: Session) -> str:
    with pytest.raises(RefusedError) as raised:
        resolve(key, session, NO_SECRETS).read()
    return str(raised.value)


def test_a_key_with_the_fingerprint_that_was_named_is_written_as_it_is() -> None:
    key = Key((FINGERPRINT,), text=ARMORED)
    assert resolve(key, StandInSession(), NO_SECRETS).read() == ARMORED.encode()


def test_a_binary_key_is_armored() -> None:
    session = StandInSession(BINARY)
    written = resolve(Key((FINGERPRINT,), url="http://x.test/k"), session, NO_SECRETS)
    assert written.read().decode() == ARMORED


def test_a_key_with_another_fingerprint_is_refused() -> None:
    assert refusal(Key((OTHER,), text=ARMORED), StandInSession()) == (
        f"the key in the environment has the fingerprint {FINGERPRINT}, not {OTHER}\n"
        "hint: no key was trusted; compare with the fingerprint that the publisher announces"
    )


def test_a_key_without_the_first_one_that_was_named_is_refused() -> None:
    told = refusal(Key((OTHER, FINGERPRINT), text=ARMORED), StandInSession())
    assert told.splitlines()[0] == (
        "the key in the environment has the fingerprint "
        f"{FINGERPRINT}, not {OTHER} and {FINGERPRINT}"
    )


def test_a_page_that_is_no_key_is_refused() -> None:
    session = StandInSession(b"<html>Log in to the hotel's network</html>")
    assert refusal(Key((OTHER,), url="http://x.test/k"), session) == (
        "http://x.test/k is no OpenPGP public key: this is HTML, not a key\n"
        "hint: open the address in a browser: a proxy may have answered instead"
    )


# --- Published lines of a file ------------------------------------------------------------------

LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo"
LINE_ID = "SHA256:NMlmQl1G5A6RDA9UY+Z8Mjbua+KYI/mLEax8tmsLJJ0"
LINES = Edited("/k", "authorized_keys", {}, published={LINE_ID: "https://x.test/anna.keys"})


def test_a_published_line_that_is_there_is_not_downloaded() -> None:
    session = StandInSession(files={"/k": f"{LINE} me\n".encode()})
    assert resolve(LINES, session, NO_SECRETS).read() == f"{LINE} me\n".encode()
    assert session.scripts == []


def test_a_published_line_that_lacks_is_added_as_it_is_published() -> None:
    session = StandInSession(f"{LINE} laptop\n".encode(), files={"/k": b"# mine\n"})
    assert resolve(LINES, session, NO_SECRETS).read() == f"# mine\n{LINE} laptop\n".encode()


def test_a_published_line_that_is_another_is_refused() -> None:
    session = StandInSession(b"<html>Log in to the hotel's network</html>", files={"/k": b""})
    with pytest.raises(RefusedError) as raised:
        resolve(LINES, session, NO_SECRETS)
    assert str(raised.value) == (
        f"https://x.test/anna.keys has nothing that is {LINE_ID}\n"
        "hint: nothing was added; ask its owner which keys are there now, and name these"
    )


# --- Downloads --------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    """Has the key at /key, and nothing else."""

    def do_GET(self) -> None:
        body = BINARY if self.path == "/key%20file?a=1&b='2'" else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


APT = pytest.mark.skipif(
    not Path("/usr/lib/apt/apt-helper").exists(), reason="this machine has no apt"
)


@APT
def test_the_machine_downloads_a_key_with_apts_own_helper(session: Session, server: str) -> None:
    key = Key((FINGERPRINT,), url=f"{server}/key%20file?a=1&b='2'")
    assert resolve(key, session, NO_SECRETS).read() == ARMORED.encode()


@APT
def test_a_download_that_fails_is_told_with_the_servers_words(
    session: Session, server: str
) -> None:
    with pytest.raises(StepError) as raised:
        resolve(Key((FINGERPRINT,), url=f"{server}/none"), session, NO_SECRETS)
    assert str(raised.value) == (
        f"@local cannot download {server}/none: 404 Not Found\n"
        "hint: check the address, the machine's network, proxy and certificates"
    )
