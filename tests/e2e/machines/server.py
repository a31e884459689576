"""An https server on the machines' gateway that answers under other servers' real names."""

from __future__ import annotations

import contextlib
import http.server
import posixpath
import re
import ssl
import subprocess
import threading
import urllib.parse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Sequence

SECONDS = 30
"""How long a silent client is waited for."""


class Server:
    """Serves `root/<host name>/<path>` over https while its context lasts.

    Attributes:
        names: the host names that it answers for.
        port: where it listens; 0 becomes a free port.
        root: what it serves: tests may put files of their own there.
        certificate: PEM text; a client that trusts it trusts every name.
        requests: `<host>/<path>` of all requests so far, in order.
        ending: set when it stops.
    """

    def __init__(self, address: str, root: Path, names: Sequence[str], port: int = 443) -> None:
        self.address, self.port = address, port
        self.root = root
        self.names = tuple(names)
        self.requests: list[str] = []
        self.ending = threading.Event()
        self._faults: list[tuple[re.Pattern[str], str]] = []
        self.certificate, self._chain = _certificate(root.parent, self.names)

    @contextlib.contextmanager
    def serving(self) -> Iterator[Server]:
        """Listen on the port of the address, each request in a thread of its own."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._chain)
        with _Listener((self.address, self.port), self, context) as listener:
            self.port = listener.server_port
            loop = threading.Thread(target=listener.serve_forever, args=(0.05,))
            loop.start()
            try:
                yield self
            finally:
                self.ending.set()
                listener.shutdown()
                loop.join()

    @contextlib.contextmanager
    def fault(self, pattern: str, kind: str) -> Iterator[None]:
        """Let the requests whose `<host>/<path>` matches go wrong.

        Args:
            pattern: a regular expression, searched for.
            kind: `status:CODE`, `redirect:URL`, `truncate` (half is sent, all was promised),
                `corrupt` (one byte in the middle differs) or `slow:BYTES` (so many a second).
        """
        fault = (re.compile(pattern), kind)
        self._faults.insert(0, fault)
        try:
            yield
        finally:
            self._faults.remove(fault)

    def fault_of(self, asked: str) -> str:
        """The fault that a request has to meet, the youngest first; "" is none."""
        return next((kind for pattern, kind in self._faults if pattern.search(asked)), "")

    def put(self, url: str, content: bytes) -> None:
        """Serve `content` under an https URL of one of the names."""
        path = self.root / url.removeprefix("https://")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = False  # so that the end of the server waits for the end of its requests
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], site: Server, context: ssl.SSLContext) -> None:
        self.site = site
        self.context = context
        super().__init__(address, _Request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away, or that trusts nobody here, is no matter of the server's."""


class _Request(http.server.BaseHTTPRequestHandler):
    server: _Listener
    timeout = SECONDS
    whole = True

    def setup(self) -> None:
        # The handshake belongs here, in the request's own thread: a slow client stops nobody.
        plain: socket.socket = self.request
        plain.settimeout(SECONDS)
        self.request = self.server.context.wrap_socket(plain, server_side=True)
        super().setup()

    def finish(self) -> None:
        try:
            super().finish()
            if self.whole:
                # OpenSSL in apt takes an end without this word for a cut connection.
                self.request.unwrap()
        finally:
            self.request.close()

    def do_GET(self) -> None:
        asked = posixpath.normpath(urllib.parse.unquote(urllib.parse.urlsplit(self.path).path))
        name = f"{self.headers.get('Host', '').partition(':')[0]}{asked}"
        site = self.server.site
        site.requests.append(name)
        kind, _, number = site.fault_of(name).partition(":")
        file = site.root / name
        if file.is_dir():
            file /= "index"
        if kind == "status":
            self.send_error(int(number))
        elif kind == "redirect":
            self.send_response(302)
            self.send_header("Location", number)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif not file.is_file():
            self.send_error(404)
        else:
            self._send(file.read_bytes(), kind, int(number or 0))

    def _send(self, data: bytes, kind: str, rate: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        if data.startswith(b"<!DOCTYPE html>"):
            # pip reads no index that is something else.
            self.send_header("Content-Type", "text/html")
        self.end_headers()
        middle = len(data) // 2
        if kind == "truncate":
            data, self.whole = data[:middle], False
        if kind == "corrupt":
            data = data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :]
        if kind != "slow":
            self.wfile.write(data)
            return
        for start in range(0, len(data), rate):
            self.wfile.write(data[start : start + rate])
            if self.server.site.ending.wait(1):
                break

    def log_message(self, *_: object) -> None:
        """`Server.requests` is the log."""


def _certificate(folder: Path, names: Sequence[str]) -> tuple[str, Path]:
    """An authority, and the file with a certificate that it signed and its key, for two days.

    Programs with rustls refuse a server whose certificate is an authority itself.
    """
    made, authority = folder / "tls", folder / "authority"
    own = ["-subj", "/CN=envwright tests"]
    signed = ["-CA", f"{authority}.crt", "-CAkey", f"{authority}.key", "-subj", "/CN=server"]
    signed += ["-addext", "basicConstraints=critical,CA:FALSE"]
    signed += ["-addext", f"subjectAltName={','.join(f'DNS:{name}' for name in names)}"]
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    for path, options in ((authority, own), (made, signed)):
        files = ["-keyout", f"{path}.key", "-out", f"{path}.crt"]
        subprocess.run([*make.split(), *files, *options], check=True, capture_output=True)
    texts = (Path(f"{made}.{end}").read_text("utf-8") for end in ("key", "crt"))
    (chain := folder / "tls.pem").write_text("".join(texts), "utf-8")
    return Path(f"{authority}.crt").read_text("utf-8"), chain
