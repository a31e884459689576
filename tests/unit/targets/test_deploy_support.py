"""The support of an exported deploy, run by real pyinfra on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from keys import ARMORED, BINARY, FINGERPRINT
from standins import compiled
from user_folders import DEV, folder, link

from envwright.model.secrets import Secrets
from envwright.targets.pyinfra_deploy import export

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4hq2nFVZkTJDWSXn1pSN1Yd8sd6ZcSmkTdHkTq1fXo"
LINE_ID = "SHA256:NMlmQl1G5A6RDA9UY+Z8Mjbua+KYI/mLEax8tmsLJJ0"
OTHER = "0" * 40
APT = pytest.mark.skipif(
    not Path("/usr/lib/apt/apt-helper").exists(), reason="this machine has no apt"
)


class Handler(BaseHTTPRequestHandler):
    """Serves the key, binary, at /key, and a list of checksums at /sums."""

    def do_GET(self) -> None:
        sums = b"%s  tool.tar\n" % (b"a" * 64)
        files = {"/key": BINARY, "/sums": sums, "/anna.keys": LINE.encode()}
        body = files.get(self.path, b"")
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def deploy(folder: Path, source: str, name: str = "file") -> tuple[int, str]:
    """Run a deploy that uploads one source to FOLDER/NAME; return the exit code and the output."""
    export(compiled(), Secrets({}), "@local", folder / "export")
    (folder / "export" / "deploy.py").write_text(
        "from pyinfra.operations import server\n"
        "from safepath import operations as paths\n"
        "from support import checksum, edited, key\n"
        f"server.shell(commands=['touch {folder}/begun'])\n"
        f"paths.put(src={source}, dest='{folder}/{name}')\n"
    )
    done = subprocess.run(
        [Path(sys.executable).with_name("pyinfra"), "-y", "inventory.py", "deploy.py"],
        cwd=folder / "export",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_text_key_that_is_the_right_one_is_written(tmp_path: Path) -> None:
    code, said = deploy(tmp_path, f"key({[FINGERPRINT]!r}, text={ARMORED!r})")
    assert (code, (tmp_path / "file").read_text()) == (0, ARMORED), said


def test_a_wrong_text_key_is_refused_before_anything_is_changed(tmp_path: Path) -> None:
    code, said = deploy(tmp_path, f"key({[OTHER]!r}, text={ARMORED!r})")
    told = f"refused the key in deploy.py: has the fingerprint {FINGERPRINT}, not {OTHER}"
    assert (code, told in said, [path.name for path in tmp_path.iterdir()]) == (
        1,
        True,
        ["export"],
    ), said


@APT
def test_a_binary_key_is_armored(server: str, tmp_path: Path) -> None:
    source = f"key({[FINGERPRINT]!r}, url='{server}/key')"
    for _ in range(2):
        code, said = deploy(tmp_path, source)
        assert (code, (tmp_path / "file").read_text()) == (0, ARMORED), said


@APT
@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            f"key({[OTHER]!r}, url='SERVER/key')",
            f"refused SERVER/key: has the fingerprint {FINGERPRINT}, not {OTHER}",
        ),
        (f"key({[OTHER]!r}, url='SERVER/none')", "cannot download SERVER/none on @local"),
        ("checksum('SERVER/sums', 'other.tar')", "SERVER/sums lists no SHA-256 of other.tar"),
        ("checksum('SERVER/none', 'tool.tar')", "cannot download SERVER/none on @local"),
    ],
)
def test_a_download_that_is_not_as_it_should_be_is_told_and_not_written(
    server: str, tmp_path: Path, source: str, told: str
) -> None:
    code, said = deploy(tmp_path, source.replace("SERVER", server))
    seen = (code != 0, told.replace("SERVER", server) in said, (tmp_path / "file").exists())
    assert seen == (True, True, False), said


@APT
def test_a_checksum_that_is_listed_is_written(server: str, tmp_path: Path) -> None:
    code, said = deploy(tmp_path, f"checksum('{server}/sums', 'tool.tar')")
    assert (code, (tmp_path / "file").read_text()) == (0, f"{'a' * 64}\n"), said


@pytest.mark.parametrize("there", [None, b"", b"# \xff ours\nB=2\n"])
def test_a_file_is_edited_as_it_is_on_the_machine(tmp_path: Path, there: bytes | None) -> None:
    if there is not None:
        (tmp_path / "env").write_bytes(there)
    code, said = deploy(tmp_path, f"edited('{tmp_path}/env', 'env', {{'A': 'x'}})", "env")
    assert (code, (tmp_path / "env").read_bytes()) == (0, (there or b"") + b"A=x\n"), said


@APT
def test_a_line_that_is_published_is_added(server: str, tmp_path: Path) -> None:
    published = {LINE_ID: f"{server}/anna.keys"}
    source = f"edited('{tmp_path}/keys', 'authorized_keys', {{}}, published={published!r})"
    for _ in range(2):
        code, said = deploy(tmp_path, source, "keys")
        assert (code, (tmp_path / "keys").read_text()) == (0, f"{LINE}\n"), said


def test_a_file_that_cannot_be_read_is_not_taken_for_empty(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    code, said = deploy(tmp_path, f"edited('{tmp_path}/env', 'env', {{'A': 'x'}})")
    told = f"cannot read {tmp_path}/env on @local"
    assert (code != 0, told in said, (tmp_path / "file").exists()) == (True, True, False), said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders of others")
def test_a_link_that_a_user_can_change_is_refused_by_an_exported_deploy_too(
    tmp_path: Path,
) -> None:
    folder(tmp_path / "home")
    (tmp_path / "etc").mkdir()
    link(tmp_path / "home" / "app", f"{tmp_path}/etc")
    code, said = deploy(tmp_path, "__import__('io').BytesIO(b'x')", "home/app/motd")
    told = f"{tmp_path}/home/app is a link, and {DEV} can change it"
    assert (code, told in said, list((tmp_path / "etc").iterdir())) == (1, True, []), said
