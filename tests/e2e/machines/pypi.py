"""An index of Python packages with real wheels of PyPI, as pip asks for them (PEP 503)."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from machines import cache
from machines.golang import wheel

if TYPE_CHECKING:
    from machines.server import Server

INDEX = "https://files.envwright.test/pypi/simple"
WHEELS = {
    "six": ("1.17.0", "4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274"),
    "python-dateutil": (
        "2.9.0.post0",
        "a8b2bc7bffae282281c8140a97d3aa9c14da0b136dfe83f850eea9a5f7470427",
    ),
}
"""The version of each package, and the SHA-256 of its wheel."""


def publish(server: Server) -> None:
    """Put the index where the server finds it."""
    for package, (version, digest) in WHEELS.items():
        wanted = functools.partial(wheel, package, version, digest)
        # What is pure Python has one wheel for all.
        name = f"{package.replace('-', '_')}-{version}-py2.py3-none-any.whl"
        file = cache.kept(f"pypi/{name}", wanted)
        server.put(f"{INDEX}/{package}/{file.name}", file.read_bytes())
        link = f'<a href="{file.name}#sha256={digest}">{file.name}</a>'
        server.put(f"{INDEX}/{package}/index", f"<!DOCTYPE html>\n{link}\n".encode())
