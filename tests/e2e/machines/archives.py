"""Archives as publishers make them, and as nobody should."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from machines.server import Server

SITE = "https://files.envwright.test/content"
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "": bytes,
}
GREET = b'#!/bin/sh\necho "hello, $1"\n'


def file(name: str, content: bytes = GREET, mode: int = 0o755) -> tuple[tarfile.TarInfo, bytes]:
    """A member that is a file."""
    member = tarfile.TarInfo(name)
    member.mode, member.size, member.uid, member.gid = mode, len(content), 1000, 1000
    return member, content


def other(name: str, kind: bytes, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    """A member that is no file: a link, a device, a pipe."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


def tar(members: Iterable[tuple[tarfile.TarInfo, bytes]], kind: str = "gz") -> bytes:
    """A tar archive; `kind` is the compression: gz, xz, bz2, or "" for none."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for member, content in members:
            archive.addfile(member, io.BytesIO(content))
    return COMPRESS[kind](data.getvalue())


def zipped(files: dict[str, bytes], mode: int = 0o100755) -> bytes:
    """A zip archive whose members all have one mode."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            archive.writestr(member, content)
    return data.getvalue()


def publish(server: Server, file_name: str, data: bytes) -> str:
    """Serve a file; return its SHA-256."""
    server.put(f"{SITE}/{file_name}", data)
    return hashlib.sha256(data).hexdigest()


def publish_all(server: Server) -> str:
    """Serve what environments/content.yaml names; return the SHA-256 of the single program."""
    greet = tar(
        [
            file("greet-1.0/bin/greet"),
            other("greet-1.0/bin/again", tarfile.SYMTYPE, "../bin/greet"),
            other("greet-1.0/bin/hard", tarfile.LNKTYPE, "greet-1.0/bin/greet"),
            file("greet-1.0/README", b"read me\n", 0o644),
        ]
    )
    digits = publish(server, "greet-amd64.tar.gz", greet)
    publish(server, "SHA256SUMS", f"{digits} *greet-amd64.tar.gz\n".encode())
    server.put("https://files.envwright.test/mirror/single", GREET)
    return publish(server, "single", b"an error page\n") and hashlib.sha256(GREET).hexdigest()
