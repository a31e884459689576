"""An index of Python packages with real wheels of PyPI, as pip asks for them (PEP 503)."""

from __future__ import annotations

import tempfile
from pathlib import Path
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
        file = _kept(package, version, digest)
        server.put(f"{INDEX}/{package}/{file.name}", file.read_bytes())
        link = f'<a href="{file.name}#sha256={digest}">{file.name}</a>'
        server.put(f"{INDEX}/{package}/index", f"<!DOCTYPE html>\n{link}\n".encode())


def _kept(package: str, version: str, digest: str) -> Path:
    """Return a wheel from the cache, downloaded when it is not there yet."""
    kept = cache.FOLDER / f"pypi-{package}-{version}"
    with cache.alone(kept.name):
        if not list(kept.glob("*.whl")):
            kept.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(dir=cache.FOLDER) as folder:
                whole = wheel(package, version, digest, Path(folder))
                whole.replace(kept / whole.name)
    return next(kept.glob("*.whl"))
