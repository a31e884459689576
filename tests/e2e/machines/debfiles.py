"""Packages as publishers offer them for download: files (.deb), and no source of apt."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from machines.debs import deb, tar
from machines.packages import Package

if TYPE_CHECKING:
    from machines.server import Server

SITE = "https://files.envwright.test/debs"
TOOL = b"#!/bin/sh\necho tool\n"


def publish(server: Server, version: str, **fields: str) -> str:
    """Serve a package with a program and a dependency; return its SHA-256, which names the file."""
    control = {
        "Package": "ew-tool",
        "Version": version,
        "Architecture": "all",
        "Maintainer": "envwright tests <tests@envwright.invalid>",
        "Depends": "sl",
        "Description": "made for a test",
        **fields,
    }
    payload = tar({"usr/bin/ew-tool": (TOOL, 0o755)})
    return serve(server, deb(Package("ew-tool", (version,), {}, {}), control, payload))


def serve(server: Server, data: bytes) -> str:
    """Serve a file by its SHA-256; return that."""
    sha256 = hashlib.sha256(data).hexdigest()
    server.put(f"{SITE}/{sha256}.deb", data)
    return sha256


def item(sha256: str, version: str, name: str = "ew-tool") -> str:
    """Return an item of `debs` for a file that is served."""
    return f"{name}: {{url: {SITE}/{sha256}.deb, sha256: {sha256}, version: '{version}'}}"
