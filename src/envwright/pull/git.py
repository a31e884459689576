"""Calls of git that neither a repository nor the configuration of a user can influence."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from envwright.errors import RefusedError
from envwright.fetch import git
from envwright.fetch.git_errors import failed
from envwright.fetch.signature import Pinned
from envwright.pull.settings import IDENTITY, KEYRING, KNOWN_HOSTS, SIGNERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from typing_extensions import Self

    from envwright.pull.settings import Settings

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
HOME_PREFIX = "home-"
_HINTS = {
    "couldn't find remote ref": "name a branch or tag that is there: "
    "envwright pull install ... --ref REF",
    "Host key verification failed": "find out why; if the key was changed on purpose, "
    "install again with --known-hosts FILE",
    "Permission denied": "let the deploy key read the repository, or install again "
    "with another --identity FILE",
    "dubious ownership": "give it to root, or serve it by ssh",
    "does not appear to be a git repository": "check the address",
    "not found": "check the address, and who may read it",
    "terminal prompts disabled": "use ssh with a deploy key: --identity FILE --known-hosts FILE",
    "Could not resolve": "is this machine on the network?",
    "Connection refused": "check the address, and the server",
    "Failed to connect": "check the address, and the server",
    "timed out": "is this machine on the network?",
    "certificate": "add its authority to /usr/local/share/ca-certificates and run "
    "update-ca-certificates",
    "fsck error": "find the object in the repository: git fsck",
    "": "the next run tries again",
}
"""What a person can do about a fetch that failed, by the words of git."""


class Git(git.Git):
    """The bare repository that pull mode fetches into, below `state`; a context manager.

    Args:
        settings: what is followed.
        folder: where the keys are that the settings name.
        state: a folder that only root can enter.
    """

    MISSING = "run envwright pull install again, which installs it"
    BROKEN = "start over: envwright pull remove, then envwright pull install"
    HINTS = _HINTS

    def __init__(self, settings: Settings, folder: Path, state: Path) -> None:
        super().__init__(state / "repository.git", settings.url)
        self.settings = settings
        self._folder = folder
        self._state = state
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
                again = "install again: envwright pull install ... --key FILE"
                self.import_keys(self._folder / KEYRING, again)
            if not self.repository.exists():
                self.create()
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

    @property
    def pinned(self) -> Pinned:
        """Whose signatures are good."""
        return Pinned(
            self.settings.ref,
            self._folder / SIGNERS if self.settings.signers else None,
            self.settings.keys,
            "let a pinned signer sign, or pin this one: envwright pull install ... --signers FILE",
        )

    def fetch(self) -> str:
        """Fetch what the ref names now; return the id of the commit or tag.

        Raises:
            StepError: the ref cannot be fetched, or is damaged.
        """
        answer = self.try_fetch(f"+{self.settings.ref}:{self.candidate}")
        if answer.code:
            raise self.unfetched(self.settings.ref, answer)
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
            raise failed("merge-base", answer.code, answer.err, self.BROKEN)
        return answer.code == 0

    def settings_of_git(self) -> tuple[str, ...]:
        """Return the settings of a call: what is pinned, and nothing of a user's."""
        signers = self.pinned.signers or os.devnull
        return (
            *super().settings_of_git(),
            "credential.helper=",
            "protocol.allow=never",
            f"protocol.{self.settings.scheme}.allow=always",
            f"gpg.ssh.allowedSignersFile={signers}",
            # Signers are known by SSH and OpenPGP keys only, never by X.509.
            "gpg.x509.program=false",
        )

    def variables(self) -> Mapping[str, str]:
        """Return the environment variables of a call: our own alone, and the proxies."""
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
