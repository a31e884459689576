"""Packages as publishers offer them for download: files (.deb), and no source of apt."""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING

from machines.debs import deb, empty, stanza, tar
from machines.packages import Package

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from machines.server import Server

SITE = "https://files.envwright.test/debs"
SOURCE = "https://files.envwright.test/apt"
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


def publish_source(
    server: Server,
    versions: Mapping[str, Sequence[str]],
    files: Mapping[str, Mapping[str, tuple[bytes, int]]] = MappingProxyType({}),
) -> str:
    """Serve an unsigned apt source with versions of packages; return its line for apt.

    Args:
        server: where the source is served.
        versions: the versions of each package.
        files: the files of a package, as in `tar`; none where they are left out.
    """
    stanzas = []
    for name, each in versions.items():
        for version in each:
            control = {**empty(name, "all")[0], "Version": version}
            package = deb(Package(name, (version,), {}, {}), control, tar(files.get(name, {})))
            file = f"{name}_{version}_all.deb"
            server.put(f"{SOURCE}/{file}", package)
            digest = hashlib.sha256(package).hexdigest()
            about = {"Filename": f"./{file}", "Size": str(len(package)), "SHA256": digest}
            stanzas.append(stanza({**control, **about}))
    server.put(f"{SOURCE}/Packages", "\n".join(stanzas).encode())
    return f"deb [trusted=yes] {SOURCE} ./\n"
