"""A forward proxy on the machines' gateway, which notes what it was asked for."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import select
import shutil
import socket
import threading
import urllib.parse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECONDS = 30
"""How long a silent client or server is waited for."""


class Proxy:
    """Goes between while its context lasts.

    Args:
        address: where it listens.
        names: hosts that nobody else knows, whose servers are at the same address.

    Attributes:
        url: its address.
        requests: the method and the host of all requests so far, in order.
    """

    def __init__(self, address: str, names: Sequence[str] = ()) -> None:
        self._known = dict.fromkeys(names, address)
        self.requests: list[tuple[str, str]] = []
        self._listener = _Listener((address, 0), self)
        self.url = f"http://{address}:{self._listener.server_address[1]}"

    def place(self, host: str) -> str:
        """Return where a host is reached."""
        return self._known.get(host, host)

    @contextlib.contextmanager
    def running(self) -> Iterator[Proxy]:
        """Listen, each connection in a thread of its own."""
        loop = threading.Thread(target=self._listener.serve_forever, args=(0.05,))
        loop.start()
        try:
            yield self
        finally:
            self._listener.shutdown()
            self._listener.server_close()
            loop.join()


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], proxy: Proxy) -> None:
        self.proxy = proxy
        super().__init__(address, _Request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no matter of the proxy's."""


class _Request(http.server.BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    timeout = SECONDS

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        self.server.proxy.requests.append((self.command, url.hostname or ""))
        headers = {k: v for k, v in self.headers.items() if k.lower() != "proxy-connection"}
        asked = http.client.HTTPConnection(url.hostname or "", url.port or 80, timeout=SECONDS)
        with contextlib.closing(asked):
            asked.request(self.command, f"{url.path}?{url.query}".rstrip("?"), headers=headers)
            answer = asked.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"transfer-encoding", "connection", "date", "server"}:
                    self.send_header(name, value)
            if answer.length is None:
                self.send_header("Connection", "close")
            self.end_headers()
            shutil.copyfileobj(answer, self.wfile)

    def do_CONNECT(self) -> None:
        host, _, port = self.path.rpartition(":")
        self.server.proxy.requests.append((self.command, host))
        self.close_connection = True
        place = (self.server.proxy.place(host), int(port))
        with socket.create_connection(place, SECONDS) as far:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: far, far: self.connection}
            while ready := select.select([*ends], [], [], SECONDS)[0]:
                for end in ready:
                    data = end.recv(1 << 16)
                    if not data:
                        return
                    ends[end].sendall(data)

    def log_message(self, *_: object) -> None:
        """`Proxy.requests` is the log."""
