"""OpenPGP keys of one run, in a directory of their own: what signs repositories."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Keyring:
    """Keys without passphrases, good for two days; `folder` is made where it is missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, exist_ok=True)

    def new(self, name: str) -> str:
        """Make a key that signs; return its fingerprint, 40 hexadecimal digits."""
        secret = ("--pinentry-mode", "loopback", "--passphrase", "")
        self._gpg(*secret, "--quick-generate-key", name, "ed25519", "sign", "2d")
        listed = self._gpg("--with-colons", "--list-keys", f"={name}").decode()
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))

    def export(self, fingerprint: str) -> bytes:
        """Return a public key, armored."""
        return self._gpg("--armor", "--export", fingerprint)

    def export_binary(self, fingerprint: str) -> bytes:
        """Return a public key, binary."""
        return self._gpg("--export", fingerprint)

    def sign(self, fingerprint: str, release: Path) -> None:
        """Write InRelease beside a Release."""
        output = ("--output", str(release.with_name("InRelease")))
        self._gpg("--local-user", fingerprint, *output, "--yes", "--clearsign", str(release))

    def close(self) -> None:
        """End the key agent, which gpg starts as a daemon."""
        subprocess.run(["gpgconf", "--homedir", self._folder, "--kill", "all"], check=True)

    def _gpg(self, *arguments: str) -> bytes:
        argv = ["gpg", "--homedir", str(self._folder), "--quiet", "--batch", *arguments]
        return subprocess.run(argv, check=True, capture_output=True).stdout
