"""Advice: what of a command's words tells something, and what to do about it."""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from envwright.host.error_hints import advise, evidence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAILED_UPDATE = """\
Reading package lists...
Err:1 http://x.test trixie InRelease
  404  Not Found [IP: 10.0.0.1 80]
E: The repository 'http://x.test trixie Release' does not have a Release file.
E: Failed to fetch http://x.test/a  404  Not Found [IP: 10.0.0.1 80]
E: Some index files failed to download. They have been ignored, or old ones used instead.
W: Something else
E: Failed to fetch http://x.test/a  404  Not Found [IP: 10.0.0.2 80]
"""


def test_of_a_failed_update_the_errors_are_told_once_and_without_addresses() -> None:
    assert evidence(FAILED_UPDATE) == [
        "E: The repository 'http://x.test trixie Release' does not have a Release file.",
        "E: Failed to fetch http://x.test/a 404 Not Found",
        "W: Something else",
    ]


def test_where_a_package_itself_failed_all_its_words_are_told() -> None:
    words = "Setting up x\n\nx.postinst: no  disk\nE: Sub-process /usr/bin/dpkg returned an error\n"
    assert evidence(words) == [
        "Setting up x",
        "x.postinst: no disk",
        "E: Sub-process /usr/bin/dpkg returned an error",
    ]


def test_how_far_apt_was_is_no_evidence() -> None:
    words = (
        "dlstatus:1:20.0:Retrieving file 1 of 1\npmstatus:x:40.0:Unpacking x (amd64)\n"
        "x.postinst: no disk\npmerror:x:60.0:installed x package post-installation script\n"
        "E: Sub-process /usr/bin/dpkg returned an error\n"
    )
    assert evidence(words) == [
        "x.postinst: no disk",
        "E: Sub-process /usr/bin/dpkg returned an error",
    ]


def test_a_staged_file_is_called_by_the_name_that_it_would_have_got() -> None:
    words = "/run/envwright-0123456789abcdef/etc/sudoers.d/dev:1:5: syntax error\n    dev ALL"
    assert evidence(words) == ["/etc/sudoers.d/dev:1:5: syntax error", "    dev ALL"]


HELD = (
    "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)"
)
DISK = "make room: `df -h /var/cache/apt/archives/` shows what is free"
ANEW = "no source has the version that is installed: `apt-get install jq` takes a newer one"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("E: Version '9' for 'jq' was not found", "`apt-cache policy jq` shows which there are"),
        ("E: Unable to locate package x", "look for its name with `apt-cache search`"),
        ("Job for x.service failed because", "`journalctl -u x.service` on the machine tells why"),
        ("cp: a: No space left on device", "make room: `df -h` shows where there is none"),
        (
            "application not healthy after 5m0s",
            "where its services only take longer to start, let the stack `wait` longer",
        ),
        ("u has the SHA-256 ab, not cd: nothing was unpacked", "try again"),
        ("proxyconnect tcp: no", "look at the machine's network, name server and proxy"),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", DISK),
        ("Reinstallation of jq is not possible, it cannot be downloaded.", ANEW),
        (HELD, "wait until unattended-upgr has ended, and run this again"),
        ("nobody has seen this before", ""),
    ],
)
def test_what_is_known_has_a_hint(words: str, hint: str) -> None:
    assert advise(words).partition(";")[0] == hint


class LoginPage(http.server.BaseHTTPRequestHandler):
    """Answers /STATUS/... with that status and a page that wants a login."""

    def do_GET(self) -> None:
        body = b"<html>Please log in</html>"
        self.send_response(int(self.path.split("/")[1]))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def server() -> Iterator[str]:
    """A server of such pages; its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), LoginPage) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_address[1]}"
        serving.shutdown()
        thread.join()


def failed_update(folder: Path, address: str) -> str:
    """What the real apt-get says where its only source cannot be had."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "x.list").write_text(f"deb {address} trixie main\n", "utf-8")
    settings = (
        f"Dir::State::lists={folder}/lists",
        f"Dir::Cache={folder}/cache",
        f"Dir::Etc::sourcelist={folder}/x.list",
        "Dir::Etc::sourceparts=-",
        "APT::Sandbox::User=",
        "APT::Update::Error-Mode=any",
        "Acquire::Retries=0",
        "Acquire::http::Proxy=DIRECT",
    )
    argv = ["apt-get", "update", "-qq", *(word for each in settings for word in ("-o", each))]
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 100
    return done.stderr


LOG_IN = (
    "something on the way answered instead, as a network does that wants a login first: log in "
    "there, or look at the proxy"
)
LATER = "the server, or a proxy on the way, cannot answer now: try again later"
NOTHING_THERE = (
    "look at the address and the suites of the source; where its publisher has nothing for this "
    "release yet, `suites` can name an older one"
)
NOT_IN = (
    "the server does not let this machine in: look at the address, and at /etc/apt/auth.conf.d "
    "where the source wants a login"
)


@pytest.mark.skipif(not shutil.which("apt-get"), reason="apt-get itself is asked; it is not here")
@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (200, LOG_IN),
        (511, LOG_IN),
        (
            407,
            (
                "the proxy wants a login: give apt its address with user and password, as "
                "`Acquire::http::Proxy` in /etc/apt/apt.conf.d"
            ),
        ),
        (401, NOT_IN),
        (403, NOT_IN),
        (404, NOTHING_THERE),
        (429, LATER),
        (500, LATER),
        (503, LATER),
    ],
)
def test_a_source_that_is_kept_from_apt_is_no_matter_of_its_key(
    status: int, hint: str, tmp_path: Path
) -> None:
    with server() as address:
        words = failed_update(tmp_path, f"{address}/{status}")
    assert advise("\n".join(evidence(words))) == advise(words) == hint
