"""Calls of git on a repository of ours, which nothing in the repository can influence."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from envwright.errors import StepError
from envwright.fetch.git_errors import failed, last_lines, unfetched

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SECONDS = 600
"""How long one call may take; a fetch over a slow line is the longest."""
FILE_SIZE = 1 << 30
"""Bytes of the largest file that git may write: a server must not fill the disk."""


class Answer(NamedTuple):
    """How a call ended, and what it wrote."""

    code: int
    out: bytes
    err: str


class Git:
    """A bare repository that is fetched into; the base of those who fetch.

    Args:
        repository: its folder.
        url: where it is fetched from.
    """

    MISSING = ""
    """What a person can do where a program is not installed."""
    BROKEN = ""
    """What a person can do where the repository is broken."""
    HINTS: Mapping[str, str] = {}
    """What a person can do about a fetch that failed, by the words of git; "" for all others."""

    def __init__(self, repository: Path, url: str) -> None:
        self.repository, self.url = repository, url

    def variables(self) -> Mapping[str, str]:
        """Return the environment variables of a call."""
        raise NotImplementedError

    def settings_of_git(self) -> tuple[str, ...]:
        """Return the settings that a call has of its own."""
        return (
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "core.attributesFile=/dev/null",
            "fetch.fsckObjects=true",
            "submodule.recurse=false",
        )

    def create(self, *options: str) -> None:
        """Make the repository; the options are those of git init.

        Raises:
            StepError: it cannot be made.
        """
        self.demand("init", "--quiet", "--bare", "--template=", *options)

    def try_fetch(self, *words: str) -> Answer:
        """Fetch refs, without tags and submodules; the words are options and refspecs."""
        options = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head")
        own = [word for word in words if word.startswith("--")]
        refs = [word for word in words if not word.startswith("--")]
        return self.call("fetch", *options, "--no-auto-maintenance", *own, "--", self.url, *refs)

    def unfetched(self, ref: str, answer: Answer) -> StepError:
        """Return the error of a fetch that failed."""
        return unfetched(f"{self.url} {ref}", answer.err, self.HINTS)

    def import_keys(self, keyring: Path, hint: str) -> None:
        """Have gpg know OpenPGP keys, in the home that the variables name.

        Raises:
            StepError: gpg cannot read them; `hint` says what a person can do.
        """
        answer = self.start("gpg", "--batch", "--no-autostart", "--import", str(keyring))
        if answer.code:
            message = f"gpg cannot read the keys of signers\n{last_lines(answer.err)}"
            raise StepError(message, hint=hint)

    def demand(self, *words: str) -> str:
        """Call git, which must succeed; return what it wrote, without the last line end.

        Raises:
            StepError: git failed.
        """
        answer = self.call(*words)
        if answer.code:
            raise failed(words[0], answer.code, answer.err, self.BROKEN)
        return answer.out.decode("utf-8", "surrogateescape").removesuffix("\n")

    def call(self, *words: str, stdin: bytes = b"") -> Answer:
        """Call git on the repository.

        Raises:
            StepError: git cannot be started, or takes too long.
        """
        settings = [word for setting in self.settings_of_git() for word in ("-c", setting)]
        places = (f"--git-dir={self.repository}", "--no-replace-objects")
        return self.start("git", *places, *settings, *words, stdin=stdin)

    def start(self, *argv: str, stdin: bytes = b"") -> Answer:
        """Run a program with our own environment variables, and end all processes that it started.

        Raises:
            StepError: the program cannot be started, or takes too long.
        """
        env = self.variables()
        if shutil.which(argv[0], path=env["PATH"]) is None:
            raise StepError(f"{argv[0]} is not installed", hint=self.MISSING)
        with _started("prlimit", f"--fsize={FILE_SIZE}", *argv, env=env) as process:
            try:
                out, err = process.communicate(stdin, timeout=SECONDS)
            except subprocess.TimeoutExpired:
                raise StepError(
                    f"{argv[0]} took longer than {SECONDS} s for {self.url}",
                    hint="the next run tries again; check that the server answers",
                ) from None
        return Answer(process.returncode, out, err.decode("utf-8", "replace"))


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
