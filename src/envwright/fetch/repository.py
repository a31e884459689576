"""The repository of a layer: fetched as its user, with the settings and logins that git has here.

Unlike pull mode, which knows no user, a person's own git decides how a server is reached: proxies,
`insteadOf`, credential helpers, keys of ssh and `safe.directory`. What the repository holds has no
say in anything.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from envwright.errors import RefusedError
from envwright.fetch import tree
from envwright.fetch.git import Git
from envwright.fetch.signature import Pinned, judge
from envwright.portable.openpgp import fingerprints
from envwright.spec.bases import ARMOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from typing_extensions import Self

    from envwright.spec.addresses import GitAddress

_OF_A_CALLER = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH"),
    *("GIT_NAMESPACE", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE"),
)
"""Variables that git gives its hooks and aliases: they speak of the repository of the caller."""
_PROTOCOLS = "https:ssh:file"
"""What a URL may come to; `insteadOf` may turn one into the other."""
_FULL = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_REFUSED = ("unadvertised object", "does not support shallow")
"""Of a server that gives commits by the names of branches and tags only (fetch-pack of git), or
that is no more than a web server with the files of a repository (remote-curl of git)."""
_UNKNOWN = "not our ref"
"""Of a server that does not have a commit (upload-pack of git)."""
_SHA256 = 64
"""Digits of a commit's name where names are SHA-256."""
_CANDIDATE = "refs/envwright/candidate"
_ADVICE = "let one of `signers` sign, or add the signer there"
_BY_HAND = "see what git says by hand: git ls-remote URL"
_HINTS = {
    "couldn't find remote ref": "name a branch or tag that is there",
    "Host key verification failed": "connect once by hand, compare the fingerprint and accept it: "
    "ssh HOST",
    "Permission denied": "see whether your key is offered, and may read it: ssh -v HOST",
    "dubious ownership": "if you trust that user: git config --global --add safe.directory FOLDER",
    "does not appear to be a git repository": "check the address",
    "not found": "check the address, and whether your login may read it",
    "terminal prompts disabled": "git has no login for this server: set up a credential helper "
    "(git help credentials), or use git+ssh",
    "Could not resolve": "is this computer on the network? does it take a proxy (https_proxy)?",
    "Connection refused": "check the address, and the server",
    "Failed to connect": "check the address, and the server; does it take a proxy (https_proxy)?",
    "timed out": "is this computer on the network? does it take a proxy (https_proxy)?",
    "certificate": "add the authority of the server or proxy to this computer, or name it to git: "
    "git config --global http.sslCAInfo FILE",
    "fsck error": "the repository holds a damaged object: git fsck finds it there",
    "": _BY_HAND,
}


class Named(NamedTuple):
    """A branch or tag by its whole name, and the commit that it stands for."""

    ref: str
    commit: str


class Repository(Git):
    """A bare repository that holds one commit of a layer's repository.

    Args:
        folder: where it is made.
        address: what is fetched.
    """

    MISSING = "install git: apt-get install git"
    BROKEN = _BY_HAND
    HINTS = _HINTS

    def __init__(self, folder: Path, address: GitAddress) -> None:
        super().__init__(folder / "repository.git", address.url)
        self._address = address
        self._signers, self._keyring = folder / "signers", folder / "keys.asc"
        self._home = folder / "gnupg"
        armored = [text for text in address.signers if text.startswith(ARMOR)]
        keys = "\n".join(armored)
        self._keys = fingerprints(keys.encode()) if keys else ()
        lines = (f"{line}\n" for line in address.signers if line not in armored)
        self._signers.write_text("".join(lines), "utf-8")
        self._keyring.write_text(keys, "utf-8")
        self._home.mkdir(mode=0o700)
        self._judging = False

    @classmethod
    @contextlib.contextmanager
    def new(cls, address: GitAddress, commit: str = "") -> Iterator[Self]:
        """Make a repository for a commit; it is removed at the end of the context."""
        with tempfile.TemporaryDirectory(prefix="envwright-layer-") as folder:
            made = cls(Path(folder), address)
            # A repository whose names are SHA-256 gives nothing to one whose names are SHA-1.
            made.create(*(["--object-format=sha256"] if len(commit) == _SHA256 else []))
            yield made

    def variables(self) -> Mapping[str, str]:
        """Return the variables of the person, without those of a git that called envwright."""
        own = {name: text for name, text in os.environ.items() if name not in _OF_A_CALLER}
        ours = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": _PROTOCOLS}
        # While it fetches, a person's credential helper may need the keys of that person.
        home = {"GNUPGHOME": str(self._home)} if self._judging else {}
        return {"PATH": os.defpath, **own, **ours, **home}

    def settings_of_git(self) -> tuple[str, ...]:
        """Return the settings of a call: whose signatures are good."""
        return (
            *super().settings_of_git(),
            f"gpg.ssh.allowedSignersFile={self._signers}",
            # A person may sign by another program, which need not know how to verify.
            "gpg.ssh.program=ssh-keygen",
            "gpg.program=gpg",
            # Signers are known by SSH and OpenPGP keys only, never by X.509.
            "gpg.x509.program=false",
        )

    def fetch(self, commit: str) -> None:
        """Fetch a commit by its name, without its history where the server can leave that out.

        Raises:
            StepError: it cannot be fetched.
            RefusedError: the repository has no such commit.
        """
        answer = self.try_fetch("--depth=1", commit)
        if answer.code and any(words in answer.err for words in _REFUSED):
            answer = self.try_fetch(*_FULL)
        if answer.code and _UNKNOWN not in answer.err:
            raise self.unfetched(commit[:12], answer)
        if answer.code or self.call("cat-file", "-t", commit).out != b"commit\n":
            raise RefusedError(
                f"{self.url} has no commit {commit}",
                hint="was it pushed? was a branch rewritten? name one that git ls-remote or git "
                "log shows",
            )

    def resolve(self, ref: str) -> Named:
        """Return the branch or tag of a name, with the commit that it stands for now.

        Raises:
            StepError: the repository cannot be asked.
            RefusedError: it has no such branch or tag.
        """
        whole = ref == "HEAD" or ref.startswith("refs/")
        branches = () if whole else (f"refs/heads/{ref}",)
        # Of a tag that is an object, the name with ^{} is the commit (git ls-remote).
        others = tuple(f"{ref if whole else f'refs/tags/{ref}'}{end}" for end in ("^{}", ""))
        answer = self.call("ls-remote", "--", self.url, *others, *branches)
        if answer.code:
            raise self.unfetched(ref, answer)
        lines = (line.split("\t") for line in answer.out.decode("utf-8", "replace").splitlines())
        found = {name: commit for commit, name in lines}
        names = [name for name in (*others, *branches) if name in found]
        if not names:
            raise RefusedError(
                f"{self.url} has no branch or tag {ref}",
                hint="git ls-remote lists those that there are",
            )
        if branches and {others[-1], *branches} <= found.keys():
            raise RefusedError(
                f"{self.url} has both a branch and a tag {ref}",
                hint=f"name the one that you mean: refs/heads/{ref} or refs/tags/{ref}",
            )
        return Named(names[0].removesuffix("^{}"), found[names[0]])

    def write(self, commit: str, folder: Path) -> None:
        """Fetch a commit and write its files into an empty folder.

        Raises:
            StepError, RefusedError: it cannot be fetched, or its files cannot be written.
        """
        self.fetch(commit)
        if self._address.signers:
            self._verify(commit)
        tree.write(self, commit, folder)

    def _verify(self, commit: str) -> None:
        """Refuse a commit that no signer stands for, by the tag that names it or by itself."""
        ref, name = self._address.ref, commit
        if not self._address.pinned:
            answer = self.try_fetch("--depth=1", f"+{self.resolve(ref).ref}:{_CANDIDATE}")
            if answer.code:
                raise self.unfetched(ref, answer)
            name = self.demand("rev-parse", "--verify", _CANDIDATE)
        self._judging = True
        if self._keys:
            self.import_keys(self._keyring, "let the signer export the key again")
        signed = judge(self, name, Pinned(ref, self._signers, self._keys, _ADVICE))
        if signed.id != commit:
            raise RefusedError(
                f"{self.url} {ref}: it stands for commit {signed.id[:12]} now, not for "
                f"{commit[:12]}, so nobody has signed that",
                hint="`envwright lock --upgrade` takes what is signed now",
            )
