"""Real git repositories with signed commits and tags, for machines to follow."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envwright.pull.settings import KEYRING, SIGNERS

if TYPE_CHECKING:
    from pathlib import Path

    from envwright.pull.settings import Settings

ENVIRONMENT = "box.yaml"
NOBODY: dict[str, str] = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


@dataclass(frozen=True)
class Key:
    """An SSH key that signs; `file` is its private part."""

    file: Path

    @staticmethod
    def new(folder: Path, name: str) -> Key:
        """Make a key of a principal."""
        file = folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
        return Key(file)

    def allowed(self, options: str = "") -> str:
        """The line that allows it, as `<name>@example.com`."""
        public = self.file.with_name(f"{self.file.name}.pub").read_text("utf-8")
        return f"{self.file.name}@example.com {options} {public}".replace("  ", " ")

    @property
    def settings(self) -> tuple[str, ...]:
        """What tells git to sign by it."""
        return ("gpg.format=ssh", f"user.signingKey={self.file}")


@dataclass(frozen=True)
class Repository:
    """A repository with a working tree, on its branch main."""

    folder: Path

    @staticmethod
    def new(folder: Path) -> Repository:
        made = Repository(folder)
        folder.mkdir()
        made.git("init", "--quiet", "--initial-branch=main")
        return made

    @property
    def url(self) -> str:
        return f"file://{self.folder}"

    def git(
        self, *words: str, settings: tuple[str, ...] = (), text: str = "", **variables: str
    ) -> str:
        """Run git in it; return what it wrote, without the last line end."""
        ours = ("user.name=Alice", "user.email=alice@example.com", *settings)
        options = [word for setting in ours for word in ("-c", setting)]
        done = subprocess.run(
            ["git", "-C", self.folder, *options, *words],
            env={**os.environ, **NOBODY, **variables},
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.removesuffix("\n")

    def commit(self, *settings: str, date: str = "", **files: str) -> str:
        """Commit files (`box` is box.yaml), signed if the settings say by what; its id."""
        for name, content in files.items():
            path = self.folder / (ENVIRONMENT if name == "box" else name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, "utf-8")
        self.git("add", "--all")
        sign = "--gpg-sign" if settings else "--no-gpg-sign"
        dates = {"GIT_COMMITTER_DATE": date} if date else {}
        message = ("commit", "--quiet", "--allow-empty", "--message=change", sign)
        self.git(*message, settings=settings, **dates)
        return self.git("rev-parse", "HEAD")

    def tag(self, name: str, *settings: str) -> None:
        """Make an annotated tag of HEAD, signed if the settings say by what."""
        kind = "--sign" if settings else "--annotate"
        self.git("tag", "--force", kind, "--message=tag", name, settings=settings)


@dataclass(frozen=True)
class Follower:
    """The folders of a machine that follows a repository, and what it is set to."""

    folder: Path
    state: Path

    @staticmethod
    def new(folder: Path) -> Follower:
        made = Follower(folder / "etc", folder / "state")
        made.folder.mkdir()
        made.state.mkdir(mode=0o700)
        return made

    def trust(self, *lines: str, keyring: bytes = b"") -> None:
        """Pin signers."""
        (self.folder / SIGNERS).write_text("".join(lines), "utf-8")
        (self.folder / KEYRING).write_bytes(keyring)

    def follow(self, settings: Settings) -> Settings:
        """Set what is followed."""
        (self.folder / "settings.json").write_text(settings.text(), "utf-8")
        return settings
