"""Pull mode for thousands of machines: the simulation, its page, and what git asks of a server."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from repositories import NOBODY, Repository

from benchmarks import pull_scale
from benchmarks.pull_scale import DAY, HOUR, Load, Session, Timer, fetches

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUSE = Path(__file__).parents[3]
PAGE = (HOUSE / "docs/scale.md").read_text("utf-8")
HOURLY = Timer(HOUR, 600)


def test_the_page_shows_what_the_simulation_prints() -> None:
    run = [sys.executable, "-m", "benchmarks.pull_scale"]
    printed = subprocess.run(run, cwd=HOUSE, capture_output=True, text=True, check=True).stdout
    begin = PAGE.index(f"    {printed.splitlines()[0]}\n")
    shown = PAGE[begin : PAGE.index('\n"busiest s"', begin)]
    assert textwrap.dedent(shown) == printed


@pytest.mark.parametrize(
    ("sessions", "times"),
    [
        ([Session(0, 3 * HOUR)], [600, HOUR + 600, 2 * HOUR + 600]),
        # Switched on at 9:30, and what was missed counts as due then.
        ([Session(9.5 * HOUR, 11.5 * HOUR)], [9.5 * HOUR + 600, 10 * HOUR + 600, 11 * HOUR + 600]),
        # Switched on again in the hour that had its run.
        ([Session(0, 0.5 * HOUR), Session(0.6 * HOUR, 1.5 * HOUR)], [600, HOUR + 600]),
        # On for less than the delay: the run is due at the next boot again.
        ([Session(0, 300), Session(HOUR, 1.5 * HOUR)], [HOUR + 600]),
    ],
)
def test_a_timer_fires_as_systemd_says(sessions: list[Session], times: list[float]) -> None:
    assert [*fetches(HOURLY, sessions)] == times


def test_a_load_counts_fetches_by_the_clock() -> None:
    load = Load.of([59.9, 60.0, 60.5, 61.0, DAY])
    assert (load.fetches, load.busiest_second, load.busiest_minute) == (5, 2, 3)


# --- git's requests -----------------------------------------------------------------------------


class Server(ThreadingHTTPServer):
    """git's own server of smart HTTP for the repositories of a folder; it keeps each request."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.requests: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        """Have git answer, by the interface that CGI is."""
        path, _, query = self.path.partition("?")
        self.server.requests.append(f"{self.command} {path}")
        length = self.headers.get("Content-Length", "0")
        variables = {
            "GIT_PROJECT_ROOT": str(self.server.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": length,
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }
        answer = subprocess.run(
            ["git", "http-backend"],
            env={**os.environ, **NOBODY, **variables},
            input=self.rfile.read(int(length)),
            capture_output=True,
            check=True,
        ).stdout
        self.wfile.write(b"HTTP/1.0 200 OK\r\n" + answer)

    do_POST = do_GET  # noqa: N815 - as http.server calls it

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_fetch_is_as_many_requests_as_the_page_says(server: Server, tmp_path: Path) -> None:
    team, machine = Repository.new(tmp_path / "team"), Repository.new(tmp_path / "machine")
    url = f"http://127.0.0.1:{server.server_port}/team/.git"

    def fetch() -> int:
        server.requests.clear()
        machine.git("fetch", "--quiet", "--no-tags", url, "+HEAD:refs/envwright/candidate")
        return len(server.requests)

    changed = []
    for text in ("first", "second"):
        team.commit(box=text)
        changed.append(fetch())
    assert changed == [pull_scale.REQUESTS_CHANGED] * 2
    assert fetch() == pull_scale.REQUESTS_UNCHANGED
    assert machine.git("rev-parse", "refs/envwright/candidate") == team.git("rev-parse", "HEAD")
