"""Calls of git that neither a repository nor the configuration of a user can influence."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envwright.errors import RefusedError, StepError
from envwright.pull.git_errors import failed, last_lines, unfetched
from envwright.pull.settings import IDENTITY, KEYRING, KNOWN_HOSTS, SIGNERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from envwright.pull.settings import Settings

SECONDS = 600
"""How long one call may take; a fetch over a slow line is the longest."""
FILE_SIZE = 1 << 30
"""Bytes of the largest file that git may write: a server must not fill the disk."""
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
HOME_PREFIX = "home-"


class Answer(NamedTuple):
    """How a call ended, and what it wrote."""

    code: int
    out: bytes
    err: str


class Git:
    """The bare repository that pull mode fetches into, below `state`; a context manager.

    Args:
        settings: what is followed.
        folder: where the keys are that the settings name.
        state: a folder that only root can enter.
    """

    def __init__(self, settings: Settings, folder: Path, state: Path) -> None:
        self.settings = settings
        self._folder = folder
        self._state = state
        self._repository = state / "repository.git"
        self.home = Path()
        # What was accepted of one address and ref says nothing of another.
        known = hashlib.sha256(f"{settings.url}\0{settings.ref}".encode()).hexdigest()[:16]
        self.candidate, self.accepted = (
            f"refs/envwright/{known}/{name}" for name in ("candidate", "accepted")
        )

    def __enter__(self) -> Self:
        """Make a home folder with the pinned keys, and the repository if there is none.

        Raises:
            StepError: either cannot be made.
        """
        self.home = Path(tempfile.mkdtemp(prefix=HOME_PREFIX, dir=self._state))
        try:
            if self.settings.keys:
                self._import_keys()
            if not self._repository.exists():
                self.demand("init", "--quiet", "--bare", "--template=")
        except BaseException:
            shutil.rmtree(self.home)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # The agent that gpg may have started ends by itself, and may be at that now.
        shutil.rmtree(self.home, ignore_errors=True)

    def fetch(self) -> str:
        """Fetch what the ref names now; return the id of the commit or tag.

        Raises:
            StepError: the ref cannot be fetched, or is damaged.
        """
        options = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
        refspec = f"+{self.settings.ref}:{self.candidate}"
        address = (self.settings.url, refspec)
        answer = self.call("fetch", *options, "--no-auto-maintenance", "--", *address)
        if answer.code:
            raise unfetched(f"{self.settings.url} {self.settings.ref}", answer.err)
        return self.demand("rev-parse", "--verify", self.candidate)

    def accept(self, commit: str) -> None:
        """Remember a commit as the last one that was accepted.

        Raises:
            RefusedError: the commit does not come after the last one: it would be a step back.
        """
        answer = self.call("rev-parse", "--verify", "--quiet", self.accepted)
        before = answer.out.decode().strip()
        if before and not self._comes_after(commit, before):
            words = "is older than" if self._comes_after(before, commit) else "does not come after"
            raise RefusedError(
                f"{self.settings.url} {self.settings.ref}: commit {commit[:12]} {words} "
                f"{before[:12]}, which was accepted before",
                hint="go back by a new commit (git revert); where the history was rewritten on "
                "purpose, start over: envwright pull remove, then envwright pull install",
            )
        self.demand("update-ref", self.accepted, commit)

    def _comes_after(self, commit: str, before: str) -> bool:
        answer = self.call("merge-base", "--is-ancestor", before, commit)
        if answer.code not in {0, 1}:
            raise failed("merge-base", answer.code, answer.err)
        return answer.code == 0

    def demand(self, *words: str) -> str:
        """Call git, which must succeed; return what it wrote, without the last line end.

        Raises:
            StepError: git failed.
        """
        answer = self.call(*words)
        if answer.code:
            raise failed(words[0], answer.code, answer.err)
        return answer.out.decode("utf-8", "surrogateescape").removesuffix("\n")

    def call(self, *words: str, stdin: bytes = b"") -> Answer:
        """Call git on the repository.

        Raises:
            StepError: git cannot be started, or takes too long.
        """
        settings = [word for setting in self._settings() for word in ("-c", setting)]
        places = (f"--git-dir={self._repository}", "--no-replace-objects")
        return self.start("git", *places, *settings, *words, stdin=stdin)

    def _settings(self) -> tuple[str, ...]:
        signers = self._folder / SIGNERS if self.settings.signers else Path(os.devnull)
        return (
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "core.attributesFile=/dev/null",
            "credential.helper=",
            "fetch.fsckObjects=true",
            "submodule.recurse=false",
            "protocol.allow=never",
            f"protocol.{self.settings.scheme}.allow=always",
            f"gpg.ssh.allowedSignersFile={signers}",
            # Signers are known by SSH and OpenPGP keys only, never by X.509.
            "gpg.x509.program=false",
        )

    def start(self, *argv: str, stdin: bytes = b"") -> Answer:
        """Run a program with our own environment variables, and end all processes that it started.

        Raises:
            StepError: the program cannot be started, or takes too long.
        """
        if shutil.which(argv[0], path=PATH) is None:
            raise StepError(
                f"{argv[0]} is not installed",
                hint="run envwright pull install again, which installs it",
            )
        with _started("prlimit", f"--fsize={FILE_SIZE}", *argv, env=self._environment()) as process:
            try:
                out, err = process.communicate(stdin, timeout=SECONDS)
            except subprocess.TimeoutExpired:
                raise StepError(
                    f"{argv[0]} took longer than {SECONDS} s for {self.settings.url}",
                    hint="the next run tries again; check that the server answers",
                ) from None
        return Answer(process.returncode, out, err.decode("utf-8", "replace"))

    def _environment(self) -> dict[str, str]:
        ssh = shlex.join(_ssh(self._folder))
        ours = {
            "PATH": PATH,
            "LC_ALL": "C",
            "HOME": str(self.home),
            "GNUPGHOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "false",
            "GIT_ALLOW_PROTOCOL": self.settings.scheme,
            "GIT_SSH_COMMAND": ssh,
            "GIT_SSH_VARIANT": "ssh",
        }
        names = {*PROXIES, *map(str.upper, PROXIES)} & os.environ.keys()
        return {**{name: os.environ[name] for name in names}, **ours}

    def _import_keys(self) -> None:
        words = ("--batch", "--no-autostart", "--import")
        answer = self.start("gpg", *words, str(self._folder / KEYRING))
        if answer.code:
            raise StepError(
                f"gpg cannot read the keys of pull mode\n{last_lines(answer.err)}",
                hint="install again: envwright pull install ... --key FILE",
            )


@contextlib.contextmanager
def _started(*argv: str, env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program; at the end of the context, the program and its children are over."""
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            argv, env=env, cwd="/", stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        )
    except OSError as error:
        raise StepError(f"{argv[0]} cannot be started: {error.strerror}") from None
    with process:
        try:
            yield process
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def _ssh(folder: Path) -> tuple[str, ...]:
    """Return the call of ssh: the deploy key, the pinned host key, and no configuration file."""
    settings = {
        "IdentityFile": f'"{folder / IDENTITY}"',
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "UserKnownHostsFile": f'"{folder / KNOWN_HOSTS}"',
        "GlobalKnownHostsFile": os.devnull,
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "BatchMode": "yes",
        "ConnectTimeout": "30",
        "ClearAllForwardings": "yes",
    }
    options = (word for name, value in settings.items() for word in ("-o", f"{name}={value}"))
    return ("ssh", "-F", "none", *options)
