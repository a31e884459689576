"""The pool of Docker's packages: built once from Debian's, then kept in the user's cache."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from machines import cache, packages
from machines.engine import docker
from machines.images import image
from machines.packages import DEBIAN, PACKAGES, SUITES, UNITS, Package

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FETCH = """\
set -e
cd "$(mktemp -d)" && chmod 0777 .
apt-get update -qq
apt-get download -qq "$@"
for package in *.deb; do dpkg-deb -x "$package" root; done
tar -C root -cf - .
"""

CONFIGURE = """\
#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
for group in {group}; do getent group $group >/dev/null || groupadd --system $group; done
for unit in {units}; do
    if deb-systemd-helper --quiet was-enabled $unit; then
        deb-systemd-helper enable $unit >/dev/null
    fi
done
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload
if [ -n "$2" ]; then action=restart units='{service}'; else action=start units='{units}'; fi
# As debhelper has it: that a daemon does not start is no failure of its package.
deb-systemd-invoke $action $units >/dev/null || true
"""

REMOVE = """\
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then deb-systemd-invoke stop {units}; fi
"""


def pool() -> Path:
    """The directory with `linux/<distribution>/dists/<suite>/`: packages and their index."""
    recipe = hashlib.sha256(image("debian13").encode() + image("debian12").encode())
    for source in (__file__, packages.__file__):
        recipe.update(Path(source).read_bytes())
    return cache.kept(f"docker-{recipe.hexdigest()[:12]}", _pool)


def _pool(scratch: Path) -> Path:
    _build(scratch / "pool")
    return scratch / "pool"


def _build(folder: Path) -> None:
    architecture = docker("version", "--format", "{{.Server.Arch}}")
    found = {path: data for kind in DEBIAN for path, data in _files(kind)}
    for package in PACKAGES:
        files = {path: found[source] for path, source in package.files.items()}
        files |= {path: (text.encode(), 0o644) for path, text in package.conffiles.items()}
        payload = tar(files)
        for suite in SUITES:
            dists = folder / "linux" / suite.distribution / "dists" / suite.codename
            for bare in package.versions:
                control = _control(package, package.version(bare, suite), architecture, files)
                add(dists, "stable", control, deb(package, control, payload))


def _files(kind: str) -> Iterator[tuple[str, tuple[bytes, int]]]:
    """The files (content and mode) that Docker's packages take from Debian's of one release."""
    wanted = {source for package in PACKAGES for source in package.files.values()}
    run = ["docker", "run", "--rm", image(kind), "sh", "-c", FETCH, "fetch", *DEBIAN[kind]]
    with tempfile.TemporaryFile() as spool:
        subprocess.run(run, stdout=spool, stderr=subprocess.PIPE, check=True)
        spool.seek(0)
        with tarfile.open(fileobj=spool) as tar:
            for member in tar:
                path = member.name.removeprefix("./")
                content = tar.extractfile(member) if path in wanted else None
                if content is not None:
                    data = content.read()
                    yield path, (_unit(data) if path.startswith(UNITS) else data, member.mode)


def _unit(text: bytes) -> bytes:
    """Debian's unit as Docker has it: programs in /usr/bin, no /etc/default/docker."""
    lines = [line for line in text.splitlines(True) if not line.startswith(b"EnvironmentFile=")]
    return b"".join(lines).replace(b"/usr/sbin/", b"/usr/bin/").replace(b" $DOCKER_OPTS", b"")


def _control(
    package: Package, version: str, architecture: str, files: Mapping[str, tuple[bytes, int]]
) -> dict[str, str]:
    return {
        "Package": package.name,
        "Version": version,
        "Architecture": architecture,
        "Maintainer": "envwright tests <tests@envwright.invalid>",
        "Installed-Size": str(sum(len(data) for data, _ in files.values()) // 1024),
        **package.relations,
        "Section": "admin",
        "Priority": "optional",
        "Description": f"{package.name}, made of Debian's binaries for a test",
    }


def deb(package: Package, control: Mapping[str, str], payload: bytes) -> bytes:
    """A binary package: deb(5)."""
    parts = {"control": (stanza(control).encode(), 0o644)}
    if package.units:
        words = {"units": " ".join(package.units), "service": package.units[0]}
        postinst = CONFIGURE.format(group=package.group, **words)
        parts["postinst"] = (postinst.encode(), 0o755)
        parts["prerm"] = (REMOVE.format(**words).encode(), 0o755)
    if package.conffiles:
        parts["conffiles"] = ("".join(f"/{path}\n" for path in package.conffiles).encode(), 0o644)
    members = {"debian-binary": b"2.0\n", "control.tar.gz": tar(parts), "data.tar.gz": payload}
    written = b"!<arch>\n"
    for name, data in members.items():
        written += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode()
        written += data + b"\n" * (len(data) % 2)
    return written


def tar(files: Mapping[str, tuple[bytes, int]]) -> bytes:
    """A compressed archive of files (content and mode) with the directories above them."""
    out = io.BytesIO()
    parents = {parent for path in files for parent in Path("./", path).parents} - {Path()}
    with (
        gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        for parent in sorted(parents):
            folder = tarfile.TarInfo(f"./{parent}/")
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
        for path, (data, mode) in files.items():
            entry = tarfile.TarInfo(f"./{path}")
            entry.size, entry.mode = len(data), mode
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def add(dists: Path, component: str, control: Mapping[str, str], deb: bytes) -> None:
    """Put a package into the pool of a suite and into the index of a component."""
    name, version, architecture = (control[x] for x in ("Package", "Version", "Architecture"))
    inner = f"pool/{component}/{architecture}/{name}_{version.partition(':')[2] or version}"
    path = dists / f"{inner}_{architecture}.deb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(deb)
    entry = {
        **control,
        "Filename": str(path.relative_to(dists.parent.parent)),
        "Size": str(len(deb)),
        "SHA256": hashlib.sha256(deb).hexdigest(),
    }
    index = dists / component / f"binary-{architecture}" / "Packages"
    index.parent.mkdir(parents=True, exist_ok=True)
    with index.open("a", encoding="utf-8") as lines:
        lines.write(f"{stanza(entry)}\n")


def empty(name: str, architecture: str) -> tuple[Mapping[str, str], bytes]:
    """The control fields of a package without files, and the package."""
    package = Package(name, ("1.0",), {}, {})
    control = _control(package, "1.0", architecture, {})
    return control, deb(package, control, tar({}))


def stanza(fields: Mapping[str, str]) -> str:
    """A paragraph of a control file: deb822(5)."""
    return "".join(f"{name}: {value}\n" for name, value in fields.items())
