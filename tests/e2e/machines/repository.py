"""Docker's apt repository, signed by a key of this run, under its real name and paths."""

from __future__ import annotations

import contextlib
import email.utils
import hashlib
import shutil
import time
from typing import TYPE_CHECKING

from machines.debs import add, empty, pool
from machines.engine import docker
from machines.keyring import Keyring
from machines.packages import ENGINES, SUITES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from machines.server import Server

HOST = "download.docker.com"


class Repository:
    """The published repository.

    Attributes:
        server: what serves it; `server.fault(pattern, kind)` makes it fail.
        fingerprint: of the key that signs, 40 hexadecimal digits.
        key_url: where that key is, as Docker documents it for Debian.
        binary_key_url: where that key is, not armored.
        other_fingerprint: of a key that signs nothing.
        other_key_url: where that key is.
        ca: PEM text of the certificate that machines have to trust.
        versions: of docker-ce, the older first, without epoch and suite: `26.1.4-1`.
    """

    versions = ENGINES

    def __init__(self, server: Server, keys: Path) -> None:
        self.server = server
        self.ca = server.certificate
        self._keys = Keyring(keys)
        self.fingerprint = self._keys.new("Docker Release (CE deb)")
        self.other_fingerprint = self._keys.new("Somebody else")
        self.key_url = f"{self.url('debian')}/gpg"
        self.binary_key_url = f"https://{HOST}/binary.gpg"
        self.other_key_url = f"https://{HOST}/other.gpg"

    def url(self, distribution: str) -> str:
        """The base URL for `debian` or `ubuntu`."""
        return f"https://{HOST}/linux/{distribution}"

    def publish(self) -> None:
        """Put the packages, their signed indexes and the keys where the server finds them."""
        for suite in SUITES:
            made = pool() / "linux" / suite.distribution / "dists" / suite.codename
            dists = self.server.root / HOST / "linux" / suite.distribution / "dists"
            shutil.copytree(
                made, dists / suite.codename, ignore=shutil.ignore_patterns("pool"), symlinks=True
            )
            (dists / suite.codename / "pool").symlink_to(made / "pool")
            self._sign(dists / suite.codename, suite.codename, "stable")
            self.server.put(f"{self.url(suite.distribution)}/gpg", self.exported())
        self.server.put(self.binary_key_url, self._keys.export_binary(self.fingerprint))
        self.server.put(self.other_key_url, self._keys.export(self.other_fingerprint))

    def publish_package(self, url: str, suite: str, name: str) -> None:
        """Publish a repository of one package without files, version 1.0, in the component main."""
        dists = self.server.root / url.removeprefix("https://").rstrip("/") / "dists" / suite
        architecture = docker("version", "--format", "{{.Server.Arch}}")
        add(dists, "main", *empty(name, architecture))
        self._sign(dists, suite, "main")

    def publish_empty(self, url: str, **fields: str) -> None:
        """Publish a flat repository without packages, signed as the others are.

        Args:
            url: its address.
            fields: of its Release, such as `Date`.
        """
        folder = self.server.root / url.removeprefix("https://")
        folder.mkdir(parents=True)
        (folder / "Packages").write_bytes(b"")
        digest = hashlib.sha256(b"").hexdigest()
        now = {"Date": email.utils.formatdate(time.time(), usegmt=True)}
        lines = [f"{name}: {value}" for name, value in {**now, **fields}.items()]
        text = "\n".join((*lines, "SHA256:", f" {digest} 0 Packages", ""))
        (folder / "Release").write_text(text, "utf-8")
        self._keys.sign(self.fingerprint, folder / "Release")

    def sign_otherwise(self, folder: Path) -> None:
        """Sign a Release with the key that signs nothing else, as after a change of keys."""
        self._keys.sign(self.other_fingerprint, folder / "Release")

    def exported(self) -> bytes:
        """Return the key that signs, armored."""
        return self._keys.export(self.fingerprint)

    def other_key(self) -> str:
        """Return the key that signs nothing, armored."""
        return self._keys.export(self.other_fingerprint).decode()

    def close(self) -> None:
        """End the key agent."""
        self._keys.close()

    def _sign(self, folder: Path, codename: str, component: str) -> None:
        indexes = sorted(folder.glob("*/binary-*/Packages"))
        architectures = " ".join(index.parent.name.removeprefix("binary-") for index in indexes)
        lines = [
            "Origin: Docker",
            "Label: Docker CE",
            f"Suite: {codename}",
            f"Codename: {codename}",
            f"Date: {email.utils.formatdate(time.time(), usegmt=True)}",
            f"Architectures: {architectures}",
            f"Components: {component}",
            "SHA256:",
        ]
        for index in indexes:
            data = index.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            lines.append(f" {digest} {len(data)} {index.relative_to(folder)}")
        (folder / "Release").write_text("\n".join((*lines, "")), "utf-8")
        self._keys.sign(self.fingerprint, folder / "Release")


@contextlib.contextmanager
def published(server: Server, keys: Path) -> Iterator[Repository]:
    """Publish the repository on a server; `keys` is a directory of its own for its keys."""
    repository = Repository(server, keys)
    try:
        repository.publish()
        yield repository
    finally:
        repository.close()
