"""What rustup and cargo download from: a distribution of Rust, and a registry with one program.

The toolchain is real: the compiler, cargo, the standard library and rustfmt of Debian's packages,
packed again as static.rust-lang.org has them. The registry is a stand-in for crates.io.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING

from machines import cache
from machines.engine import docker
from machines.images import image

if TYPE_CHECKING:
    from pathlib import Path

    from machines.server import Server

SITE = "https://files.envwright.test"
VERSION, TRIPLE, WASM = "1.85.1", "x86_64-unknown-linux-gnu", "wasm32-unknown-unknown"
COMPONENTS = {
    f"rustc-{TRIPLE}": ("usr/bin/rustc", "usr/lib/x86_64-linux-gnu/librustc_driver-*.so"),
    f"cargo-{TRIPLE}": ("usr/bin/cargo",),
    f"rustfmt-preview-{TRIPLE}": ("usr/bin/rustfmt", "usr/bin/cargo-fmt"),
    f"rust-std-{TRIPLE}": (f"usr/lib/rustlib/{TRIPLE}",),
    f"rust-std-{WASM}": (f"usr/lib/rustlib/{WASM}",),
}
"""The files of each component, which Debian's packages bring."""
PACKAGES = "rustc cargo rustfmt libstd-rust-dev libstd-rust-1.85 libstd-rust-dev-wasm32"
MAKE = """\
set -e
apt-get -qq update >/dev/null && cd /tmp && apt-get -qq download {packages} >/dev/null
for deb in *.deb; do dpkg-deb -x "$deb" tree; done
pack() {{
    name=$1 && shift && top=/tmp/$name-top/$name && inner=$top/$name && mkdir -p "$inner"
    for file in "$@"; do
        case $file in */bin/*) to=bin ;; */rustlib/*) to=lib/rustlib ;; *) to=lib ;; esac
        mkdir -p "$inner/$to" && cp -RL "$file" "$inner/$to/"
    done
    (cd "$inner" && find . -type f -printf 'file:%P\\n' | LC_ALL=C sort >/tmp/manifest)
    mv /tmp/manifest "$inner/manifest.in"
    echo "$name" >"$top/components" && echo 3 >"$top/rust-installer-version"
    tar -C "/tmp/$name-top" -c "$name" | gzip -1 >"/out/$name.tar.gz"
}}
cd /tmp/tree
{packed}
"""
HELLO = """\
fn main() {
    println!("hello from {}", env!("CARGO_PKG_VERSION"));
}
"""


def publish(server: Server) -> None:
    """Put the distribution and the registry where the server finds them."""
    folder = cache.kept(f"rust-{VERSION}", _packed)
    channel = _manifest(server, folder)
    digest = hashlib.sha256(channel).hexdigest()
    for name in (VERSION, "stable"):
        url = f"{SITE}/rust/dist/channel-rust-{name}.toml"
        server.put(url, channel)
        server.put(f"{url}.sha256", f"{digest}  channel-rust-{name}.toml\n".encode())
    _publish_crate(server)


def _packed(folder: Path) -> Path:
    made = folder / "made"
    made.mkdir()
    packed = "\n".join(f"pack {name} {' '.join(files)}" for name, files in COMPONENTS.items())
    script = MAKE.format(packages=PACKAGES, packed=packed)
    docker("run", "--rm", "--volume", f"{made}:/out", image("debian13"), "sh", "-c", script)
    return made


def _manifest(server: Server, folder: Path) -> bytes:
    """Return the manifest of the release, whose archives the server has then."""
    packages: dict[str, dict[str, str]] = {}
    for name in COMPONENTS:
        data = (folder / f"{name}.tar.gz").read_bytes()
        url = f"{SITE}/rust/dist/{name}.tar.gz"
        server.put(url, data)
        target = WASM if name.endswith(WASM) else TRIPLE
        found = packages.setdefault(name.removesuffix(f"-{target}"), {})
        found[target] = (
            f'available = true\nurl = "{url}"\nhash = "{hashlib.sha256(data).hexdigest()}"'
        )
    lines = [
        'manifest-version = "2"',
        'date = "2025-03-18"',
        "[pkg.rust]",
        f'version = "{VERSION}"',
    ]
    # Of the whole in one archive nothing is downloaded.
    lines += [f"[pkg.rust.target.{TRIPLE}]", packages["rustc"][TRIPLE]]
    for kind, name, target in (
        ("components", "rustc", TRIPLE),
        ("components", "cargo", TRIPLE),
        ("components", "rust-std", TRIPLE),
        ("extensions", "rustfmt-preview", TRIPLE),
        ("extensions", "rust-std", WASM),
    ):
        lines += [f"[[pkg.rust.target.{TRIPLE}.{kind}]]", f'pkg = "{name}"', f'target = "{target}"']
    for name, targets in packages.items():
        lines += [f"[pkg.{name}]", f'version = "{VERSION}"']
        for target, said in targets.items():
            lines += [f"[pkg.{name}.target.{target}]", said]
    lines += ["[renames.rustfmt]", 'to = "rustfmt-preview"', "[profiles]"]
    lines += [
        'minimal = ["rustc", "cargo", "rust-std"]',
        'default = ["rustc", "cargo", "rust-std"]',
    ]
    return ("\n".join(lines) + "\n").encode()


def _publish_crate(server: Server) -> None:
    """Publish envwright-hello 1.0.0, in a sparse registry (Cargo, "Registry Index")."""
    name, version = "envwright-hello", "1.0.0"
    about = f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n'
    lock = f'version = 3\n\n[[package]]\nname = "{name}"\nversion = "{version}"\n'
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for file, text in (("Cargo.toml", about), ("Cargo.lock", lock), ("src/main.rs", HELLO)):
            member = tarfile.TarInfo(f"{name}-{version}/{file}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    registry = f"{SITE}/crates"
    server.put(f"{registry}/config.json", json.dumps({"dl": f"{registry}/files"}).encode())
    server.put(f"{registry}/files/{name}/{version}/download", data.getvalue())
    listed = {
        "name": name,
        "vers": version,
        "deps": [],
        "cksum": hashlib.sha256(data.getvalue()).hexdigest(),
        "features": {},
        "yanked": False,
    }
    server.put(f"{registry}/en/vw/{name}", f"{json.dumps(listed)}\n".encode())
